//! The collocation polynomial of one Radau step.

use super::constants::P;
use crate::Dense;
use chreode_core::VectorSpace;

/// y(t + θh) = y + Σₖ qₖ θᵏ⁺¹: order 3 within the step, 5 at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct RadauPiece<Y> {
    t: f64,
    h: f64,
    y: Y,
    q: [Y; 3],
}

impl<Y: VectorSpace> RadauPiece<Y> {
    /// From the stages z, as differences to y.
    pub(super) fn new(t: f64, h: f64, y: &Y, z: &[Y; 3]) -> Self {
        let zero = y.zeros_like();
        let q = std::array::from_fn(|k| zero.plus(&[(P[0][k], &z[0]), (P[1][k], &z[1]), (P[2][k], &z[2])]));
        Self { t, h, y: y.duplicate(), q }
    }
}

impl<Y: VectorSpace> Dense<Y> for RadauPiece<Y> {
    fn at(&self, t: f64) -> Y {
        let theta = (t - self.t) / self.h;
        let [a, b, c] = &self.q;
        self.y.plus(&[(theta, a), (theta * theta, b), (theta * theta * theta, c)])
    }
}
