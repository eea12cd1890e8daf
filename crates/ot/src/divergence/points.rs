//! From derivatives in the entries of the cost to derivatives in the points.

use crate::DifferentiableCost;
use chreode_core::Real;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The points in `f64`, row by row in memory.
pub(crate) fn contiguous<T: Real>(points: ArrayView2<'_, T>) -> Array2<f64> {
    Array2::from_shape_vec(points.dim(), points.iter().map(|v| Real::to_f64(*v)).collect())
        .expect("as many numbers")
}

/// `Σ_j W_ij ∂₁c(x_i, y_j)` for each `i`, and `Σ_i W_ij ∂₂c(x_i, y_j)` for each `j`.
type PointGradient = (Array2<f64>, Array2<f64>);

/// The gradient in both clouds of a function with derivative `W_ij` in the cost `c(x_i, y_j)`.
///
/// `row(i, buffer, out)` writes row `i` of W to `out`. Blocks of rows in parallel, of a size that depends
/// on their number alone, and their sums added in order.
pub(crate) fn point_gradient<C: DifferentiableCost>(
    cost: &C,
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    row: impl Fn(usize, &mut Vec<f64>, &mut Vec<f64>) + Sync,
) -> PointGradient {
    let ((n, d), m) = (x.dim(), y.nrows());
    let block = n.div_ceil(32).max(64);
    let mut dx = Array2::zeros((n, d));
    let parts: Vec<Array2<f64>> = dx
        .axis_chunks_iter_mut(Axis(0), block)
        .into_par_iter()
        .enumerate()
        .map(|(part, mut dx)| {
            let mut dy = Array2::<f64>::zeros((m, d));
            let (mut buffer, mut w, mut slope) = (Vec::new(), Vec::new(), vec![0.0; d]);
            for (k, mut dx) in dx.rows_mut().into_iter().enumerate() {
                let i = part * block + k;
                row(i, &mut buffer, &mut w);
                let x = x.row(i);
                let x = x.to_slice().expect("contiguous");
                for ((y, mut dy), &w) in y.rows().into_iter().zip(dy.rows_mut()).zip(&w) {
                    if w == 0.0 {
                        continue;
                    }
                    let y = y.to_slice().expect("contiguous");
                    cost.gradient(x, y, &mut slope);
                    dx.iter_mut().zip(&slope).for_each(|(dx, s)| *dx += w * s);
                    cost.target_gradient(x, y, &mut slope);
                    dy.iter_mut().zip(&slope).for_each(|(dy, s)| *dy += w * s);
                }
            }
            dy
        })
        .collect();
    let mut dy = Array2::zeros((m, d));
    parts.iter().for_each(|part| dy += part);
    (dx, dy)
}
