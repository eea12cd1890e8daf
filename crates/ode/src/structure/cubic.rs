//! The cubic through both ends of a step with given slopes.

use crate::Dense;
use chreode_core::VectorSpace;

/// The cubic Hermite interpolant from `(t, y0)` to `(t + h, y1)`:
/// y(t + θh) = y₀ + θ²(3 − 2θ) (y₁ − y₀) + h θ(1 − θ) [(1 − θ) f₀ − θ f₁].
///
/// Its own error is O(h⁴), so that it serves methods up to order 3 without loss; above, times that
/// must be exact are to be step ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Cubic<Y> {
    /// Where the step began.
    pub t: f64,
    /// Its signed size.
    pub h: f64,
    /// The state there before.
    pub y0: Y,
    /// The state after.
    pub y1: Y,
    /// The slope at the start.
    pub f0: Y,
    /// The slope at the end.
    pub f1: Y,
}

impl<Y: VectorSpace> Dense<Y> for Cubic<Y> {
    fn at(&self, t: f64) -> Y {
        cubic((t - self.t) / self.h, self.h, [&self.y0, &self.y1], [&self.f0, &self.f1])
    }
}

/// The state a fraction `theta` into a step of `h` between `ends` with `slopes`.
pub(super) fn cubic<Y: VectorSpace>(theta: f64, h: f64, ends: [&Y; 2], slopes: [&Y; 2]) -> Y {
    let smooth = theta * theta * (3.0 - 2.0 * theta);
    let bump = h * theta * (1.0 - theta);
    ends[0].plus(&[
        (-smooth, ends[0]),
        (smooth, ends[1]),
        (bump * (1.0 - theta), slopes[0]),
        (-bump * theta, slopes[1]),
    ])
}
