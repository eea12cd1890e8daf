//! Exact distances between two snapshots.

use super::pairs::{energy, mmd};
use crate::{ModelError, error::require};
use chreode_core::{Seed, Snapshot};
use chreode_ot::{Order, Wasserstein, wasserstein};
use serde::{Deserialize, Serialize};

/// How the confidence interval of W₁ is made (see
/// [`Wasserstein::bootstrap_interval`]: sampling noise alone, first order).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bootstrap {
    /// Resamples.
    pub replicates: usize,
    /// Confidence level in (0, 1).
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { replicates: 1000, level: 0.95, seed: 0 }
    }
}

impl Bootstrap {
    pub(super) fn check(&self) -> Result<(), ModelError> {
        require("replicates", self.replicates as f64, self.replicates >= 1, "at least 1")?;
        require("level", self.level, self.level > 0.0 && self.level < 1.0, "between 0 and 1, both excluded")
    }
}

/// Four distances between predicted and measured cells, on all points with their weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distances {
    /// Exact W₁, Euclidean cost.
    pub w1: f64,
    /// Bootstrap interval of W₁.
    pub w1_interval: [f64; 2],
    /// Exact W₂: the root of the least squared-Euclidean cost.
    pub w2: f64,
    /// MMD, not squared: the V-statistic of the mean of Gaussian kernels.
    pub mmd: f64,
    /// Energy distance `2 E|X − Y| − E|X − X'| − E|Y − Y'|`, no root taken.
    pub energy: f64,
}

impl Distances {
    pub(super) fn between(
        predicted: &Snapshot,
        measured: &Snapshot,
        bootstrap: &Bootstrap,
        widths: &[f64],
    ) -> Result<Self, ModelError> {
        let ((w1, w2), (mmd, energy)) = rayon::join(
            || rayon::join(|| solve(predicted, measured, Order::One), || w2(predicted, measured)),
            || rayon::join(|| mmd(predicted, measured, widths), || energy(predicted, measured)),
        );
        let w1 = w1?;
        let mut rng = Seed(bootstrap.seed).stream("bootstrap", 0);
        let (low, high) = w1.bootstrap_interval(bootstrap.level, bootstrap.replicates, &mut rng)?;
        Ok(Self { w1: w1.value, w1_interval: [low, high], w2: w2?, mmd: mmd?, energy: energy? })
    }
}

/// Exact W₁.
pub(super) fn w1(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    Ok(solve(x, y, Order::One)?.value)
}

/// Exact W₂.
pub(super) fn w2(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    Ok(solve(x, y, Order::Two)?.value)
}

fn solve(x: &Snapshot, y: &Snapshot, order: Order) -> Result<Wasserstein, ModelError> {
    let [a, b] = [x, y].map(|s| s.weights.as_ref().map(|w| w.view()));
    Ok(wasserstein(x.points.view(), y.points.view(), a, b, order)?)
}

/// Exact W₁ between two snapshots, with their weights.
///
/// # Errors
/// What transport says of the points.
pub fn exact_w1(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    Ok(solve(x, y, Order::One)?.value)
}
