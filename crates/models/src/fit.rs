//! The settings of training that every model has.

use crate::{Device, ModelError, Net, Rule, Stage, error::require};
use chreode_nn::{Activation, AdamW, Mlp, MlpConfig, Schedule};
use serde::{Deserialize, Serialize};
use std::ops::{Range, RangeInclusive};

/// The networks' shape, the number of updates and how they are made.
///
/// | name | default | range |
/// |---|---|---|
/// | `hidden` | [64, 64, 64] | widths of 1 to 16384 |
/// | `activation` | `selu` | see [`Activation`] |
/// | `batch` | 256 | cells (or series) a step, 2 to 32768 |
/// | `steps` | 10 000 | ≥ 1 |
/// | `lr` | 1e-3 | > 0, cosine to a hundredth over `steps` |
/// | `weight_decay` | 1e-5 | ≥ 0 |
/// | `ema` | 0.999 | [0, 1); 0 predicts with the last parameters |
/// | `clip` | 0 | ≥ 0; the gradient's norm, 0 for no limit |
/// | `seed` | 42 | any |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fit {
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
    /// Where the networks are computed; in no file.
    #[serde(skip)]
    pub device: Device,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            hidden: vec![64, 64, 64],
            activation: Activation::Selu,
            batch: 256,
            steps: 10_000,
            lr: 1e-3,
            weight_decay: 1e-5,
            ema: 0.999,
            clip: 0.0,
            seed: 42,
            device: Device::default(),
        }
    }
}

/// Two layers of the widest have 2.7e8 weights between them, 1 GiB.
const WIDTHS: RangeInclusive<usize> = 1..=16_384;
/// The costs between the largest batches take 8 GiB in double precision.
const BATCHES: RangeInclusive<usize> = 2..=32_768;

impl Fit {
    /// Checks every number once.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] with the name, the value and the range.
    pub fn check(&self) -> Result<(), ModelError> {
        let width = self.hidden.iter().find(|w| !WIDTHS.contains(w));
        require("hidden", width.map_or(1.0, |w| *w as f64), width.is_none(), "widths of 1 to 16384")?;
        require("batch", self.batch as f64, BATCHES.contains(&self.batch), "2 to 32768")?;
        require("steps", self.steps as f64, self.steps > 0, "1 or more")?;
        require("lr", self.lr, self.lr > 0.0, "a number above 0")?;
        require("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "a number of 0 or more")?;
        require("ema", self.ema, (0.0..1.0).contains(&self.ema), "in [0, 1)")?;
        require("clip", self.clip, self.clip >= 0.0, "a number of 0 or more")
    }

    /// A new network of `shape` with the hidden layers of these settings; `name` chooses its random numbers, so that
    /// two networks of a model start apart. They start alike on every device.
    ///
    /// # Errors
    /// What the network or the device refuses.
    pub fn network(&self, name: &str, shape: MlpConfig) -> Result<Net, ModelError> {
        let mut rng = chreode_core::Seed(self.seed).stream(name, 0);
        self.device.network(Mlp::new(self.shaped(shape), &mut rng)?)
    }

    /// `shape` with the hidden layers of these settings.
    pub fn shaped(&self, shape: MlpConfig) -> MlpConfig {
        shape.hidden(self.hidden.clone()).activation(self.activation)
    }

    /// How a gradient moves the parameters over `steps`: AdamW, with a cosine down to a hundredth of the rate.
    ///
    /// # Errors
    /// What the optimiser refuses.
    pub fn rule(&self, steps: u64) -> Result<Rule, ModelError> {
        let optimiser = AdamW::new(self.lr)?.weight_decay(self.weight_decay)?;
        let schedule = Schedule::cosine(steps, 0.01)?;
        let clip = (self.clip > 0.0).then_some(self.clip);
        Ok(Rule { optimiser, schedule, clip, average: (self.ema > 0.0).then_some(self.ema) })
    }

    /// All updates as one stage that moves `parameters`.
    ///
    /// # Errors
    /// What the optimiser refuses.
    pub fn stage(&self, parameters: Range<usize>) -> Result<Stage, ModelError> {
        Ok(Stage { steps: self.steps, parameters, rule: self.rule(self.steps)? })
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
