//! Distances that are means over all pairs, for weighted snapshots too.

use crate::ModelError;
use chreode_core::Snapshot;
use chreode_ot::{Bandwidth, Geometry, OtError, PointCloud, SquaredEuclidean, energy_distance};
use rayon::prelude::*;

/// MMD with the mean of Gaussian kernels of these widths.
pub(super) fn mmd(x: &Snapshot, y: &Snapshot, widths: &[f64]) -> Result<f64, ModelError> {
    if x.weights.is_none() && y.weights.is_none() {
        let widths = Bandwidth::Mixture(widths.to_vec());
        return Ok(chreode_ot::mmd(x.points.view(), y.points.view(), &widths)?.value());
    }
    let kernel = |squared: f64| {
        widths.iter().map(|w| (-0.5 * squared / (w * w)).exp()).sum::<f64>() / widths.len() as f64
    };
    let squared = mean(x, x, kernel)? + mean(y, y, kernel)? - 2.0 * mean(x, y, kernel)?;
    Ok(squared.max(0.0).sqrt())
}

/// The energy distance, no root taken.
pub(super) fn energy(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    if x.weights.is_none() && y.weights.is_none() {
        return Ok(energy_distance(x.points.view(), y.points.view())?);
    }
    let within = mean(x, x, f64::sqrt)? + mean(y, y, f64::sqrt)?;
    Ok((2.0 * mean(x, y, f64::sqrt)? - within).max(0.0))
}

/// `Σ_ij p_i q_j h(|x_i − y_j|²)`; rows in parallel, their sums added in order.
fn mean(x: &Snapshot, y: &Snapshot, h: impl Fn(f64) -> f64 + Sync) -> Result<f64, OtError> {
    let cloud = PointCloud::new(x.points.view(), y.points.view(), &SquaredEuclidean)?;
    let (p, q) = (x.probabilities(), y.probabilities());
    let rows: Vec<f64> = (0..x.len())
        .into_par_iter()
        .map(|i| {
            let mut buffer = Vec::new();
            let squares = cloud.costs(i, 0..y.len(), &mut buffer);
            p[i] * squares.iter().zip(&q).map(|(&d, q)| q * h(d)).sum::<f64>()
        })
        .collect();
    Ok(rows.iter().sum())
}
