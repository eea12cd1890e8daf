//! What the error of a step is measured by.

use crate::{Coordinates, Tolerance, VectorSpace};
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
#[non_exhaustive]
pub enum ToleranceError {
    /// Zero, negative, or not a number.
    #[error(
        "tolerance rtol = {rtol:e}, atol = {atol:e}{} cannot be met; give finite numbers, none negative, not \
         both zero",
        .entry.map(|i| format!(" of entry {i}")).unwrap_or_default()
    )]
    Unmet {
        /// Relative part.
        rtol: f64,
        /// Absolute part.
        atol: f64,
        /// Which entry of the state, when each has its own.
        entry: Option<usize>,
    },
    /// Tolerances per entry, but not one for each.
    #[error(
        "{rtol} relative and {atol} absolute tolerances do not fit a state of {entries} entries; give one each"
    )]
    Count {
        /// Relative tolerances given.
        rtol: usize,
        /// Absolute tolerances given.
        atol: usize,
        /// Entries of the state.
        entries: usize,
    },
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
            Err(ToleranceError::Unmet { rtol, atol, entry: None })
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

/// A tolerance for each coordinate: the root mean square of `errorᵢ / (atolᵢ + rtolᵢ max(|aᵢ|, |bᵢ|))`, for
/// states whose entries have different units.
///
/// ```
/// use chreode_core::{Norm, PerEntry};
///
/// let norm = PerEntry { rtol: [1e-6, 1e-3], atol: [1e-9, 1e2] };
/// let (error, y) = ([2e-9, 2e2], [0.0, 0.0]);
/// assert!((norm.measure(&error, &y, &y) - 2.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerEntry<Y> {
    /// Relative to the size of each coordinate; of the shape of the state.
    pub rtol: Y,
    /// In the units of each coordinate; of the shape of the state.
    pub atol: Y,
}

impl<Y: Coordinates> Norm<Y> for PerEntry<Y> {
    fn measure(&self, error: &Y, a: &Y, b: &Y) -> f64 {
        let (mut sum, mut count) = (0.0, 0_usize);
        Y::visit([error, a, b, &self.rtol, &self.atol], |[error, a, b, rtol, atol]| {
            let ratio = error / Tolerance { rtol, atol }.scale(a, b);
            sum += ratio * ratio;
            count += 1;
        });
        if count == 0 { 0.0 } else { (sum / count as f64).sqrt() }
    }

    fn check(&self, y: &Y) -> Result<(), ToleranceError> {
        let (entries, rtol, atol) = (y.size(), self.rtol.size(), self.atol.size());
        if rtol != entries || atol != entries {
            return Err(ToleranceError::Count { rtol, atol, entries });
        }
        let (mut entry, mut wrong) = (0, None);
        Y::visit([&self.rtol, &self.atol], |[rtol, atol]| {
            let tolerance = Tolerance { rtol, atol };
            if wrong.is_none() && tolerance.checked().is_err() {
                wrong = Some(ToleranceError::Unmet { rtol, atol, entry: Some(entry) });
            }
            entry += 1;
        });
        wrong.map_or(Ok(()), Err)
    }
}

/// The largest `|errorᵢ| / (atol + rtol max(|aᵢ|, |bᵢ|))`: no coordinate may exceed the tolerance, where
/// [`Tolerance`] alone lets one in a hundred be ten times over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxNorm(pub Tolerance);

impl<Y: Coordinates> Norm<Y> for MaxNorm {
    fn measure(&self, error: &Y, a: &Y, b: &Y) -> f64 {
        let mut most = 0.0;
        Y::visit([error, a, b], |[error, a, b]| {
            let ratio = error.abs() / self.0.scale(a, b);
            // Unlike `max` this keeps a NaN.
            if ratio > most || ratio.is_nan() {
                most = ratio;
            }
        });
        most
    }

    fn check(&self, _y: &Y) -> Result<(), ToleranceError> {
        self.0.checked().map(|_| ())
    }
}
