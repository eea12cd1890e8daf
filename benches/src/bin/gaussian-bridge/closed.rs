//! The closed form.

use anyhow::{Context, Result};
use ndarray::{Array2, Axis};

/// The means of the two ends are minus and plus this, in every coordinate.
pub(crate) const SHIFT: f64 = 0.1;

/// Mean and variance of a coordinate of the bridge of diffusion 1 at time `t`.
fn marginal(t: f64) -> (f64, f64) {
    ((2.0 * t - 1.0) * SHIFT, t * (1.0 - t) * 5.0_f64.sqrt() + (1.0 - t) * (1.0 - t) + t * t)
}

/// `KL(N(m, Σ) | q_t)` with the mean m and the covariance Σ of the points:
/// `½ (tr Σ/v + |m − μ|²/v − d + d log v − log det Σ)`.
pub(crate) fn divergence(points: &Array2<f32>, t: f64) -> Result<f64> {
    let (mean, variance) = marginal(t);
    let wide = points.mapv(f64::from);
    let (n, d) = (wide.nrows() as f64, wide.ncols() as f64);
    let centre = wide.mean_axis(Axis(0)).context("no points")?;
    let centred = wide - &centre;
    let covariance = centred.t().dot(&centred) / n;
    let offset: f64 = centre.iter().map(|m| (m - mean) * (m - mean)).sum();
    let trace = covariance.diag().sum();
    let log_determinant = log_determinant(covariance).context("the points lie in a plane")?;
    Ok(0.5 * ((trace + offset) / variance - d + d * variance.ln() - log_determinant))
}

/// `log det` of a positive definite matrix, by Cholesky's factors; `None` of another.
fn log_determinant(mut a: Array2<f64>) -> Option<f64> {
    let mut sum = 0.0;
    for k in 0..a.nrows() {
        let pivot = a[[k, k]];
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        sum += pivot.ln();
        for i in k + 1..a.nrows() {
            let factor = a[[i, k]] / pivot;
            for j in k + 1..=i {
                a[[i, j]] -= factor * a[[j, k]];
            }
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_divergence_of_four_points_is_by_hand() {
        // Mean 0.1 and covariance diag(1, 4) against N(0.1, I) at time 1: ½ (5 − 2 − log 4).
        let points = array![[1.1, 2.1], [-0.9, -1.9], [1.1, -1.9], [-0.9, 2.1]].mapv(|v: f64| v as f32);
        assert!((divergence(&points, 1.0).unwrap() - 0.5 * (3.0 - 4.0_f64.ln())).abs() < 1e-6);
        assert!((log_determinant(array![[4.0, 2.0], [2.0, 3.0]]).unwrap() - 8.0_f64.ln()).abs() < 1e-12);
        assert_eq!(log_determinant(array![[1.0, 1.0], [1.0, 1.0]]), None);
    }

    #[test]
    fn the_marginal_begins_and_ends_at_the_two_gaussians() {
        assert_eq!(marginal(0.0), (-SHIFT, 1.0));
        assert_eq!(marginal(1.0), (SHIFT, 1.0));
        assert!((marginal(0.5).1 - (0.5 + 5.0_f64.sqrt() / 4.0)).abs() < 1e-15);
    }
}
