//! The interpolant of one Runge-Kutta step, as a value of its own.

use crate::combine::with_more_terms;
use crate::tableau::MAX_DENSE;
use crate::{Dense, DenseSlope, Tableau};
use chreode_core::VectorSpace;

/// One step of an explicit Runge-Kutta method, y(t + θh) = y + h Σ bᵢ(θ) kᵢ; holds its own copy of the
/// stages.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Piece<Y> {
    #[cfg_attr(feature = "serde", serde(rename = "method"))]
    pub(crate) tableau: Tableau,
    pub(crate) t: f64,
    pub(crate) h: f64,
    pub(crate) y: Y,
    pub(crate) k: Vec<Y>,
}

impl<Y: VectorSpace> Piece<Y> {
    /// `k` are the stages, `extra` those of the interpolant alone.
    pub(crate) fn new(tableau: Tableau, t: f64, h: f64, y: &Y, k: &[Y], extra: &[Y]) -> Self {
        let k = k.iter().chain(extra).map(Y::duplicate).collect();
        Self { tableau, t, h, y: y.duplicate(), k }
    }
}

impl<Y: VectorSpace> Dense<Y> for Piece<Y> {
    fn at(&self, t: f64) -> Y {
        self.tableau.interpolate((t - self.t) / self.h, self.h, &self.y, &self.k, &[])
    }
}

impl<Y: VectorSpace> DenseSlope<Y> for Piece<Y> {
    fn slope(&self, t: f64) -> Y {
        self.tableau.slope((t - self.t) / self.h, &self.k)
    }
}

impl Tableau {
    /// y + h Σ bᵢ(θ) kᵢ, over the stages `k` and then `extra`.
    pub(crate) fn interpolate<Y: VectorSpace>(&self, theta: f64, h: f64, y: &Y, k: &[Y], extra: &[Y]) -> Y {
        let n = k.len() + extra.len();
        debug_assert_eq!(n, self.dense_stages(), "one state a stage");
        let mut weights = [0.0; MAX_DENSE];
        for (i, weight) in weights.iter_mut().enumerate().take(n) {
            *weight = self.weight(i, theta);
        }
        with_more_terms(h, &weights[..n], k, extra, |terms| y.plus(terms))
    }
}
