//! A stretch of a training run.

use crate::ModelError;
use chreode_nn::{AdamW, Ema, EmaStart, Schedule};
use std::ops::Range;

/// A number of updates that move some of the parameters by one rule.
///
/// Most models have one stage that moves everything. A model that first learns paths and then a flow along them, or
/// an autoencoder and then dynamics in its latent space, has two. A stage begins from what those before have learnt, in its
/// average where there is one; parameters that it does not move stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Updates.
    pub steps: u64,
    /// The parameters they move.
    pub parameters: Range<usize>,
    /// How.
    pub rule: Rule,
}

/// How a gradient moves the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The optimiser.
    pub optimiser: AdamW,
    /// The factor on its learning rate over the steps of the stage.
    pub schedule: Schedule,
    /// The largest norm of a gradient; longer ones are scaled down to it.
    pub clip: Option<f64>,
    /// The decay of the moving average that predicts; `None` predicts with the last parameters.
    pub average: Option<f64>,
}

impl Rule {
    /// The moving average of `parameters`, if one is wanted.
    pub(crate) fn ema(&self, parameters: &[f32]) -> Result<Option<Ema<f32>>, ModelError> {
        let average = self.average.map(|decay| Ema::new(decay, EmaStart::WarmUp, parameters));
        Ok(average.transpose()?)
    }
}
