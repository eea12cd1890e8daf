//! Joint velocity-growth flow matching.

mod fitting;

pub use fitting::{FitDistance, FittingBatch, VelocityGrowthFitting};

use self::fitting::Fittings;
use super::matcher::{Draws, GrowthMatcher, Weighing};
use super::matching::networks;
use super::pushed::Push;
use super::{ExponentialPath, GrowthFlow, Mass, Plans, SemiRelaxed, WfrConfig};
use crate::error::require;
use crate::{Batches, Fit, Made, Minibatches, ModelError, Net, Objective, Recipe, Run, Space, Stage};
use chreode_core::{Populations, Seed};
use serde::{Deserialize, Serialize};

/// A training run of joint velocity-growth flow matching.
pub type Vgfm = Run<VgfmConfig>;

/// Settings of joint velocity-growth flow matching.
///
/// Semi-relaxed transport between neighbouring snapshots says what each cell sends to the later cells: the logarithm
/// of that as a multiple of its mass is its growth, at a constant rate, while it moves to the cells it is paired with
/// on straight lines. Two networks regress both; afterwards the first cells are carried through all times with their
/// masses, and their distance from the measured ones counts too. Wang et al., *Joint velocity-growth flow matching for
/// single-cell dynamics modeling*, NeurIPS 2025, arXiv:2505.13413.
///
/// The released program differs: it matches with noise of 0.1 where σ is 0 here; and its second stage is the distances alone,
/// interval by interval from detached states, where here matching goes on beside them and cells are carried through all times.
///
/// | name | default | range |
/// |---|---|---|
/// | `lambda` | 1 | > 0; the price of growth, relative to the mean squared distance of pairs |
/// | `epsilon` | 0.005 | > 0; the plan's regularisation, relative likewise |
/// | `mass` | `counts` | as for [`WfrConfig`] |
/// | `plans` | `auto` | as for [`WfrConfig`] |
/// | `sigma` | 0 | ≥ 0; noise of the points |
/// | `kappa` | 1 | > 0; what growth counts beside velocity |
/// | `matching` | 3000 | ≥ 1; updates of matching alone, before those of `fit`, which the distances are part of |
/// | `distance` | `w1` | `w1`, `w2`: W₁ or W₂² |
/// | `distance_weight` | 1 | > 0; what a distance counts beside the matching |
/// | `solver_steps` | 5 | 1 to 1000; steps of RK4 a unit of network time while fitting |
/// | `fit` | 500 steps | the settings of training, see [`Fit`]; the distances at a tenth of the rate |
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
    /// Updates of matching alone.
    pub matching: u64,
    /// Which distance.
    pub distance: FitDistance,
    /// What a distance counts.
    pub distance_weight: f64,
    /// Steps a unit of network time while fitting.
    pub solver_steps: usize,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for VgfmConfig {
    fn default() -> Self {
        let WfrConfig { mass, plans, sigma, kappa, fit, .. } = WfrConfig::default();
        Self {
            lambda: 1.0,
            epsilon: 0.005,
            mass,
            plans,
            sigma,
            kappa,
            matching: 3000,
            distance: FitDistance::W1,
            distance_weight: 1.0,
            solver_steps: 5,
            fit: Fit { steps: 500, ..fit },
        }
    }
}

impl Recipe for VgfmConfig {
    type Data = Populations;
    type Objective = VelocityGrowthFitting<Net, Net>;
    type Trained = GrowthFlow<Net, Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("matching", &mut self.matching), ("fit.steps", &mut self.fit.steps)]
    }

    fn check(&self) -> Result<(), ModelError> {
        require("lambda", self.lambda, self.lambda > 0.0, "a number above 0")?;
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        require("kappa", self.kappa, self.kappa > 0.0, "a number above 0")?;
        require("matching", self.matching as f64, self.matching > 0, "1 or more")?;
        require("distance_weight", self.distance_weight, self.distance_weight > 0.0, "a number above 0")?;
        require(
            "solver_steps",
            self.solver_steps as f64,
            (1..=1000).contains(&self.solver_steps),
            "1 to 1000",
        )
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        Ok(VelocityGrowthFitting {
            matching: networks(&self.fit, space, self.kappa)?,
            push: Push::new(self.solver_steps),
            weight: self.distance_weight,
            order: self.distance.order(),
            times: space.times.iter().map(|&t| space.clock.network(t)).collect(),
        })
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
        let (batch, seed) = (self.fit.batch, Seed(self.fit.seed));
        let draws = Draws { batch, sigma: self.sigma, weighing: Weighing::Equal, plans: self.plans, seed };
        let method = (SemiRelaxed { lambda: self.lambda, epsilon: self.epsilon }, ExponentialPath);
        let matcher = GrowthMatcher::new(data, &self.mass, "VGFM", method, draws, made)?;
        let minibatches = Minibatches::new(data, batch, seed.child("fitting"))?;
        Ok(Box::new(Fittings { matcher, minibatches, after: self.matching }))
    }

    /// First matching, then with the distances, at a tenth of the rate.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        let all = 0..objective.parameter_count();
        let matching =
            Stage { steps: self.matching, parameters: all.clone(), rule: self.fit.rule(self.matching)? };
        let slower = Fit { lr: 0.1 * self.fit.lr, ..self.fit.clone() };
        Ok(vec![matching, slower.stage(all)?])
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let matching = objective.matching;
        GrowthFlow { velocity: matching.velocity, growth: matching.growth, space }
    }
}
