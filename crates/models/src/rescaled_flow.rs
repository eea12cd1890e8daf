//! Unbalanced flow matching with rescaling: a flow, and which cells give and receive its mass.
//!
//! An unbalanced plan π between neighbouring snapshots a and b does not have their marginals: cells that are about to
//! multiply give more mass than their share, those that die or come from nowhere take part less. With
//! `η = d(π 1)/da` and `ξ = d(πᵀ 1)/db` (scaled to mean 1), a flow along pairs of π carries `η a` to `ξ b`. One network
//! regresses that flow, as in [`FlowConfig`](crate::FlowConfig), another learns `log η` and `log ξ` at each time from the
//! number of times n a cell is drawn,
//!
//! `L = E |v_θ(τ, x) − u|² + E [exp f_φ(τ_j, x) − n f_φ(τ_j, x)]`,
//!
//! whose minimiser is `exp f = E[n | x]`. A moved cell's weight is multiplied by η when it leaves a measured time and
//! divided by ξ when it reaches the next.
//!
//! Eyring et al., *Unbalancedness in neural Monge maps improves unpaired domain translation*, ICLR 2024,
//! arXiv:2311.15100; the rescaling functions as in Klein et al., *GENOT: Entropic (Gromov) Wasserstein flow matching*,
//! NeurIPS 2024, arXiv:2310.09254, section 3.3, where they are learnt by a regression on the plan's marginals.

mod batches;
mod dynamics;
mod objective;

pub use batches::{RescaledBatch, RescaledMatcher};
pub use dynamics::RescaledFlow;
pub use objective::Rescaling;

use crate::error::require;
use crate::{Batches, Fit, Flow, Minibatches, ModelError, Recipe, Space, Unbalanced};
use chreode_core::{Populations, Seed};
use chreode_nn::{Mlp, MlpConfig};
use serde::{Deserialize, Serialize};

/// Settings of unbalanced flow matching with rescaling.
///
/// | name | default | range |
/// |---|---|---|
/// | `epsilon` | 0.005 | > 0; the plan's regularisation, relative to the mean cost |
/// | `penalty` | 0.1 | > 0; price of leaving mass out, relative to the mean cost |
/// | `sigma` | 0.1 | ≥ 0; noise of the path |
/// | `fit` | | the settings of training, see [`Fit`] |
///
/// On five whitened coordinates the mean squared distance is about 10, and the defaults are regularisation 0.05 and
/// penalty 1, those of the unbalanced plans of torchcfm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RescaledFlowConfig {
    /// Regularisation of the plan, relative to the mean cost.
    pub epsilon: f64,
    /// Price of leaving mass out, relative to the mean cost.
    pub penalty: f64,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for RescaledFlowConfig {
    fn default() -> Self {
        Self { epsilon: 0.005, penalty: 0.1, sigma: 0.1, fit: Fit::default() }
    }
}

impl Recipe for RescaledFlowConfig {
    type Data = Populations;
    type Objective = Rescaling<Mlp<f32>>;
    type Trained = RescaledFlow<Mlp<f32>>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("penalty", self.penalty, self.penalty > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let dims = space.frame.dims();
        let velocity = self.fit.network("velocity", MlpConfig::new(dims))?;
        Ok(Rescaling::new(velocity, self.fit.network("rescaling", MlpConfig::new(dims).output(2))?))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let minibatches = Minibatches::new(data, self.fit.batch, Seed(self.fit.seed))?;
        let pairing = Unbalanced { epsilon: self.epsilon, penalty: self.penalty };
        Ok(Box::new(RescaledMatcher::new(minibatches, pairing, self.sigma as f32)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let (velocity, rescaling) = objective.into_networks();
        RescaledFlow { flow: Flow { network: velocity, space }, rescaling }
    }
}
