//! The interpolant of one Runge-Kutta step, as a value of its own.

use crate::combine::with_terms;
use crate::tableau::MAX_STAGES;
use crate::{Dense, Tableau};
use chreode_core::VectorSpace;

/// One step of an explicit Runge-Kutta method, y(t + θh) = y + h Σ bᵢ(θ) kᵢ; holds its own copy of the
/// stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece<Y> {
    tableau: Tableau,
    t: f64,
    h: f64,
    y: Y,
    k: Vec<Y>,
}

impl<Y: VectorSpace> Piece<Y> {
    pub(crate) fn new(tableau: Tableau, t: f64, h: f64, y: &Y, k: &[Y]) -> Self {
        Self { tableau, t, h, y: y.duplicate(), k: k.iter().map(Y::duplicate).collect() }
    }
}

impl<Y: VectorSpace> Dense<Y> for Piece<Y> {
    fn at(&self, t: f64) -> Y {
        self.tableau.interpolate((t - self.t) / self.h, self.h, &self.y, &self.k)
    }
}

impl Tableau {
    /// y + h Σ bᵢ(θ) kᵢ.
    pub(crate) fn interpolate<Y: VectorSpace>(&self, theta: f64, h: f64, y: &Y, k: &[Y]) -> Y {
        let mut weights = [0.0; MAX_STAGES];
        for (i, weight) in weights.iter_mut().enumerate().take(k.len()) {
            *weight = self.weight(i, theta);
        }
        with_terms(h, &weights[..k.len()], k, |terms| y.plus(terms))
    }
}
