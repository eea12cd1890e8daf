//! Two clouds of points and a cost function: costs when asked for.

use super::Geometry;
use crate::{CostFunction, OtError};
use chreode_core::Real;
use ndarray::ArrayView2;
use std::ops::Range;

/// Costs between two clouds of points, computed when asked for: memory O((n + m) d).
///
/// Holds its own copy of the points, in `f64`, the targets by coordinate.
#[derive(Clone, Debug)]
pub struct PointCloud<'c, C> {
    x: Vec<f64>,
    y: Vec<f64>,
    shape: (usize, usize),
    width: usize,
    cost: &'c C,
}

impl<'c, C: CostFunction> PointCloud<'c, C> {
    /// The costs `cost(x_i, y_j)` between the rows of `x` and the rows of `y`.
    ///
    /// # Errors
    /// An empty side, different numbers of columns, or a coordinate that is not finite.
    pub fn new<T: Real>(x: ArrayView2<'_, T>, y: ArrayView2<'_, T>, cost: &'c C) -> Result<Self, OtError> {
        for (side, points) in [("source", &x), ("target", &y)] {
            if points.nrows() == 0 {
                return Err(OtError::Empty { side });
            }
            if let Some(((row, column), value)) = points.indexed_iter().find(|(_, v)| !v.is_finite()) {
                return Err(OtError::BadPoint { side, row, column, value: Real::to_f64(*value) });
            }
        }
        if x.ncols() != y.ncols() {
            return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: y.ncols() });
        }
        Ok(Self {
            x: x.iter().map(|v| Real::to_f64(*v)).collect(),
            y: y.t().iter().map(|v| Real::to_f64(*v)).collect(),
            shape: (x.nrows(), y.nrows()),
            width: x.ncols(),
            cost,
        })
    }

    /// `out[j - columns.start] = cost(x_row, y_j)` for `j` in `columns`.
    pub(crate) fn costs_into(&self, row: usize, columns: Range<usize>, out: &mut [f64]) {
        let m = self.shape.1;
        let x = &self.x[row * self.width..(row + 1) * self.width];
        let y: Vec<&[f64]> =
            (0..self.width).map(|k| &self.y[k * m + columns.start..k * m + columns.end]).collect();
        self.cost.row(x, &y, out);
    }
}

impl<C: CostFunction> Geometry for PointCloud<'_, C> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        buffer.resize(columns.len(), 0.0);
        self.costs_into(row, columns, buffer);
        buffer
    }
}
