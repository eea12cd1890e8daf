//! Sums of a radial kernel over a cloud, with their gradient.

use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;

/// A kernel of the squared distance s.
pub(super) trait Kernel: Sync {
    /// `k(s)` and `k'(s)`.
    fn value_and_slope(&self, square: f64) -> (f64, f64);
}

/// `u(z) = Σ_j w_j k(|z − p_j|²)` and its gradient at the rows `z` of `at`, each in a fixed order of operations.
pub(super) fn field(
    at: &Array2<f64>,
    points: &Array2<f64>,
    weights: &Array1<f64>,
    kernel: &impl Kernel,
) -> (Array1<f64>, Array2<f64>) {
    let (n, d) = at.dim();
    let rows: Vec<(f64, Vec<f64>)> = (0..n)
        .into_par_iter()
        .map(|i| {
            let z = at.row(i);
            let (mut sum, mut gradient) = (0.0, vec![0.0; d]);
            for (p, &w) in points.rows().into_iter().zip(weights) {
                let square: f64 = z.iter().zip(p).map(|(z, p)| (z - p) * (z - p)).sum();
                let (value, slope) = kernel.value_and_slope(square);
                sum += w * value;
                let scale = 2.0 * w * slope;
                gradient.iter_mut().zip(z.iter().zip(p)).for_each(|(g, (z, p))| *g += scale * (z - p));
            }
            (sum, gradient)
        })
        .collect();
    let mut gradients = Array2::zeros((n, d));
    gradients.rows_mut().into_iter().zip(&rows).for_each(|(mut g, row)| g.assign(&ArrayView1::from(&row.1)));
    (rows.iter().map(|row| row.0).collect(), gradients)
}
