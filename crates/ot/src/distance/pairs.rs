//! Means over all pairs of points.

use crate::{CostFunction, Euclidean, OtError, PointCloud, SquaredEuclidean};
use chreode_core::Real;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// `1/(nm) Σ_ij h(|x_i - y_j|²)`, for an `h` that sums over a slice of squared distances.
///
/// Rows in parallel, their sums added in order.
pub(super) fn mean<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    sum: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<f64, OtError> {
    mean_of(x, y, &SquaredEuclidean, sum)
}

/// `1/(nm) Σ_ij |x_i - y_j|`.
pub(super) fn mean_distance<T: Real>(x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<f64, OtError> {
    mean_of(x, y, &Euclidean, |row| lanes(row, |d| d))
}

fn mean_of<T: Real, C: CostFunction>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    cost: &C,
    sum: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<f64, OtError> {
    let cloud = PointCloud::new(x, y, cost)?;
    let (n, m) = (x.nrows(), y.nrows());
    let rows: Vec<f64> = (0..n)
        .into_par_iter()
        .map_init(
            || vec![0.0; m],
            |buffer, row| {
                cloud.costs_into(row, 0..m, buffer);
                sum(buffer) / m as f64
            },
        )
        .collect();
    Ok(rows.iter().sum::<f64>() / n as f64)
}

/// `Σ h(d)`, in eight partial sums of a fixed order.
#[inline]
pub(super) fn lanes(values: &[f64], h: impl Fn(f64) -> f64) -> f64 {
    pulp::Arch::new().dispatch(Lanes { values, h })
}

/// A sum over a slice, compiled for the vector instructions that the machine has.
struct Lanes<'v, H> {
    values: &'v [f64],
    h: H,
}

impl<H: Fn(f64) -> f64> pulp::WithSimd for Lanes<'_, H> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let Self { values, h } = self;
        let mut sums = [0.0; 8];
        let chunks = values.chunks_exact(8);
        let rest: f64 = chunks.remainder().iter().map(|&d| h(d)).sum();
        for chunk in chunks {
            for k in 0..8 {
                sums[k] += h(chunk[k]);
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}
