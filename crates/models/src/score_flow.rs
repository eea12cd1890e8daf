//! Score and flow matching: \[SF\]²M, Schrödinger bridges without simulation.
//!
//! Between paired cells runs the Brownian bridge of diffusion σ ([`Bridge`](crate::Bridge)); one network regresses its
//! velocity and another its score,
//!
//! `L = E |v_θ(τ, x) − u(x | x₀, x₁)|² + E |λ s_φ(τ, x) + ε|²`, `λ = 2 σ_s/σ²`, `σ_s = σ √(L s (1 − s))`,
//!
//! where ε is the bridge's noise. The conditional score is `∇ log p(x | x₀, x₁) = −ε/σ_s`, so that `s_φ = −ε/λ` has the
//! mean `(σ²/2) ∇ log p`: the score network is the part that noise adds to the drift. For a density with
//! `∂p/∂τ = −∇·(v p)` also
//!
//! `∂p/∂τ = −∇·((v + (σ²/2) ∇ log p) p) + (σ²/2) Δp`,
//!
//! because `(σ²/2) ∇·(p ∇ log p) = (σ²/2) Δp`. So `dX = (v + s) dτ + σ dW` has the same marginals as `dX = v dτ`, and
//! backwards in time `dX = (−v + s) dr + σ dW` with `r = −τ`. With pairs of the entropic plan at ε = 2σ² this is the
//! Schrödinger bridge.
//!
//! Tong et al., *Simulation-free Schrödinger bridges via score and flow matching*, AISTATS 2024, arXiv:2307.03672,
//! theorem 3.2 and algorithm 1.

mod batches;
mod dynamics;
mod objective;

pub use batches::{ScoreBatch, ScoreMatcher};
pub use dynamics::{Motion, ScoreFlow};
pub use objective::ScoreMatching;

use crate::error::require;
use crate::{Batches, Couples, Coupling, Fit, Flow, Minibatches, ModelError, Net, Recipe, Sampling, Space};
use chreode_core::{Network, Populations, Seed};
use chreode_nn::{MlpConfig, Shortcut};
use serde::{Deserialize, Serialize};

/// Settings of score and flow matching.
///
/// | name | default | range |
/// |---|---|---|
/// | `coupling` | `exact` | as [`FlowConfig`](crate::FlowConfig)'s; `schroedinger` has the regularisation 2σ² |
/// | `sampling` | `permutation` | `permutation`, `replacement` |
/// | `epsilon` | 0.05 | > 0; regularisation of `sinkhorn` and `unbalanced`, relative to the mean cost |
/// | `penalty` | 0.1 | > 0; `unbalanced`: price of leaving mass out, relative to the mean cost |
/// | `sigma` | 1 | > 0; diffusion per root of network time |
/// | `motion` | `stochastic` | `stochastic`, `deterministic`: how cells are moved by the trained model |
/// | `shortcut` | `absent` | `absent`, `affine`: an affine map beside the layers of the score's network, at first the score of a standard normal |
/// | `fit` | | the settings of training, see [`Fit`] |
///
/// The score of a Gaussian is a map of full rank, which layers narrower than the cells have coordinates cannot be: with
/// 50 coordinates or more, take wider layers or the shortcut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreFlowConfig {
    /// Which cells are paired.
    pub coupling: Coupling,
    /// How pairs are taken from an exact plan.
    pub sampling: Sampling,
    /// Regularisation of a plan, relative to the mean cost.
    pub epsilon: f64,
    /// Price of leaving mass out of a plan, relative to the mean cost.
    pub penalty: f64,
    /// Diffusion σ.
    pub sigma: f64,
    /// How cells are moved.
    pub motion: Motion,
    /// What stands beside the layers of the score's network.
    #[serde(with = "Beside")]
    pub shortcut: Shortcut,
    /// The settings of training.
    pub fit: Fit,
}

/// [`Shortcut`] in a settings file.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Shortcut", rename_all = "kebab-case")]
enum Beside {
    Absent,
    Affine,
}

impl Default for ScoreFlowConfig {
    /// \[SF\]²M with exact plans.
    fn default() -> Self {
        Self {
            coupling: Coupling::Exact,
            sampling: Sampling::Permutation,
            epsilon: 0.05,
            penalty: 0.1,
            sigma: 1.0,
            motion: Motion::Stochastic,
            shortcut: Shortcut::Absent,
            fit: Fit::default(),
        }
    }
}

impl ScoreFlowConfig {
    /// \[SF\]²M with entropic plans.
    pub fn schroedinger() -> Self {
        Self { coupling: Coupling::Schroedinger, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.coupling {
            Coupling::Exact => "[SF]2M-Exact",
            Coupling::Schroedinger | Coupling::Sinkhorn => "[SF]2M-Sinkhorn",
            Coupling::Unbalanced => "[SF]2M-Unbalanced",
            Coupling::Independent => "[SF]2M-Independent",
        }
    }
}

/// Sets the shortcut, where there is one, to the score of a standard normal: `s = −(σ²/2) x`.
fn begin_normal(score: &mut Net, sigma: f64) {
    let Some(shortcut) = score.layout().iter().find(|view| view.name == "shortcut.weight").cloned() else {
        return;
    };
    let mut flat = vec![0.0; score.parameter_count()];
    score.read_parameters(&mut flat);
    let (rows, columns) = (shortcut.shape[0], shortcut.shape[1]);
    // The first column is the time's.
    (0..rows).for_each(|i| flat[shortcut.offset + i * columns + i + 1] = (-0.5 * sigma * sigma) as f32);
    score.write_parameters(&flat);
}

impl Recipe for ScoreFlowConfig {
    type Data = Populations;
    type Objective = ScoreMatching<Net>;
    type Trained = ScoreFlow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("penalty", self.penalty, self.penalty > 0.0, "a number above 0")?;
        require("sigma", self.sigma, self.sigma > 0.0, "a number above 0")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let shape = MlpConfig::new(space.frame.dims());
        let velocity = self.fit.network("velocity", shape.clone())?;
        let mut score = self.fit.network("score", shape.shortcut(self.shortcut))?;
        begin_normal(&mut score, self.sigma);
        Ok(ScoreMatching::new(velocity, score))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let pairing = self.coupling.pairing(self.sampling, self.epsilon, self.penalty, self.sigma);
        let minibatches = Minibatches::new(data, self.fit.batch, Seed(self.fit.seed))?;
        Ok(Box::new(ScoreMatcher::new(Couples::new(minibatches, pairing), self.sigma as f32)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let (velocity, score) = objective.into_networks();
        ScoreFlow { flow: Flow { network: velocity, space }, score, sigma: self.sigma, motion: self.motion }
    }
}
