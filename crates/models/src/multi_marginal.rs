//! Multi-marginal flow matching: curves through a cell at every time.
//!
//! Couplings of neighbouring times are chained, and a cubic curve is laid through each chain `x₀, x₁, …, x_T`: the
//! network regresses its velocity,
//!
//! `L(θ) = Σ_j E |v_θ(τ, γ(τ) + σ ε) − γ̇(τ)|²`, `τ` uniform in interval j.
//!
//! Unlike straight pieces, the curves know where a cell comes from and where it goes on to, so that an interval without
//! measurements is crossed as its neighbours suggest. With natural splines this is the interpolant of MMFM (Rohbeck et
//! al., *Modeling complex system dynamics with flow matching across time and conditions*, ICLR 2025), with monotone
//! ones that of MMSFM (Lee et al., ICML 2025, arXiv:2508.04351), here over all times at once.

use crate::error::require;
use crate::{
    Batch, BatchSource, Batches, Chains, Coupling, Curve, Fit, Flow, Minibatches, ModelError, Net, Pairing,
    Recipe, Regression, Sampling, Space, Spline,
};
use chreode_core::{Populations, Seed};
use chreode_nn::MlpConfig;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Settings of multi-marginal flow matching.
///
/// | name | default | range |
/// |---|---|---|
/// | `spline` | `natural` | `linear`, `natural`, `monotone` |
/// | `coupling` | `exact` | `exact`, `sinkhorn`, `schroedinger`, `independent` |
/// | `epsilon` | 0.05 | > 0; regularisation of `sinkhorn`, relative to the mean cost |
/// | `sigma` | 0.1 | ≥ 0; above 0 for `schroedinger`, whose regularisation is 2σ² |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MultiMarginalConfig {
    /// The curve through a chain.
    pub spline: Spline,
    /// Which cells are paired.
    pub coupling: Coupling,
    /// Regularisation of a plan, relative to the mean cost.
    pub epsilon: f64,
    /// Noise of the path.
    pub sigma: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for MultiMarginalConfig {
    /// MMFM.
    fn default() -> Self {
        let (coupling, fit) = (Coupling::Exact, Fit::default());
        Self { spline: Spline::Natural, coupling, epsilon: 0.05, sigma: 0.1, fit }
    }
}

impl MultiMarginalConfig {
    /// With monotone curves.
    pub fn monotone() -> Self {
        Self { spline: Spline::Monotone, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.spline {
            Spline::Linear => "MMFM (linear)",
            Spline::Natural => "MMFM",
            Spline::Monotone => "MMFM (monotone)",
        }
    }
}

/// Curves through chains.
pub struct MultiMatcher<'p, Q> {
    chains: Chains<'p, Q>,
    curve: Curve,
    sigma: f32,
}

impl<'p, Q: Pairing> MultiMatcher<'p, Q> {
    /// Curves of one kind through `chains`, with noise `sigma`.
    pub fn new(chains: Chains<'p, Q>, spline: Spline, sigma: f32) -> Self {
        let curve = Curve::new(spline, chains.minibatches().times());
        Self { chains, curve, sigma }
    }
}

impl<Q: Pairing> BatchSource for MultiMatcher<'_, Q> {
    type Batch = Batch;

    fn batch(&self, index: u64) -> Result<Batch, ModelError> {
        let (chained, mut rng) = self.chains.draw(index)?;
        let times = self.curve.times();
        let (width, knots) = (self.chains.minibatches().populations().dims(), times.len());
        let mut batch = Batch::empty(chained.len() * (knots - 1), width);
        let (mut x, mut slopes) = (vec![0.0; knots], vec![0.0; knots]);
        for c in 0..chained.len() {
            let moments: Vec<f64> = (1..knots).map(|_| f64::from(rng.random::<f32>())).collect();
            let first = batch.t.len();
            for (j, s) in moments.iter().enumerate() {
                batch.push((times[j] + s * (times[j + 1] - times[j])) as f32);
            }
            for i in 0..width {
                chained.knots(c, i, &mut x);
                self.curve.slopes(&x, &mut slopes);
                for (j, &s) in moments.iter().enumerate() {
                    let (position, velocity) = self.curve.at(j, s, &x, &slopes);
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    batch.x[[first + j, i]] = position as f32 + self.sigma * noise;
                    batch.u[[first + j, i]] = velocity as f32;
                }
            }
        }
        Ok(batch)
    }
}

impl Recipe for MultiMarginalConfig {
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
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        match self.coupling {
            Coupling::Schroedinger => require(
                "sigma",
                self.sigma,
                self.sigma > 0.0,
                "above 0 for the coupling of a schroedinger bridge",
            ),
            Coupling::Unbalanced => {
                let rule = "one that gives each cell a partner: a chain passes through every time";
                Err(ModelError::Setting { name: "coupling", rule })
            }
            _ => Ok(()),
        }
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        Ok(Regression::new(self.fit.network("network", MlpConfig::new(space.frame.dims()))?))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let pairing = self.coupling.pairing(Sampling::Permutation, self.epsilon, 1.0, self.sigma);
        let minibatches = Minibatches::new(data, self.fit.batch, Seed(self.fit.seed))?;
        Ok(Box::new(MultiMatcher::new(Chains::new(minibatches, pairing), self.spline, self.sigma as f32)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.network, space }
    }
}
