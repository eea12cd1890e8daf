//! Metric flow matching: paths that stay where cells are.
//!
//! Straight lines between paired cells leave the manifold of the data. Here a first network bends them,
//!
//! `γ(s) = (1 − s) x₀ + s x₁ + s (1 − s) φ(s, x₀, x₁)`, `min_φ E |γ̇(s)|²_{G(γ(s))}`,
//!
//! with a metric G of the cells of the two times it lies between ([`Land`], [`Rbf`]): geodesics, without simulation. A
//! second network then regresses the velocity of the bent paths, as in [`FlowConfig`](crate::FlowConfig).
//!
//! Kapusniak et al., *Metric flow matching for smooth interpolations on the data manifold*, NeurIPS 2024,
//! arXiv:2405.14780, algorithms 1 and 2, eqs. 6–12.

mod batches;
mod objective;

pub use batches::{BentBatch, BentMatcher};
pub use objective::BentPaths;

use self::batches::metrics;
use crate::error::require;
use crate::{
    Batches, Couples, Coupling, Fit, Flow, Made, Minibatches, ModelError, Net, Objective, Recipe, Sampling,
    Shape, Space, Stage,
};
use chreode_core::{Populations, Seed};
use chreode_nn::MlpConfig;
use serde::{Deserialize, Serialize};

/// Which metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetricKind {
    /// [`Land`](crate::Land), of the minibatches of each step.
    Land,
    /// [`Rbf`](crate::Rbf), of all cells of two times.
    Rbf,
}

/// Settings of metric flow matching.
///
/// | name | default | range |
/// |---|---|---|
/// | `metric` | `land` | `land`, `rbf` |
/// | `coupling` | `exact` | as [`FlowConfig`](crate::FlowConfig)'s |
/// | `epsilon`, `penalty` | 0.05, 0.1 | > 0; as [`FlowConfig`](crate::FlowConfig)'s |
/// | `sigma` | 0.1 | ≥ 0; noise of the path, which the metric does not see |
/// | `gamma` | 0.125 | > 0; `land`: width of a cell's kernel, in network coordinates |
/// | `centres` | 150 | ≥ 1; `rbf` |
/// | `kappa` | 1.5 | > 0; `rbf`: width of a centre's kernel, in radii of its cluster |
/// | `rho` | 0.001 | > 0; the metric is `(h + ρ)^{−power}` |
/// | `power` | 1 | > 0 |
/// | `path_steps` | 3000 | ≥ 1; updates of the path's network, before those of `fit` |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricFlowConfig {
    /// Which metric.
    pub metric: MetricKind,
    /// Which cells are paired.
    pub coupling: Coupling,
    /// Regularisation of a plan, relative to the mean cost.
    pub epsilon: f64,
    /// Price of leaving mass out of a plan, relative to the mean cost.
    pub penalty: f64,
    /// Noise of the path.
    pub sigma: f64,
    /// Width of a cell's kernel.
    pub gamma: f64,
    /// Radial basis functions.
    pub centres: usize,
    /// Their width in radii of their clusters.
    pub kappa: f64,
    /// What a place without cells costs.
    pub rho: f64,
    /// The metric's power.
    pub power: f64,
    /// Updates of the path's network.
    pub path_steps: u64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for MetricFlowConfig {
    /// OT-MFM with the LAND metric.
    fn default() -> Self {
        Self {
            metric: MetricKind::Land,
            coupling: Coupling::Exact,
            epsilon: 0.05,
            penalty: 0.1,
            sigma: 0.1,
            gamma: 0.125,
            centres: 150,
            kappa: 1.5,
            rho: 1e-3,
            power: 1.0,
            path_steps: 3000,
            fit: Fit::default(),
        }
    }
}

impl MetricFlowConfig {
    /// OT-MFM with the RBF metric.
    pub fn rbf() -> Self {
        Self { metric: MetricKind::Rbf, rho: 0.06, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match (self.coupling, self.metric) {
            (Coupling::Independent, MetricKind::Land) => "I-MFM (LAND)",
            (Coupling::Independent, MetricKind::Rbf) => "I-MFM (RBF)",
            (Coupling::Unbalanced, MetricKind::Land) => "UOT-MFM (LAND)",
            (Coupling::Unbalanced, MetricKind::Rbf) => "UOT-MFM (RBF)",
            (_, MetricKind::Land) => "OT-MFM (LAND)",
            (_, MetricKind::Rbf) => "OT-MFM (RBF)",
        }
    }

    /// The metric's shape.
    fn shape(&self) -> Shape {
        Shape { rho: self.rho, power: self.power }
    }
}

impl Recipe for MetricFlowConfig {
    type Data = Populations;
    type Objective = BentPaths<Net>;
    type Trained = Flow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("path_steps", &mut self.path_steps), ("fit.steps", &mut self.fit.steps)]
    }

    fn check(&self) -> Result<(), ModelError> {
        for (name, value) in [
            ("epsilon", self.epsilon),
            ("penalty", self.penalty),
            ("gamma", self.gamma),
            ("kappa", self.kappa),
            ("rho", self.rho),
            ("power", self.power),
        ] {
            require(name, value, value > 0.0, "a number above 0")?;
        }
        require("centres", self.centres as f64, self.centres > 0, "1 or more")?;
        require("path_steps", self.path_steps as f64, self.path_steps > 0, "1 or more")?;
        let schroedinger = self.coupling == Coupling::Schroedinger;
        let least =
            if schroedinger { "above 0 for the coupling of a schroedinger bridge" } else { "0 or more" };
        require("sigma", self.sigma, self.sigma > 0.0 || (!schroedinger && self.sigma == 0.0), least)
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let dims = space.frame.dims();
        let path = self.fit.network("path", MlpConfig::new(2 * dims + 1).output(dims))?;
        Ok(BentPaths::new(path, self.fit.network("velocity", MlpConfig::new(dims))?, self.sigma as f32))
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
        let pairing = self.coupling.pairing(Sampling::Permutation, self.epsilon, self.penalty, self.sigma);
        let seed = Seed(self.fit.seed);
        let couples = Couples::new(Minibatches::new(data, self.fit.batch, seed)?, pairing);
        Ok(Box::new(match self.metric {
            MetricKind::Land => BentMatcher::land(couples, self.gamma, self.shape()),
            MetricKind::Rbf => {
                let fit = || metrics(data, self.centres, self.kappa, self.shape(), seed);
                BentMatcher::along(couples, made.or(fit).to_vec())
            }
        }))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.into_velocity(), space }
    }

    /// First the paths, then the flow along them.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        let [path, velocity] = objective.ranges();
        debug_assert_eq!(velocity.end, objective.parameter_count());
        let first = Stage { steps: self.path_steps, parameters: path, rule: self.fit.rule(self.path_steps)? };
        Ok(vec![first, self.fit.stage(velocity)?])
    }
}
