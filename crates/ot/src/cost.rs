//! Ground costs between points, and matrices of them.

use crate::OtError;
use chreode_core::Real;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

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
        let cloud = crate::PointCloud::new(x, y, self)?;
        let (n, m) = (x.nrows(), y.nrows());
        let mut costs = Array2::zeros((n, m));
        let flat = costs.as_slice_mut().expect("a new array is contiguous");
        flat.par_chunks_mut(m).enumerate().try_for_each(|(row, out)| {
            cloud.costs_into(row, 0..m, out);
            match out.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
                Some(column) => Err(OtError::BadCost { row, column, value: out[column] }),
                None => Ok(()),
            }
        })?;
        Ok(costs)
    }
}

impl<F: Fn(&[f64], &[f64]) -> f64 + Sync> CostFunction for F {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        self(x, y)
    }
}

/// `|x − y|²`, the cost of W₂. From differences, so it is never negative and never cancels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredEuclidean;

impl CostFunction for SquaredEuclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum()
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        squares(x, columns, out);
    }
}

/// `|x − y|`, the cost of W₁.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Euclidean;

impl CostFunction for Euclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        SquaredEuclidean.cost(x, y).sqrt()
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        squares(x, columns, out);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || out.iter_mut().for_each(|c| *c = c.sqrt()),
        );
    }
}

/// Squared distances from `x`, one coordinate at a time over a block of points that stays in cache.
fn squares(x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
    const BLOCK: usize = 512;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (block, out) in out.chunks_mut(BLOCK).enumerate() {
                out.fill(0.0);
                let start = block * BLOCK;
                for (&x, column) in x.iter().zip(columns) {
                    let column = &column[start..start + out.len()];
                    for (out, &y) in out.iter_mut().zip(column) {
                        let difference = x - y;
                        *out += difference * difference;
                    }
                }
            }
        },
    );
}
