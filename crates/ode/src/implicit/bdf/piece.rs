//! The interpolant of one step of a differentiation formula.

use crate::Dense;
use chreode_core::VectorSpace;

/// The polynomial through the new point of a [`Bdf`](crate::Bdf) step and as many before it as its order:
/// y(t) = Σⱼ ∇ʲy Πₘ₌₀ʲ⁻¹ (t − t₁ + m h) / ((m + 1) h).
#[derive(Clone, Debug, PartialEq)]
pub struct BdfPiece<Y> {
    t1: f64,
    h: f64,
    differences: Vec<Y>,
}

impl<Y> BdfPiece<Y> {
    pub(super) fn new(t1: f64, h: f64, differences: Vec<Y>) -> Self {
        Self { t1, h, differences }
    }
}

impl<Y: VectorSpace> Dense<Y> for BdfPiece<Y> {
    fn at(&self, t: f64) -> Y {
        let mut product = 1.0;
        let terms: Vec<(f64, &Y)> = self.differences[1..]
            .iter()
            .enumerate()
            .map(|(m, difference)| {
                product *= (t - self.t1 + m as f64 * self.h) / ((m + 1) as f64 * self.h);
                (product, difference)
            })
            .collect();
        self.differences[0].plus(&terms)
    }
}
