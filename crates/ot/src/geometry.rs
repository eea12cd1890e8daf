//! Where costs come from: a matrix, or two clouds of points and a cost function.

use crate::{CostFunction, Moves, OtError};
use chreode_core::Real;
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// All that a solver may ask of the costs between `n` source and `m` target points.
///
/// A solver reads costs a piece of a row at a time and keeps the pieces it needs, so a geometry may
/// compute them on demand ([`PointCloud`]) and the `n × m` matrix need not exist.
pub trait Geometry: Sync {
    /// `(n, m)`.
    fn shape(&self) -> (usize, usize);

    /// The costs from source point `row` to the target points `columns`.
    ///
    /// `buffer` is memory to write them to where they do not lie in memory already.
    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64];

    /// One cost.
    fn cost(&self, row: usize, column: usize) -> f64 {
        self.costs(row, column..column + 1, &mut Vec::new())[0]
    }

    /// All costs from source point `row`, or a list of the few allowed moves where there is one: then for every row.
    fn moves<'g: 'b, 'b>(&'g self, row: usize, buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        Moves::All(self.costs(row, 0..self.shape().1, buffer))
    }
}

impl Geometry for ArrayView2<'_, f64> {
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        if self.strides()[1] == 1
            && let Some(flat) = self.as_slice()
        {
            let start = row * self.ncols();
            return &flat[start + columns.start..start + columns.end];
        }
        buffer.clear();
        buffer.extend(columns.map(|column| self[[row, column]]));
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self[[row, column]]
    }
}

impl Geometry for Array2<f64> {
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        match self.as_slice() {
            Some(flat) => {
                let start = row * self.ncols();
                &flat[start + columns.start..start + columns.end]
            }
            None => {
                buffer.clear();
                buffer.extend(columns.map(|column| self[[row, column]]));
                buffer
            }
        }
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self[[row, column]]
    }
}

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
