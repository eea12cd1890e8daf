//! The negative inner product.

use super::CostFunction;
use super::row::fold;

/// `−⟨x, y⟩`, whose plans are those of [`SquaredEuclidean`](crate::SquaredEuclidean).
///
/// `|x − y|² = |x|² + |y|² − 2⟨x, y⟩`, and the first two terms cost the same under every plan. It may be negative,
/// which no solver minds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NegativeDot;

impl CostFunction for NegativeDot {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).fold(0.0, |sum, (x, y)| sum - x * y)
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        fold(
            x,
            columns,
            out,
            #[inline(always)]
            |sum, x, y| sum - x * y,
        );
    }
}
