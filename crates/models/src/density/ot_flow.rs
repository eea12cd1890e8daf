//! Settings of OT-Flow.

use super::batches::Cells;
use super::likelihood::Regularisers;
use super::{Base, DensityFlow, Likelihood, Probe};
use crate::error::require;
use crate::{Batches, Fit, Flow, ModelError, Net, Recipe, Run, Space, Stage};
use chreode_core::{Populations, Seed};
use chreode_nn::Potential;
use serde::{Deserialize, Serialize};

/// A training run of OT-Flow.
pub type OtFlow = Run<OtFlowConfig>;

/// Settings of OT-Flow: a normalising flow along the gradient of a potential, kept near optimal transport.
///
/// The velocity is `−∇Φ` ([`Potential`]), its divergence exact. Beside the log-likelihood the loss counts the kinetic
/// energy and the residual of the Hamilton-Jacobi-Bellman equation `∂Φ/∂t = ½ |∇Φ|²`, which optimal transport meets: paths
/// become straight, and few steps suffice. Onken, Wu Fung, Li and Ruthotto, *OT-Flow: Fast and accurate continuous
/// normalizing flows via optimal transport*, AAAI 2021, arXiv:2006.00104.
///
/// | name | default | range |
/// |---|---|---|
/// | `base` | `normal` | `normal`, `gaussian`, `kernel`, see [`Base`] |
/// | `kinetic` | 0.005 | ≥ 0; what ∫ \|v\|² dt counts beside the log-likelihood (published: ½ in 100) |
/// | `hjb` | 0.05 | ≥ 0; what the residual counts (published: 5 in 100) |
/// | `steps` | 8 | 1 to 1000; steps of RK4 a unit of network time while training, as published |
/// | `matching` | 0 | updates of flow matching along optimal pairs before those of `fit`: a start near the end |
/// | `fit` | one width, 32; lr 1e-2, weight_decay 0 | the settings of training, see [`Fit`]; the potential has two layers of one width, with their own activation |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OtFlowConfig {
    /// The distribution at the beginning.
    pub base: Base,
    /// What the kinetic energy counts.
    pub kinetic: f64,
    /// What the residual of the Hamilton-Jacobi-Bellman equation counts.
    pub hjb: f64,
    /// Steps a unit of network time while training.
    pub steps: usize,
    /// Updates of flow matching before those of `fit`.
    pub matching: u64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for OtFlowConfig {
    fn default() -> Self {
        let fit = Fit { hidden: vec![32], lr: 1e-2, weight_decay: 0.0, ..Fit::default() };
        Self { base: Base::Normal, kinetic: 0.005, hjb: 0.05, steps: 8, matching: 0, fit }
    }
}

impl Recipe for OtFlowConfig {
    type Data = Populations;
    type Objective = Likelihood<Net>;
    type Trained = DensityFlow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("matching", &mut self.matching), ("fit.steps", &mut self.fit.steps)]
    }

    fn least_times(&self) -> usize {
        self.base.least_times()
    }

    fn check(&self) -> Result<(), ModelError> {
        require("kinetic", self.kinetic, self.kinetic >= 0.0, "a number of 0 or more")?;
        require("hjb", self.hjb, self.hjb >= 0.0, "a number of 0 or more")?;
        let widths = &self.fit.hidden;
        let same = widths.first().is_some_and(|first| widths.iter().all(|width| width == first));
        require("hidden", widths.len() as f64, same, "one width, that of both layers of the potential")?;
        require("steps", self.steps as f64, (1..=1000).contains(&self.steps), "1 to 1000")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let dims = space.frame.dims();
        let mut rng = Seed(self.fit.seed).stream("potential", 0);
        let potential = self.fit.device.potential(Potential::new(dims, self.fit.hidden[0], &mut rng))?;
        let weights = Regularisers { kinetic: self.kinetic, jacobian: 0.0, hjb: self.hjb };
        Ok(Likelihood::new(potential, (self.base.unset(dims), self.base.start(space)), weights, self.steps))
    }

    fn prepare(&self, objective: &mut Self::Objective, data: &Populations) -> Result<(), ModelError> {
        objective.start_from(self.base, data, self.fit.seed)
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        Ok(Box::new(Cells::new(data, space, (self.base, self.matching), (0, Probe::Rademacher), &self.fit)?))
    }

    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        objective.stages(&self.fit, self.matching)
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let Likelihood { network, base, start, .. } = objective;
        let network = network.leading(space.frame.dims());
        DensityFlow { flow: Flow { network, space }, base, start }
    }
}
