//! Settings of the models that match velocity and growth: WFR-FM and VGFM.

use super::matcher::{Draws, GrowthMatcher, Weighing};
use super::{ExponentialPath, GrowthFlow, Mass, SemiRelaxed, VelocityGrowth, WfrPath, WfrPlanner};
use crate::error::require;
use crate::{Batches, Fit, ModelError, Recipe, Run, Space};
use chreode_core::{Populations, Seed};
use chreode_nn::{Mlp, MlpConfig};
use chreode_ot::WassersteinFisherRao;
use serde::{Deserialize, Serialize};

/// A training run of WFR flow matching.
pub type WfrFm = Run<WfrConfig>;

/// A training run of joint velocity-growth flow matching.
pub type Vgfm = Run<VgfmConfig>;

/// Of which cells a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plans {
    /// Of all cells of two snapshots while they make at most 2 million pairs, else of minibatches.
    #[default]
    Auto,
    /// Of all cells, once.
    Whole,
    /// Of the cells of each batch.
    Minibatch,
}

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

/// The two networks.
fn networks(fit: &Fit, space: &Space, kappa: f64) -> Result<VelocityGrowth<Mlp<f32>, Mlp<f32>>, ModelError> {
    let shape = MlpConfig::new(space.frame.dims());
    let velocity = fit.network("velocity", shape.clone())?;
    let growth = fit.network("growth", shape.output(1))?;
    Ok(VelocityGrowth::new(velocity, growth, kappa))
}

/// The gap of a plan, as a share of its cost: far below what minibatches or networks add.
const GAP: f64 = 1e-4;

impl Recipe for WfrConfig {
    type Data = Populations;
    type Objective = VelocityGrowth<Mlp<f32>, Mlp<f32>>;
    type Trained = GrowthFlow<Mlp<f32>, Mlp<f32>>;

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
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let metric = WassersteinFisherRao::new(self.delta)?;
        let (batch, seed) = (self.fit.batch, Seed(self.fit.seed));
        let draws = Draws { batch, sigma: self.sigma, weighing: Weighing::Mass, plans: self.plans, seed };
        let method = (WfrPlanner { metric, tolerance: GAP }, WfrPath(metric));
        Ok(Box::new(GrowthMatcher::new(data, &self.mass, "WFR-FM", method, draws)?))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        GrowthFlow { velocity: objective.velocity, growth: objective.growth, space }
    }
}

/// Settings of joint velocity-growth flow matching.
///
/// Semi-relaxed transport between neighbouring snapshots says what each cell sends to the later cells: the logarithm
/// of that as a multiple of its mass is its growth, at a constant rate, while it moves to the cells it is paired with
/// on straight lines. Two networks regress both. Wang et al., *Joint velocity-growth flow matching for single-cell
/// dynamics modeling*, NeurIPS 2025, arXiv:2505.13413.
///
/// | name | default | range |
/// |---|---|---|
/// | `lambda` | 1 | > 0; the price of growth, relative to the mean squared distance of pairs |
/// | `epsilon` | 0.005 | > 0; the plan's regularisation, relative likewise |
/// | `mass` | `counts` | as for [`WfrConfig`] |
/// | `plans` | `auto` | as for [`WfrConfig`] |
/// | `sigma` | 0 | ≥ 0; noise of the points |
/// | `kappa` | 1 | > 0; what growth counts beside velocity |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VgfmConfig {
    /// The price of growth.
    pub lambda: f64,
    /// The plan's regularisation.
    pub epsilon: f64,
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

impl Default for VgfmConfig {
    fn default() -> Self {
        let WfrConfig { mass, plans, sigma, kappa, fit, .. } = WfrConfig::default();
        Self { lambda: 1.0, epsilon: 0.005, mass, plans, sigma, kappa, fit }
    }
}

impl Recipe for VgfmConfig {
    type Data = Populations;
    type Objective = VelocityGrowth<Mlp<f32>, Mlp<f32>>;
    type Trained = GrowthFlow<Mlp<f32>, Mlp<f32>>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("lambda", self.lambda, self.lambda > 0.0, "a number above 0")?;
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        require("kappa", self.kappa, self.kappa > 0.0, "a number above 0")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        networks(&self.fit, space, self.kappa)
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let (batch, seed) = (self.fit.batch, Seed(self.fit.seed));
        let draws = Draws { batch, sigma: self.sigma, weighing: Weighing::Equal, plans: self.plans, seed };
        let method = (SemiRelaxed { lambda: self.lambda, epsilon: self.epsilon }, ExponentialPath);
        Ok(Box::new(GrowthMatcher::new(data, &self.mass, "VGFM", method, draws)?))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        GrowthFlow { velocity: objective.velocity, growth: objective.growth, space }
    }
}
