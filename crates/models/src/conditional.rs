//! Conditional flow matching under conditions, with classifier-free guidance.
//!
//! Cells move under a condition c: a perturbation, a donor, a dose. The network sees c, and with probability p instead a null
//! token ∅ in its place, so that it learns the velocity of each condition and that of all together at once:
//!
//! `L(θ) = E_{c, (x₀, x₁) ~ π_c, x} |v_θ(τ, x | ĉ) − u(x | x₀, x₁)|²`, ĉ = ∅ with probability p, else c
//!
//! (Ho and Salimans 2022, arXiv:2207.12598, algorithm 1; for flows Zheng et al. 2023, arXiv:2311.13443). Cells
//! move with the guided velocity of the latter (the weight of the former is w − 1)
//!
//! `v(τ, x) = v_θ(τ, x | ∅) + w (v_θ(τ, x | c) − v_θ(τ, x | ∅))`:
//!
//! w = 0 knows no condition, w = 1 is the flow of the condition, and w > 1 exaggerates what sets it apart.
//!
//! A plan over all cells pairs cells across conditions, and the flow of a condition then starts from other cells than that
//! condition has (Cheng and Schwing 2025, arXiv:2503.10636). So pairs are made either within each condition or at
//! a cost of the condition, see [`Matching`].

mod batches;
mod flow;
mod mixed;
mod objective;

pub use batches::{ConditionalBatch, JointMatcher, WithinMatcher};
pub use flow::{Conditional, ConditionalFlow, Guided};
pub use mixed::Mixed;
pub use objective::ConditionalRegression;

use crate::error::require;
use crate::{
    Batches, Conditioned, Coupling, Fit, FlowConfig, Minibatches, ModelError, PathKind, Recipe, Sampling,
    Space,
};
use chreode_core::Seed;
use chreode_nn::{Conditioned as ConditionedMlp, Conditioning, MlpConfig};
use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

/// The rows `[x, c]` that a network of conditions reads.
fn rows(x: ArrayView2<'_, f32>, conditions: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut rows = Array2::zeros((x.nrows(), x.ncols() + conditions.ncols()));
    rows.slice_mut(s![.., ..x.ncols()]).assign(&x);
    rows.slice_mut(s![.., x.ncols()..]).assign(&conditions);
    rows
}

/// Which cells may be paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// Cells of one condition: a plan a condition.
    Within,
    /// Any cells, at a cost of the distance between their conditions beside that between their states: C²OT. For
    /// covariates that each cell has its own value of.
    Joint,
}

/// How a condition enters the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionInput {
    /// As further columns of the input: the first layer's weights on them are a learnt embedding.
    Concatenation,
    /// It and the time scale and shift every hidden layer before its nonlinearity.
    Modulation,
}

/// Settings of conditional flow matching under conditions.
///
/// | name | default | range |
/// |---|---|---|
/// | `matching` | `within` | `within`, `joint` |
/// | `distance` | 1 | > 0; `joint`: what two conditions cost, relative to the mean squared distance of two cells |
/// | `conditions` | 8 | 1 to 1024; `within`: conditions drawn a step, each with its share of the batch |
/// | `dropout` | 0.2 | [0, 1): how often the condition is not told |
/// | `guidance` | 1 | any; w, with which cells are moved unless told otherwise |
/// | `input` | `concatenation` | `concatenation`, `modulation` |
/// | `coupling`, `path`, `sampling`, `epsilon`, `penalty`, `sigma` | OT-CFM | as [`FlowConfig`]'s |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionalConfig {
    /// Which cells may be paired.
    pub matching: Matching,
    /// What two conditions cost in a joint plan.
    pub distance: f64,
    /// Conditions drawn a step.
    pub conditions: usize,
    /// How often the condition is not told.
    pub dropout: f64,
    /// The weight w of the condition when cells are moved.
    pub guidance: f64,
    /// How the condition enters the network.
    pub input: ConditionInput,
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

impl Default for ConditionalConfig {
    /// OT-CFM with a plan a condition.
    fn default() -> Self {
        let FlowConfig { coupling, path, sampling, epsilon, penalty, sigma, fit } = FlowConfig::default();
        let (matching, input) = (Matching::Within, ConditionInput::Concatenation);
        let (distance, conditions, dropout, guidance) = (1.0, 8, 0.2, 1.0);
        Self {
            matching,
            distance,
            conditions,
            dropout,
            guidance,
            input,
            coupling,
            path,
            sampling,
            epsilon,
            penalty,
            sigma,
            fit,
        }
    }
}

impl ConditionalConfig {
    /// C²OT: one plan over all conditions, at a cost of the condition.
    pub fn joint() -> Self {
        Self { matching: Matching::Joint, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> String {
        match (self.matching, self.flow().method()) {
            (Matching::Within, method) => format!("conditional {method}"),
            (Matching::Joint, "OT-CFM") => "C2OT-CFM".into(),
            (Matching::Joint, method) => format!("condition-aware {method}"),
        }
    }

    /// The pairing and the path.
    fn flow(&self) -> FlowConfig {
        let Self { coupling, path, sampling, epsilon, penalty, sigma, ref fit, .. } = *self;
        FlowConfig { coupling, path, sampling, epsilon, penalty, sigma, fit: fit.clone() }
    }
}

impl Recipe for ConditionalConfig {
    type Data = Conditioned;
    type Objective = ConditionalRegression;
    type Trained = ConditionalFlow;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        self.flow().check()?;
        require("distance", self.distance, self.distance > 0.0, "a number above 0")?;
        let some = (1..=1024).contains(&self.conditions);
        require("conditions", self.conditions as f64, some, "1 to 1024")?;
        require("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), "in [0, 1)")?;
        require("guidance", self.guidance, true, "a finite number")?;
        if self.matching == Matching::Joint && self.path == PathKind::Target {
            let rule = "within for the path target, which begins at noise and not at a cell";
            return Err(ModelError::Setting { name: "matching", rule });
        }
        Ok(())
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let Some(conditions) = &space.conditions else {
            let reason = "it is of a model of conditions and names none".into();
            return Err(ModelError::Checkpoint { reason });
        };
        let input = match self.input {
            ConditionInput::Concatenation => Conditioning::Concatenation,
            ConditionInput::Modulation => Conditioning::Modulation,
        };
        let shape = self.fit.shaped(MlpConfig::new(space.frame.dims()));
        let mut rng = Seed(self.fit.seed).stream("network", 0);
        let network = ConditionedMlp::new(&shape, conditions.width(), input, &mut rng)?;
        Ok(ConditionalRegression::new(self.fit.device.network(network)?))
    }

    fn batches<'d>(
        &self,
        data: &'d Conditioned,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let (flow, seed) = (self.flow(), Seed(self.fit.seed));
        let path = self.path.path(self.sigma as f32);
        if self.matching == Matching::Joint {
            if data.control().is_some() {
                let rule = "within where conditions start from a control, whose cells have no condition of their own";
                return Err(ModelError::Setting { name: "matching", rule });
            }
            let matcher =
                JointMatcher::new(data, (flow.pairing(), path), self.distance, self.fit.batch, seed)?;
            return Ok(Box::new(matcher.telling(1.0 - self.dropout)));
        }
        let series = data.series()?;
        if self.path == PathKind::Target && series.iter().any(|(_, cells)| cells.snapshots().len() != 2) {
            let needs = "two times of every condition, the first of which stands for standard normal noise";
            return Err(ModelError::Data { model: self.method(), needs: needs.into() });
        }
        let slots = self.conditions.min(series.len()).max(1);
        let batch = (self.fit.batch / slots).max(2);
        let minibatches = |k: usize, cells| {
            Minibatches::owned(cells, space.clock, batch, seed.child(&format!("condition {k}")))
        };
        let matcher = WithinMatcher::new(series, data.conditions(), slots, (&flow, path), minibatches)?;
        Ok(Box::new(matcher.telling(1.0 - self.dropout)))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        ConditionalFlow { network: objective.network, space, guidance: self.guidance }
    }
}
