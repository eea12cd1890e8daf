//! Conditional flow matching on snapshots: I-CFM and OT-CFM.
//!
//! For cells `x₀` and `x₁` of neighbouring snapshots, paired by a coupling π, the network regresses
//! the velocity of the path between them:
//!
//! `L(θ) = E_{τ, (x₀, x₁) ~ π, x ~ p(· | x₀, x₁)} |v_θ(τ, x) − u(x | x₀, x₁)|²`
//!
//! Its minimiser transports each snapshot to the next. With independent pairs this is I-CFM, with
//! minibatch optimal-transport pairs OT-CFM (Tong et al., TMLR 2024, arXiv:2302.00482, algorithms 1–3).

use crate::Batches;
use crate::error::require;
use crate::{
    Coupling, Fit, Flow, FlowMatcher, ModelError, Pairing, Recipe, Regression, Run, Sampling, Space, Straight,
};
use crate::{Entropic, Exact, Independent};
use chreode_core::{Populations, Seed};
use chreode_nn::{Mlp, MlpConfig};
use serde::{Deserialize, Serialize};

/// A training run of conditional flow matching.
pub type Cfm = Run<FlowConfig>;

/// Settings of conditional flow matching on snapshots.
///
/// | name | default | range |
/// |---|---|---|
/// | `coupling` | `exact` | `exact`, `sinkhorn`, `independent` |
/// | `sampling` | `permutation` | `permutation`, `replacement` |
/// | `epsilon` | 0.05 | > 0; Sinkhorn's regularisation, relative to the mean cost |
/// | `sigma` | 0.1 | ≥ 0 |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowConfig {
    /// Which cells are paired.
    pub coupling: Coupling,
    /// How pairs are taken from a plan.
    pub sampling: Sampling,
    /// Regularisation of the entropic plan, relative to the mean cost.
    pub epsilon: f64,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            coupling: Coupling::Exact,
            sampling: Sampling::Permutation,
            epsilon: 0.05,
            sigma: 0.1,
            fit: Fit::default(),
        }
    }
}

impl FlowConfig {
    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.coupling {
            Coupling::Exact => "OT-CFM",
            Coupling::Sinkhorn => "OT-CFM (Sinkhorn)",
            Coupling::Independent => "I-CFM",
        }
    }

    /// The pairing.
    pub fn pairing(&self) -> Box<dyn Pairing> {
        match self.coupling {
            Coupling::Exact => Box::new(Exact::new(self.sampling)),
            Coupling::Sinkhorn => Box::new(Entropic { epsilon: self.epsilon }),
            Coupling::Independent => Box::new(Independent),
        }
    }
}

impl Recipe for FlowConfig {
    type Data = Populations;
    type Objective = Regression<Mlp<f32>>;
    type Trained = Flow<Mlp<f32>>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        Ok(Regression::new(self.fit.network("network", MlpConfig::new(space.frame.dims()))?))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let path = Straight { sigma: self.sigma as f32 };
        let matcher = FlowMatcher::new(data, self.pairing(), path, self.fit.batch, Seed(self.fit.seed))?;
        Ok(Box::new(matcher))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.network, space }
    }
}
