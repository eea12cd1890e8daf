//! A geometry with one more point a side, for mass that comes from nowhere or goes there.

use crate::Geometry;
use std::ops::Range;

/// The costs of `geometry`, a last column `leave` and a last row `make`, which end in the same `corner`.
pub(crate) struct Dummies<'g, G: ?Sized> {
    pub(crate) geometry: &'g G,
    pub(crate) leave: Vec<f64>,
    pub(crate) make: Vec<f64>,
    pub(crate) corner: f64,
}

impl<G: Geometry + ?Sized> Geometry for Dummies<'_, G> {
    fn shape(&self) -> (usize, usize) {
        (self.leave.len() + 1, self.make.len() + 1)
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let (n, m) = (self.leave.len(), self.make.len());
        if columns.end <= m {
            return if row < n { self.geometry.costs(row, columns, buffer) } else { &self.make[columns] };
        }
        let real = columns.start.min(m)..m;
        let mut inner = Vec::new();
        buffer.clear();
        buffer.extend_from_slice(match row {
            row if row < n && !real.is_empty() => self.geometry.costs(row, real, &mut inner),
            row if row < n => &[],
            _ => &self.make[real],
        });
        buffer.push(if row < n { self.leave[row] } else { self.corner });
        buffer
    }
}
