//! An exponential moving average of the parameters.

use crate::kernel::{Element, Machine};
use crate::{NnError, error::expect_length, error::expect_range};

/// How the average starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EmaStart {
    /// The full decay from the first update on.
    #[default]
    Constant,
    /// Update k = 0, 1, … decays by min(`decay`, (1 + k) / (10 + k)), so that early parameters are soon
    /// forgotten (as TensorFlow's `ExponentialMovingAverage` with `num_updates`).
    WarmUp,
}

/// θ̄ ← d θ̄ + (1 - d) θ (Polyak & Juditsky 1992, doi:10.1137/0330046, with exponential weights).
///
/// Starts from the parameters it is given, not from zero, so that no bias needs correcting.
#[derive(Clone, Debug, PartialEq)]
pub struct Ema<A> {
    /// The decay d, in `[0, 1)`.
    pub decay: f64,
    /// How the average starts.
    pub start: EmaStart,
    /// The average θ̄.
    pub average: Vec<A>,
    /// Updates made.
    pub updates: u64,
}

impl<A: Element> Ema<A> {
    /// An average that starts from `params`.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless 0 ≤ `decay` < 1.
    pub fn new(decay: f64, start: EmaStart, params: &[A]) -> Result<Self, NnError> {
        expect_range("Ema's decay", decay, (0.0..1.0).contains(&decay), "at least 0 and below 1")?;
        Ok(Self { decay, start, average: params.to_vec(), updates: 0 })
    }

    /// Takes `params` into the average.
    ///
    /// # Errors
    /// [`NnError::Length`] for parameters of another network.
    pub fn update(&mut self, params: &[A]) -> Result<(), NnError> {
        expect_length("parameters", self.average.len(), params.len())?;
        let k = self.updates as f64;
        let decay = match self.start {
            EmaStart::Constant => self.decay,
            EmaStart::WarmUp => self.decay.min((1.0 + k) / (10.0 + k)),
        };
        self.updates += 1;
        let gain = A::from_f64(1.0 - decay);
        let average = &mut self.average;
        Machine::detect().run(
            #[inline(always)]
            || average.iter_mut().zip(params).for_each(|(mean, &p)| *mean += gain * (p - *mean)),
        );
        Ok(())
    }
}
