//! Joint velocity-growth flow matching.

use super::cache::PlanCache;
use super::matcher::{Draws, GrowthMatcher, Weighing};
use super::matching::networks;
use super::{ExponentialPath, GrowthFlow, Mass, Plans, SemiRelaxed, VelocityGrowth, WfrConfig};
use crate::error::require;
use crate::{Batches, Fit, ModelError, Net, Recipe, Run, Space};
use chreode_core::{Populations, Seed};
use serde::{Deserialize, Serialize};

/// A training run of joint velocity-growth flow matching.
pub type Vgfm = Run<VgfmConfig>;

/// Settings of joint velocity-growth flow matching.
///
/// Semi-relaxed transport between neighbouring snapshots says what each cell sends to the later cells: the logarithm
/// of that as a multiple of its mass is its growth, at a constant rate, while it moves to the cells it is paired with
/// on straight lines. Two networks regress both. Wang et al., *Joint velocity-growth flow matching for single-cell
/// dynamics modeling*, NeurIPS 2025, arXiv:2505.13413: its joint flow matching, without the distribution-fitting loss that
/// the paper adds afterwards.
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
    /// Plans that were made.
    #[serde(skip)]
    pub cache: PlanCache,
}

impl Default for VgfmConfig {
    fn default() -> Self {
        let WfrConfig { mass, plans, sigma, kappa, fit, .. } = WfrConfig::default();
        Self { lambda: 1.0, epsilon: 0.005, mass, plans, sigma, kappa, fit, cache: PlanCache::default() }
    }
}

impl Recipe for VgfmConfig {
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
        Ok(Box::new(GrowthMatcher::new(data, &self.mass, "VGFM", method, draws, &self.cache)?))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        GrowthFlow { velocity: objective.velocity, growth: objective.growth, space }
    }
}
