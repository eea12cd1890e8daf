//! Flow matching along optimal-transport paths: one path from the first time to the last, drawn to the cells in between.
//!
//! Cells of the first and the last time are paired, and each pair is joined by the path that is accelerated as by
//!
//! `ẍ(q) = w Σ_k λ_k(q) ∇g_k(x(q_k))`,  `g_k(x) = ½ |x − y_k|²`,
//!
//! where `y_k` is the cell that optimal transport pairs with the path at inner time `q_k`, so that g is the potential of
//! the squared Wasserstein distance to that population. This is the published form with a frozen gradient: the force at q is
//! that at `q_k`, spread over the window `λ_k`. (It is not the Euler-Lagrange equation of a functional of `g_k(x(q_k))`, whose
//! force would act at `q_k` alone, nor of one of `g_k(x(q))`, whose force would change along the path.) It has the closed form of
//! [`Pulled`]; new partners and new paths take turns for a few rounds. Unlike a spline through chained cells the path need not
//! pass through noisy cells, and pairs are made once for all times.
//!
//! Kansal et al., *Multimarginal flow matching with optimal transport potentials* (OTP-FM), ICML 2026,
//! arXiv:2606.05327, equations 18 and 20, whose targets these are. With `partners = "independent"` a path is drawn to random
//! cells: the limit of infinite entropy, their W₂^∞. What differs: there a MeanFlow network learns the targets, paths have no
//! noise, and the pull grows from nothing over the first half of training.

mod batches;
mod pulled;
mod window;

pub use batches::PathMatcher;
pub use pulled::Pulled;
pub use window::Window;

use crate::error::require;
use crate::{
    Batches, Coupling, Fit, Flow, Minibatches, ModelError, Net, Recipe, Regression, Sampling, Space,
};
use chreode_core::{Populations, Seed};
use chreode_nn::MlpConfig;
use serde::{Deserialize, Serialize};

/// Settings of flow matching along optimal-transport paths.
///
/// | name | default | range |
/// |---|---|---|
/// | `weight` | 50 | ≥ 0; pull w of each inner time: the path goes about `w q (1 − q)/(1 + w q (1 − q))` of the way to its partner |
/// | `window` | `gaussian` | `gaussian`, `uniform`: how the pull of an inner time is spread around it |
/// | `width` | 0.15 | > 0, ≤ 0.5; deviation or half-width of the window, as a share of all time |
/// | `coupling` | `exact` | `exact`, `independent`: which cells of the first and the last time are paired |
/// | `partners` | `exact` | `exact`, `independent`: which cells of an inner time a path is drawn to |
/// | `rounds` | 2 | 1 to 100; times that partners are chosen |
/// | `sigma` | 0.1 | ≥ 0; noise of the path |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransportPathConfig {
    /// Pull of each inner time.
    pub weight: f64,
    /// How the pull of an inner time is spread around it.
    pub window: Window,
    /// Deviation or half-width of the window.
    pub width: f64,
    /// Which cells of the first and the last time are paired.
    pub coupling: Coupling,
    /// Which cells of an inner time a path is drawn to.
    pub partners: Coupling,
    /// Times that partners are chosen.
    pub rounds: usize,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for TransportPathConfig {
    fn default() -> Self {
        Self {
            weight: 50.0,
            window: Window::Gaussian,
            width: 0.15,
            coupling: Coupling::Exact,
            partners: Coupling::Exact,
            rounds: 2,
            sigma: 0.1,
            fit: Fit::default(),
        }
    }
}

impl Recipe for TransportPathConfig {
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
        require("weight", self.weight, self.weight >= 0.0, "a number of 0 or more")?;
        require("width", self.width, self.width > 0.0 && self.width <= 0.5, "above 0 and at most 0.5")?;
        for (name, coupling) in [("coupling", self.coupling), ("partners", self.partners)] {
            if !matches!(coupling, Coupling::Exact | Coupling::Independent) {
                return Err(ModelError::Setting { name, rule: "exact or independent" });
            }
        }
        require("rounds", self.rounds as f64, (1..=100).contains(&self.rounds), "1 to 100")?;
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
        let minibatches = Minibatches::new(data, self.fit.batch, Seed(self.fit.seed))?;
        let times = minibatches.times();
        let (first, all) = (times[0], times[times.len() - 1] - times[0]);
        let inner = times[1..times.len() - 1].iter().map(|t| (t - first) / all).collect();
        let pulled = Pulled::new(inner, self.weight, self.window, self.width);
        let pairings =
            [self.coupling, self.partners].map(|c| c.pairing(Sampling::Permutation, 1.0, 1.0, self.sigma));
        Ok(Box::new(PathMatcher::new(minibatches, pairings, pulled, self.rounds, self.sigma as f32)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.network, space }
    }
}
