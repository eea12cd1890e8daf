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
    /// (k + 1) / `warmup` at step k < `warmup`, and 1 from there on.
    Warmup {
        /// Steps of linear growth.
        warmup: u64,
    },
    /// `rate`ᵏ at step k.
    Exponential {
        /// The factor from one step to the next, in `(0, 1]`.
        rate: f64,
    },
    /// `rate` to the power ⌊k / `every`⌋ at step k.
    Step {
        /// Steps between two drops.
        every: u64,
        /// The factor of each drop, in `(0, 1]`.
        rate: f64,
    },
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

    /// [`Warmup`](Self::Warmup), checked.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for no steps.
    pub fn warmup(warmup: u64) -> Result<Self, NnError> {
        Self::Warmup { warmup }.checked()
    }

    /// [`Exponential`](Self::Exponential), checked.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a rate outside `(0, 1]`.
    pub fn exponential(rate: f64) -> Result<Self, NnError> {
        Self::Exponential { rate }.checked()
    }

    /// [`Step`](Self::Step), checked.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for no steps between drops, or a rate outside `(0, 1]`.
    pub fn step(every: u64, rate: f64) -> Result<Self, NnError> {
        Self::Step { every, rate }.checked()
    }

    /// Itself, if every field is in its range.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] names the first that is not.
    pub fn checked(self) -> Result<Self, NnError> {
        let steps = |name, steps: u64| expect_range(name, steps as f64, steps > 0, "at least 1");
        let rate = |rate: f64| {
            let inside = rate > 0.0 && rate <= 1.0;
            expect_range("the schedule's rate", rate, inside, "above 0 and at most 1")
        };
        match self {
            Self::Constant => {}
            Self::Warmup { warmup } => steps("the schedule's warmup", warmup)?,
            Self::Exponential { rate: r } => rate(r)?,
            Self::Step { every, rate: r } => {
                steps("the schedule's every", every)?;
                rate(r)?;
            }
            Self::Cosine { steps, floor } => cosine_checked(0, steps, floor)?,
            Self::WarmupCosine { warmup, steps, floor } => cosine_checked(warmup, steps, floor)?,
        }
        Ok(self)
    }

    /// The factor at `step`, counted from 0.
    pub fn factor(self, step: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Warmup { warmup } => ((step + 1) as f64 / warmup as f64).min(1.0),
            Self::Exponential { rate } => rate.powf(step as f64),
            Self::Step { every, rate } => rate.powf(step.checked_div(every).unwrap_or(0) as f64),
            Self::Cosine { steps, floor } => cosine(0, steps, floor, step),
            Self::WarmupCosine { warmup, steps, floor } => cosine(warmup, steps, floor, step),
        }
    }
}

fn cosine_checked(warmup: u64, steps: u64, floor: f64) -> Result<(), NnError> {
    expect_range("the schedule's steps", steps as f64, steps > warmup, "more than its warm-up")?;
    expect_range("the schedule's floor", floor, (0.0..=1.0).contains(&floor), "between 0 and 1")
}

fn cosine(warmup: u64, steps: u64, floor: f64, step: u64) -> f64 {
    if step < warmup {
        return (step + 1) as f64 / warmup as f64;
    }
    if step >= steps {
        return floor;
    }
    let progress = (step - warmup) as f64 / (steps - warmup) as f64;
    floor + (1.0 - floor) * 0.5 * (1.0 + (PI * progress).cos())
}
