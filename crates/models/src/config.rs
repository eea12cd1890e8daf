//! The settings of a matching run: everything that decides its result, beside the data.

use crate::{Entropic, Exact, Independent, ModelError, Pairing, Rule, Sampling};
use chreode_nn::{Activation, AdamW, Ema, EmaStart, Mlp, MlpConfig, Schedule};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Which cells are paired: the choice between I-CFM and OT-CFM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// Exact minibatch optimal transport: OT-CFM.
    Exact,
    /// Entropic minibatch optimal transport.
    Sinkhorn,
    /// Independent pairs: I-CFM.
    Independent,
}

/// Settings of conditional flow matching on snapshots.
///
/// | name | default | range |
/// |---|---|---|
/// | `coupling` | `exact` | `exact`, `sinkhorn`, `independent` |
/// | `sampling` | `permutation` | `permutation`, `replacement` |
/// | `epsilon` | 0.05 | > 0; Sinkhorn's regularisation, relative to the mean cost |
/// | `sigma` | 0.1 | ≥ 0 |
/// | `hidden` | [64, 64, 64] | widths of 1 to 16384 |
/// | `activation` | `selu` | see [`Activation`] |
/// | `batch` | 256 | cells a snapshot and step, 2 to 32768 |
/// | `steps` | 10 000 | ≥ 1 |
/// | `lr` | 1e-3 | > 0, cosine to a hundredth over `steps` |
/// | `weight_decay` | 1e-5 | ≥ 0 |
/// | `ema` | 0.999 | [0, 1); 0 predicts with the last parameters |
/// | `clip` | 0 | ≥ 0; the gradient's norm, 0 for no limit |
/// | `seed` | 42 | any |
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
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Their activation.
    #[serde(with = "by_name")]
    pub activation: Activation,
    /// Cells drawn a snapshot and step.
    pub batch: usize,
    /// Updates in all.
    pub steps: u64,
    /// Learning rate at the start.
    pub lr: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Decay of the parameters' moving average.
    pub ema: f64,
    /// Limit of the gradient's norm.
    pub clip: f64,
    /// The seed of every random number.
    pub seed: u64,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            coupling: Coupling::Exact,
            sampling: Sampling::Permutation,
            epsilon: 0.05,
            sigma: 0.1,
            hidden: vec![64, 64, 64],
            activation: Activation::Selu,
            batch: 256,
            steps: 10_000,
            lr: 1e-3,
            weight_decay: 1e-5,
            ema: 0.999,
            clip: 0.0,
            seed: 42,
        }
    }
}

/// Two layers of the widest have 2.7e8 weights between them, 1 GiB.
const WIDTHS: RangeInclusive<usize> = 1..=16_384;
/// The costs between the largest batches take 8 GiB in double precision.
const BATCHES: RangeInclusive<usize> = 2..=32_768;

impl FlowConfig {
    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.coupling {
            Coupling::Exact => "OT-CFM",
            Coupling::Sinkhorn => "OT-CFM (Sinkhorn)",
            Coupling::Independent => "I-CFM",
        }
    }

    /// Checks every number once.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] with the name, the value and the range.
    pub fn checked(self) -> Result<Self, ModelError> {
        let bad = |name, value, rule| Err(ModelError::Parameter { name, value, rule });
        if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            return bad("epsilon", self.epsilon, "a number above 0");
        }
        if !(self.sigma.is_finite() && self.sigma >= 0.0) {
            return bad("sigma", self.sigma, "a number of 0 or more");
        }
        if let Some(width) = self.hidden.iter().find(|w| !WIDTHS.contains(w)) {
            return bad("hidden", *width as f64, "widths of 1 to 16384");
        }
        if !BATCHES.contains(&self.batch) {
            return bad("batch", self.batch as f64, "2 to 32768");
        }
        if self.steps == 0 {
            return bad("steps", 0.0, "1 or more");
        }
        if !(self.lr.is_finite() && self.lr > 0.0) {
            return bad("lr", self.lr, "a number above 0");
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return bad("weight_decay", self.weight_decay, "a number of 0 or more");
        }
        if !(0.0..1.0).contains(&self.ema) {
            return bad("ema", self.ema, "in [0, 1)");
        }
        if !(self.clip.is_finite() && self.clip >= 0.0) {
            return bad("clip", self.clip, "a number of 0 or more");
        }
        Ok(self)
    }

    /// The pairing.
    pub fn pairing(&self) -> Box<dyn Pairing> {
        match self.coupling {
            Coupling::Exact => Box::new(Exact::new(self.sampling)),
            Coupling::Sinkhorn => Box::new(Entropic { epsilon: self.epsilon }),
            Coupling::Independent => Box::new(Independent),
        }
    }

    /// A new network for states of `dims` features.
    ///
    /// # Errors
    /// What the network refuses.
    pub fn network(&self, dims: usize) -> Result<Mlp<f32>, ModelError> {
        let mut rng = chreode_core::Seed(self.seed).stream("network", 0);
        Ok(Mlp::new(self.shape(dims), &mut rng)?)
    }

    /// The network's shape.
    pub fn shape(&self, dims: usize) -> MlpConfig {
        MlpConfig::new(dims).hidden(self.hidden.clone()).activation(self.activation)
    }

    /// How a gradient moves the parameters: AdamW, with a cosine down to a hundredth of the rate.
    ///
    /// # Errors
    /// What the optimiser refuses.
    pub fn rule(&self) -> Result<Rule, ModelError> {
        let optimiser = AdamW::new(self.lr)?.weight_decay(self.weight_decay)?;
        let schedule = Schedule::cosine(self.steps, 0.01)?;
        Ok(Rule { optimiser, schedule, clip: (self.clip > 0.0).then_some(self.clip) })
    }

    /// The moving average of `parameters`, if one is wanted.
    ///
    /// # Errors
    /// What the average refuses.
    pub fn average(&self, parameters: &[f32]) -> Result<Option<Ema<f32>>, ModelError> {
        if self.ema == 0.0 {
            return Ok(None);
        }
        Ok(Some(Ema::new(self.ema, EmaStart::WarmUp, parameters)?))
    }
}

/// Enums of other crates in a configuration file, by their names.
mod by_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::{fmt::Display, str::FromStr};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(input: D) -> Result<T, D::Error>
    where
        T::Err: Display,
    {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}
