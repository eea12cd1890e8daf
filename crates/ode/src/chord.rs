//! The plainest interpolant, for steppers that have none of their own.

use crate::Dense;
use chreode_core::VectorSpace;

/// The straight line from `(t, y0)` to `(t + h, y1)`: error O(h²) within the step, whatever the method.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Chord<Y> {
    /// Where the step began.
    pub t: f64,
    /// Its signed size.
    pub h: f64,
    /// The state there before.
    pub y0: Y,
    /// The state after.
    pub y1: Y,
}

impl<Y: VectorSpace> Dense<Y> for Chord<Y> {
    fn at(&self, t: f64) -> Y {
        let theta = (t - self.t) / self.h;
        self.y0.plus(&[(-theta, &self.y0), (theta, &self.y1)])
    }
}
