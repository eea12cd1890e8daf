//! Ground costs between points, and matrices of them.

mod cosine;
mod dot;
mod euclidean;
mod lp;
mod row;

pub use cosine::Cosine;
pub use dot::NegativeDot;
pub use euclidean::{Euclidean, SquaredEuclidean};
pub use lp::{Lp, LpPower};

use crate::{Geometry, OtError, PointCloud};
use chreode_core::Real;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a matrix that one task computes.
const ROWS: usize = 16;
/// Columns it computes at a time: their points stay in cache for all its rows.
const COLUMNS: usize = 512;

/// The cost c(x, y) of moving a unit of mass from `x` to `y`.
///
/// One method is required; a closure `Fn(&[f64], &[f64]) -> f64` is a cost too.
///
/// ```
/// use chreode_ot::CostFunction;
///
/// struct Manhattan;
/// impl CostFunction for Manhattan {
///     fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
///         x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum()
///     }
/// }
/// assert_eq!(Manhattan.cost(&[0.0, 1.0], &[2.0, 0.0]), 3.0);
/// ```
pub trait CostFunction: Sync {
    /// `c(x, y)`; `+∞` forbids the move.
    fn cost(&self, x: &[f64], y: &[f64]) -> f64;

    /// `out[j] = c(x, y_j)` for the points `y_j`, given by coordinate: `columns[k][j]` is coordinate
    /// `k` of point `j`. Override it where a loop over the points vectorises.
    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        let mut y = vec![0.0; x.len()];
        for (j, out) in out.iter_mut().enumerate() {
            for (y, column) in y.iter_mut().zip(columns) {
                *y = column[j];
            }
            *out = self.cost(x, &y);
        }
    }

    /// All costs between the rows of `x` and the rows of `y`, in `f64`.
    ///
    /// Rows are computed in parallel, each in a fixed order of operations.
    ///
    /// # Errors
    /// An empty side, different numbers of columns, a coordinate that is not finite, or a cost that is NaN or −∞.
    fn matrix<T: Real>(&self, x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<Array2<f64>, OtError>
    where
        Self: Sized,
    {
        let mut costs = Array2::zeros((x.nrows(), y.nrows()));
        self.matrix_into(x, y, costs.view_mut())?;
        Ok(costs)
    }

    /// The same into memory that exists. In a loop over batches it spares the system to find fresh memory each time,
    /// which for few coordinates takes longer than the costs.
    ///
    /// # Errors
    /// As [`matrix`](Self::matrix), and [`OtError::Shape`] for an `out` of another shape. What `out` then holds is not said.
    fn matrix_into<T: Real>(
        &self,
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        mut out: ArrayViewMut2<'_, f64>,
    ) -> Result<(), OtError>
    where
        Self: Sized,
    {
        let cloud = PointCloud::new(x, y, self)?;
        let (n, m) = cloud.shape();
        for (what, expected, found) in [
            ("the first axis of the output", n, out.nrows()),
            ("the second axis of the output", m, out.ncols()),
        ] {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        if !out.is_standard_layout() {
            out.assign(&self.matrix(x, y)?);
            return Ok(());
        }
        let flat = out.as_slice_mut().expect("a standard layout");
        fill(flat, m, &|row, columns, out| cloud.costs_into(row, columns, out))
    }
}

/// Writes the costs of a row to some columns.
type CostsInto<'c> = dyn Fn(usize, Range<usize>, &mut [f64]) + Sync + 'c;

/// Blocks of rows and columns of a matrix, in parallel, by a function of row and columns; compiled once for all costs.
fn fill(flat: &mut [f64], m: usize, costs_into: &CostsInto<'_>) -> Result<(), OtError> {
    flat.par_chunks_mut(ROWS * m).enumerate().try_for_each(|(block, rows)| {
        for start in (0..m).step_by(COLUMNS) {
            let end = (start + COLUMNS).min(m);
            for (row, out) in rows.chunks_mut(m).enumerate() {
                let (row, out) = (block * ROWS + row, &mut out[start..end]);
                costs_into(row, start..end, out);
                if !row::all_numbers(out) {
                    let bad = |c: &f64| c.is_nan() || *c == f64::NEG_INFINITY;
                    let column = out.iter().position(bad).expect("one is not a number or +∞");
                    return Err(OtError::BadCost { row, column: start + column, value: out[column] });
                }
            }
        }
        Ok(())
    })
}

impl<F: Fn(&[f64], &[f64]) -> f64 + Sync> CostFunction for F {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        self(x, y)
    }
}
