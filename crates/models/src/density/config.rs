//! Settings of continuous normalising flows.

use super::batches::Cells;
use super::likelihood::Regularisers;
use super::{Base, DensityFlow, Likelihood, Probe};
use crate::error::require;
use crate::{Batches, Fit, Flow, ModelError, Net, Recipe, Run, Space, Stage};
use chreode_core::Populations;
use chreode_nn::{Activation, MlpConfig};
use serde::{Deserialize, Serialize};

/// A training run of a continuous normalising flow.
pub type Cnf = Run<CnfConfig>;

/// Settings of continuous normalising flows by maximum likelihood.
///
/// The cells of every snapshot are made likely under the distribution that the flow carries a base distribution to.
/// Chen et al., NeurIPS 2018, arXiv:1806.07366; with `probes`, FFJORD: Grathwohl et al., ICLR 2019, arXiv:1810.01367;
/// with `kinetic` and `jacobian`, RNODE: Finlay et al., ICML 2020, arXiv:2002.02798.
///
/// | name | default | range |
/// |---|---|---|
/// | `base` | `normal` | `normal`, `gaussian`, `kernel`, see [`Base`] |
/// | `probes` | 0 | random probes of the divergence, 0 for the exact one, which costs a tangent a dimension |
/// | `probe` | `rademacher` | `rademacher`, `gaussian` |
/// | `kinetic` | 0 | ≥ 0; what ∫ \|v\|² dt counts beside the log-likelihood |
/// | `jacobian` | 0 | ≥ 0; what ∫ \|∂v/∂x\|² dt counts |
/// | `steps` | 8 | 1 to 1000; steps of RK4 a unit of network time while training |
/// | `matching` | 0 | updates of flow matching along optimal pairs before those of `fit`: a start near the end |
/// | `fit` | 3 × 64 tanh | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CnfConfig {
    /// The distribution at the beginning.
    pub base: Base,
    /// Random probes of the divergence; 0 for the exact one.
    pub probes: usize,
    /// Their law.
    pub probe: Probe,
    /// What the kinetic energy counts.
    pub kinetic: f64,
    /// What the squared Jacobian counts.
    pub jacobian: f64,
    /// Steps a unit of network time while training.
    pub steps: usize,
    /// Updates of flow matching before those of `fit`.
    pub matching: u64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for CnfConfig {
    fn default() -> Self {
        Self {
            base: Base::Normal,
            probes: 0,
            probe: Probe::Rademacher,
            kinetic: 0.0,
            jacobian: 0.0,
            steps: 8,
            matching: 0,
            fit: Fit { activation: Activation::Tanh, ..Fit::default() },
        }
    }
}

impl CnfConfig {
    /// FFJORD as published: one Gaussian probe, no regulariser.
    pub fn ffjord() -> Self {
        Self { probes: 1, probe: Probe::Gaussian, ..Self::default() }
    }

    /// RNODE: FFJORD with both regularisers at the published 0.01.
    pub fn rnode() -> Self {
        Self { kinetic: 0.01, jacobian: 0.01, ..Self::ffjord() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match (self.probes > 0, self.kinetic > 0.0 || self.jacobian > 0.0) {
            (true, false) => "FFJORD",
            (false, false) => "CNF",
            (_, true) => "RNODE",
        }
    }
}

impl Recipe for CnfConfig {
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
        require("jacobian", self.jacobian, self.jacobian >= 0.0, "a number of 0 or more")?;
        require("probes", self.probes as f64, self.probes <= 1000, "0 to 1000")?;
        require("steps", self.steps as f64, (1..=1000).contains(&self.steps), "1 to 1000")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let dims = space.frame.dims();
        let network = self.fit.network("velocity", MlpConfig::new(dims))?;
        let start = self.base.start(space);
        let weights = Regularisers { kinetic: self.kinetic, jacobian: self.jacobian, hjb: 0.0 };
        Ok(Likelihood::new(network, (self.base.unset(dims), start), weights, self.steps))
    }

    fn prepare(&self, objective: &mut Self::Objective, data: &Populations) -> Result<(), ModelError> {
        objective.start_from(self.base, data, self.fit.seed)
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let CnfConfig { base, probes, probe, ref fit, .. } = *self;
        Ok(Box::new(Cells::new(data, space, (base, self.matching), (probes, probe), fit)?))
    }

    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        objective.stages(&self.fit, self.matching)
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let Likelihood { network, base, start, .. } = objective;
        DensityFlow { flow: Flow { network, space }, base, start }
    }
}
