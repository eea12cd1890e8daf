//! WFR flow matching.

use super::matcher::{Draws, GrowthMatcher, Weighing};
use super::matching::networks;
use super::{GrowthFlow, Mass, Plans, VelocityGrowth, WfrPath, WfrPlanner};
use crate::error::require;
use crate::{Batches, Fit, Made, ModelError, Net, Recipe, Run, Space};
use chreode_core::{Populations, Seed};
use chreode_ot::WassersteinFisherRao;
use serde::{Deserialize, Serialize};

/// A training run of WFR flow matching.
pub type WfrFm = Run<WfrConfig>;

/// Settings of WFR flow matching: velocity and growth along Wasserstein-Fisher-Rao geodesics.
///
/// Neighbouring snapshots, as measures with masses, are coupled by the optimal plan of the static
/// Wasserstein-Fisher-Rao problem; a pair of cells is joined by the closed-form geodesic between two Diracs, which
/// moves and grows; and two networks regress its velocity and its growth rate, weighted by its mass. Peng et al.,
/// *WFR-FM: Simulation-free dynamic unbalanced optimal transport*, ICLR 2026, arXiv:2601.06810.
///
/// | name | default | range |
/// |---|---|---|
/// | `delta` | 2 | > 0; the length scale of the metric in the networks' coordinates: mass moves π δ at most |
/// | `mass` | `counts` | `counts`, `equal`, `weights`, or a list with one mass a time, see [`Mass`] |
/// | `plans` | `auto` | `auto`, `whole`, `minibatch`, see [`Plans`] |
/// | `sigma` | 0 | ≥ 0; noise of the points |
/// | `kappa` | 1 | > 0; what growth counts beside velocity |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WfrConfig {
    /// The length scale of the metric.
    pub delta: f64,
    /// The masses of the snapshots.
    pub mass: Mass,
    /// Of which cells plans are made.
    pub plans: Plans,
    /// Noise of the points.
    pub sigma: f64,
    /// What growth counts beside velocity.
    pub kappa: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for WfrConfig {
    fn default() -> Self {
        let fit = Fit::default();
        Self { delta: 2.0, mass: Mass::default(), plans: Plans::default(), sigma: 0.0, kappa: 1.0, fit }
    }
}

/// The gap of a plan, as a share of its cost: far below what minibatches or networks add.
const GAP: f64 = 1e-4;

impl Recipe for WfrConfig {
    type Data = Populations;
    type Objective = VelocityGrowth<Net, Net>;
    type Trained = GrowthFlow<Net, Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("delta", self.delta, self.delta > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        require("kappa", self.kappa, self.kappa > 0.0, "a number above 0")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        networks(&self.fit, space, self.kappa)
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        self.batches_with(data, space, &Made::default())
    }

    fn batches_with<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
        made: &Made,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let metric = WassersteinFisherRao::new(self.delta)?;
        let (batch, seed) = (self.fit.batch, Seed(self.fit.seed));
        let draws = Draws { batch, sigma: self.sigma, weighing: Weighing::Mass, plans: self.plans, seed };
        let method = (WfrPlanner { metric, tolerance: GAP }, WfrPath(metric));
        Ok(Box::new(GrowthMatcher::new(data, &self.mass, "WFR-FM", method, draws, made)?))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        GrowthFlow { velocity: objective.velocity, growth: objective.growth, space }
    }
}
