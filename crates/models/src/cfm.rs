//! Conditional flow matching on snapshots: pairing × path.
//!
//! For cells `x₀` and `x₁` of neighbouring snapshots, paired by a coupling π, the network regresses
//! the velocity of the path between them:
//!
//! `L(θ) = E_{τ, (x₀, x₁) ~ π, x ~ p(· | x₀, x₁)} |v_θ(τ, x) − u(x | x₀, x₁)|²`
//!
//! Its minimiser transports each snapshot to the next. With straight paths, independent pairs make this I-CFM and
//! minibatch optimal-transport pairs OT-CFM; with Brownian bridges and entropic pairs it is SB-CFM (Tong et al., TMLR
//! 2024, arXiv:2302.00482, algorithms 1–4).

use crate::error::require;
use crate::{
    Batches, Coupling, Fit, Flow, FlowMatcher, ModelError, Net, Pairing, PathKind, Recipe, Regression, Run,
    Sampling, Space,
};
use crate::{Entropic, Epsilon, Exact, Independent, Unbalanced};
use chreode_core::{Populations, Seed};
use chreode_nn::MlpConfig;
use serde::{Deserialize, Serialize};

/// A training run of conditional flow matching.
pub type Cfm = Run<FlowConfig>;

/// Settings of conditional flow matching on snapshots.
///
/// | name | default | range |
/// |---|---|---|
/// | `coupling` | `exact` | `exact`, `sinkhorn`, `schroedinger`, `unbalanced`, `independent` |
/// | `path` | `straight` | `straight`, `bridge`, `variance-preserving`, `target` (with `independent`) |
/// | `sampling` | `permutation` | `permutation`, `replacement` |
/// | `epsilon` | 0.05 | > 0; regularisation of `sinkhorn` and `unbalanced`, relative to the mean cost |
/// | `penalty` | 0.1 | > 0; `unbalanced`: price of leaving mass out, relative to the mean cost |
/// | `sigma` | 0.1 | ≥ 0; above 0 for `schroedinger`, whose regularisation is 2σ² |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowConfig {
    /// Which cells are paired.
    pub coupling: Coupling,
    /// Which path joins them.
    pub path: PathKind,
    /// How pairs are taken from an exact plan.
    pub sampling: Sampling,
    /// Regularisation of a plan, relative to the mean cost.
    pub epsilon: f64,
    /// Price of leaving mass out of a plan, relative to the mean cost.
    pub penalty: f64,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for FlowConfig {
    /// OT-CFM.
    fn default() -> Self {
        Self {
            coupling: Coupling::Exact,
            path: PathKind::Straight,
            sampling: Sampling::Permutation,
            epsilon: 0.05,
            penalty: 0.1,
            sigma: 0.1,
            fit: Fit::default(),
        }
    }
}

impl FlowConfig {
    /// Flow matching from noise to the cells of the last time (Lipman et al. 2023).
    pub fn from_noise() -> Self {
        Self { coupling: Coupling::Independent, path: PathKind::Target, ..Self::default() }
    }

    /// I-CFM.
    pub fn independent() -> Self {
        Self { coupling: Coupling::Independent, ..Self::default() }
    }

    /// SB-CFM, with the diffusion of the publication.
    pub fn schroedinger() -> Self {
        Self { coupling: Coupling::Schroedinger, path: PathKind::Bridge, sigma: 1.0, ..Self::default() }
    }

    /// VP-CFM.
    pub fn variance_preserving() -> Self {
        Self { path: PathKind::VariancePreserving, ..Self::independent() }
    }

    /// OT-CFM with pairs of unbalanced plans. On five whitened coordinates the mean squared distance is about 10, and these
    /// are regularisation 0.05 and penalty 1, the defaults of torchcfm's unbalanced plans.
    pub fn unbalanced() -> Self {
        Self { coupling: Coupling::Unbalanced, epsilon: 0.005, penalty: 0.1, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match (self.path, self.coupling) {
            (PathKind::Straight, Coupling::Exact) => "OT-CFM",
            (PathKind::Straight, Coupling::Sinkhorn) => "OT-CFM (Sinkhorn)",
            (PathKind::Straight, Coupling::Unbalanced) => "UOT-CFM",
            (PathKind::Straight, Coupling::Independent) => "I-CFM",
            (PathKind::Bridge, Coupling::Schroedinger) => "SB-CFM",
            (PathKind::VariancePreserving, Coupling::Independent) => "VP-CFM",
            (PathKind::Target, _) => "FM",
            _ => "CFM",
        }
    }

    /// The pairing.
    pub fn pairing(&self) -> Box<dyn Pairing> {
        self.coupling.pairing(self.sampling, self.epsilon, self.penalty, self.sigma)
    }
}

impl Coupling {
    /// The pairing of this name: `sampling` of an exact plan, `epsilon` and `penalty` relative to the mean cost,
    /// `sigma` the diffusion of a Schrödinger bridge.
    pub(crate) fn pairing(
        self,
        sampling: Sampling,
        epsilon: f64,
        penalty: f64,
        sigma: f64,
    ) -> Box<dyn Pairing> {
        match self {
            Self::Exact => Box::new(Exact::new(sampling)),
            Self::Sinkhorn => Box::new(Entropic { epsilon: Epsilon::Relative(epsilon) }),
            Self::Schroedinger => Box::new(Entropic { epsilon: Epsilon::Rate(2.0 * sigma * sigma) }),
            Self::Unbalanced => Box::new(Unbalanced { epsilon, penalty }),
            Self::Independent => Box::new(Independent),
        }
    }
}

impl Recipe for FlowConfig {
    type Data = Populations;
    type Objective = Regression<Net>;
    type Trained = Flow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("penalty", self.penalty, self.penalty > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        if self.coupling == Coupling::Schroedinger {
            require(
                "sigma",
                self.sigma,
                self.sigma > 0.0,
                "above 0 for the coupling of a schroedinger bridge",
            )?;
        }
        if self.path == PathKind::Target {
            require("sigma", self.sigma, self.sigma < 1.0, "below 1 for the path target")?;
            if self.coupling != Coupling::Independent {
                let rule = "independent for the path target, which begins at noise and not at a cell";
                return Err(ModelError::Setting { name: "coupling", rule });
            }
        }
        Ok(())
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        Ok(Regression::new(self.fit.network("network", MlpConfig::new(space.frame.dims()))?))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        if self.path == PathKind::Target && data.snapshots().len() != 2 {
            let needs = "two times, the first of which stands for standard normal noise";
            return Err(ModelError::Data { model: self.method().into(), needs: needs.into() });
        }
        let path = self.path.path(self.sigma as f32);
        let matcher = FlowMatcher::new(data, self.pairing(), path, self.fit.batch, Seed(self.fit.seed))?;
        Ok(Box::new(matcher))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.network, space }
    }
}
