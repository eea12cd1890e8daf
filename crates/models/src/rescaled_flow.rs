//! Unbalanced flow matching with rescaling: a flow, and which cells give and receive its mass.
//!
//! An unbalanced plan π between neighbouring snapshots a and b does not have their marginals: cells that are about to
//! multiply give more mass than their share, those that die or come from nowhere take part less. With
//! `η = d(π 1)/da` and `ξ = d(πᵀ 1)/db` (scaled to mean 1), a flow along pairs of π carries `η a` to `ξ b`. One network
//! regresses that flow, as in [`FlowConfig`](crate::FlowConfig), another learns `log η` and `log ξ` at each time from their
//! values n on the cells,
//!
//! `L = E |v_θ(τ, x) − u|² + E [exp f_φ(τ_j, x) − n f_φ(τ_j, x)]`,
//!
//! whose minimiser is `exp f = E[n | x]`. The plans are those between whole populations, made once: minibatch plans blur
//! which cells take part, and are more work for every step. A moved cell's weight is multiplied by η when it leaves a measured time and
//! divided by ξ when it reaches the next.
//!
//! Eyring et al., *Unbalancedness in neural Monge maps improves unpaired domain translation*, ICLR 2024,
//! arXiv:2311.15100; the rescaling functions as in Klein et al., *GENOT: Entropic (Gromov) Wasserstein flow matching*,
//! NeurIPS 2024, arXiv:2310.09254, section 3.3, where they are learnt by a regression on the plan's marginals.

mod batches;
mod dynamics;
mod objective;
mod plan;

pub use batches::{RescaledBatch, RescaledMatcher};
pub use dynamics::RescaledFlow;
pub use objective::Rescaling;

use crate::error::require;
use crate::{Batches, Fit, Flow, Made, ModelError, Net, Recipe, Space, Spline};
use chreode_core::Populations;
use chreode_nn::MlpConfig;
use serde::{Deserialize, Serialize};

/// Which side of a plan may leave mass out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relax {
    /// Both: cells may die and be born.
    Both,
    /// The earlier one: every later cell has an ancestor.
    Earlier,
    /// The later one: every earlier cell has a descendant.
    Later,
}

/// Settings of unbalanced flow matching with rescaling.
///
/// | name | default | range |
/// |---|---|---|
/// | `epsilon` | 0.005 | > 0; the plan's regularisation, relative to the mean cost |
/// | `penalty` | 0.1 | > 0; price of leaving mass out, relative to the mean cost |
/// | `relax` | `both` | `both`, `earlier`, `later`: the sides that may leave mass out |
/// | `spline` | `linear` | `linear`, `monotone`, `natural`: the curve through a pair and a cell before and after it |
/// | `cells` | 5000 | ≥ 2; cells of each time that a plan is made between, drawn where there are more |
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
    /// The sides that may leave mass out.
    pub relax: Relax,
    /// The curve through a pair and its neighbours in time.
    pub spline: Spline,
    /// Cells of each time that a plan is made between.
    pub cells: usize,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for RescaledFlowConfig {
    fn default() -> Self {
        Self {
            epsilon: 0.005,
            penalty: 0.1,
            relax: Relax::Both,
            spline: Spline::Linear,
            cells: 5000,
            sigma: 0.1,
            fit: Fit::default(),
        }
    }
}

impl RescaledFlowConfig {
    /// Along monotone curves through cells of four times.
    pub fn monotone() -> Self {
        Self { spline: Spline::Monotone, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.spline {
            Spline::Linear => "UOT-FM",
            Spline::Monotone | Spline::Natural => "UOT-MMFM",
        }
    }
}

impl Recipe for RescaledFlowConfig {
    type Data = Populations;
    type Objective = Rescaling<Net>;
    type Trained = RescaledFlow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("penalty", self.penalty, self.penalty > 0.0, "a number above 0")?;
        require("cells", self.cells as f64, self.cells > 1, "2 or more")?;
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
        Ok(Box::new(RescaledMatcher::new(data, self.clone())?.keeping(made)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let (velocity, rescaling) = objective.into_networks();
        RescaledFlow { flow: Flow { network: velocity, space }, rescaling }
    }
}
