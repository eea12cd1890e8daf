//! What the error of a step is measured by.

use crate::{Tolerance, VectorSpace};
use thiserror::Error;

/// A size for errors: 1 is exactly on tolerance.
///
/// [`Tolerance`] is the usual one, the root mean square of `errorᵢ / (atol + rtol max(|aᵢ|, |bᵢ|))`. Any
/// `Fn(&Y, &Y, &Y) -> f64` is one too: a norm of your own is a closure.
pub trait Norm<Y> {
    /// The size of `error`, made between the states `a` and `b`.
    fn measure(&self, error: &Y, a: &Y, b: &Y) -> f64;

    /// Whether states like `y` can be held to it; asked once, before a solve.
    ///
    /// # Errors
    /// Says which tolerance cannot be met.
    fn check(&self, _y: &Y) -> Result<(), ToleranceError> {
        Ok(())
    }
}

/// A tolerance nothing can be held to.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error(
    "tolerance rtol = {rtol:e}, atol = {atol:e}{} cannot be met; give finite numbers, none negative, not both zero",
    .entry.map(|i| format!(" of entry {i}")).unwrap_or_default()
)]
pub struct ToleranceError {
    /// Relative part.
    pub rtol: f64,
    /// Absolute part.
    pub atol: f64,
    /// Which entry of the state, when each has its own.
    pub entry: Option<usize>,
}

impl Tolerance {
    /// Whether both parts are finite, neither negative, and not both zero.
    ///
    /// # Errors
    /// Otherwise.
    pub fn checked(self) -> Result<Self, ToleranceError> {
        let Self { rtol, atol } = self;
        let fine = |x: f64| x.is_finite() && x >= 0.0;
        if fine(rtol) && fine(atol) && rtol + atol > 0.0 {
            Ok(self)
        } else {
            Err(ToleranceError { rtol, atol, entry: None })
        }
    }
}

impl<Y: VectorSpace> Norm<Y> for Tolerance {
    #[inline]
    fn measure(&self, error: &Y, a: &Y, b: &Y) -> f64 {
        error.scaled_rms(a, b, *self)
    }

    fn check(&self, _y: &Y) -> Result<(), ToleranceError> {
        self.checked().map(|_| ())
    }
}

impl<Y, F: Fn(&Y, &Y, &Y) -> f64> Norm<Y> for F {
    #[inline]
    fn measure(&self, error: &Y, a: &Y, b: &Y) -> f64 {
        self(error, a, b)
    }
}
