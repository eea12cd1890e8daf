//! How the learning rate changes with the step.

use crate::{NnError, error::expect_range};
use std::f64::consts::PI;

/// A factor on the learning rate, as a pure function of the step: a resumed run needs nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// Half a cosine from 1 at step 0 to `floor` at step `steps`, and `floor` from there on (Loshchilov &
    /// Hutter 2017, arXiv:1608.03983, equation 5, without restarts).
    Cosine {
        /// Steps to the floor.
        steps: u64,
        /// The last factor, in `[0, 1]`.
        floor: f64,
    },
    /// (k + 1) / `warmup` at step k < `warmup`, and then the cosine over the steps that remain.
    WarmupCosine {
        /// Steps of linear growth.
        warmup: u64,
        /// Steps to the floor, warm-up included.
        steps: u64,
        /// The last factor, in `[0, 1]`.
        floor: f64,
    },
}

impl Schedule {
    /// [`Cosine`](Self::Cosine), checked.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for no steps, or a floor outside `[0, 1]`.
    pub fn cosine(steps: u64, floor: f64) -> Result<Self, NnError> {
        Self::Cosine { steps, floor }.checked()
    }

    /// [`WarmupCosine`](Self::WarmupCosine), checked.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a warm-up that leaves no steps, or a floor outside `[0, 1]`.
    pub fn warmup_cosine(warmup: u64, steps: u64, floor: f64) -> Result<Self, NnError> {
        Self::WarmupCosine { warmup, steps, floor }.checked()
    }

    /// Itself, if every field is in its range.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] names the first that is not.
    pub fn checked(self) -> Result<Self, NnError> {
        let (warmup, steps, floor) = match self {
            Self::Constant => return Ok(self),
            Self::Cosine { steps, floor } => (0, steps, floor),
            Self::WarmupCosine { warmup, steps, floor } => (warmup, steps, floor),
        };
        expect_range("the schedule's steps", steps as f64, steps > warmup, "more than its warm-up")?;
        expect_range("the schedule's floor", floor, (0.0..=1.0).contains(&floor), "between 0 and 1")?;
        Ok(self)
    }

    /// The factor at `step`, counted from 0.
    pub fn factor(self, step: u64) -> f64 {
        let (warmup, steps, floor) = match self {
            Self::Constant => return 1.0,
            Self::Cosine { steps, floor } => (0, steps, floor),
            Self::WarmupCosine { warmup, steps, floor } => (warmup, steps, floor),
        };
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        if step >= steps {
            return floor;
        }
        let progress = (step - warmup) as f64 / (steps - warmup) as f64;
        floor + (1.0 - floor) * 0.5 * (1.0 + (PI * progress).cos())
    }
}
