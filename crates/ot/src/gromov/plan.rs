//! What a Gromov-Wasserstein solver returns.

use crate::{Certificate, Coupling, DensePlan};
use ndarray::{Array2, ArrayView2};
use rand::Rng;

/// A plan between two spaces, and how its objective came down.
///
/// The certificate has no dual cost (−∞, so the gap is infinite): the problem is not convex. How far the
/// iteration came is told by [`history`](Self::history) and [`stationarity`](Self::stationarity).
#[derive(Clone, Debug, PartialEq)]
pub struct GromovPlan<P = DensePlan> {
    pub(super) plan: P,
    pub(super) parts: (f64, f64),
    pub(super) history: Vec<f64>,
    pub(super) stationarity: f64,
    pub(super) certificate: Certificate,
}

impl<P> GromovPlan<P> {
    /// The solver's objective at the plan, with its regularisation where it has one.
    pub fn value(&self) -> f64 {
        self.certificate.primal_cost
    }

    /// `⟨M, P⟩`, without the factor `1 - α`; 0 for a problem without linear costs.
    pub fn linear_part(&self) -> f64 {
        self.parts.0
    }

    /// `Σ ℓ(C_ik, D_jl) P_ij P_kl`, without the factor α: the Gromov-Wasserstein value of the plan.
    ///
    /// It is a difference of larger numbers, so a value of 0 comes out as rounding of either sign.
    pub fn quadratic_part(&self) -> f64 {
        self.parts.1
    }

    /// The objective at the start and after each iteration.
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// What is left to gain to first order, 0 at a stationary point; each solver says in which measure.
    pub fn stationarity(&self) -> f64 {
        self.stationarity
    }

    /// The plan itself.
    pub fn plan(&self) -> &P {
        &self.plan
    }
}

impl GromovPlan<DensePlan> {
    /// The entries.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.plan.matrix()
    }
}

impl<P: Coupling> Coupling for GromovPlan<P> {
    fn shape(&self) -> (usize, usize) {
        self.plan.shape()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.push(x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.pull(y)
    }

    /// `(1 - α) ⟨M, P⟩ + α Σ ℓ P P`, without regularisation.
    fn cost(&self) -> f64 {
        self.plan.cost()
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        self.plan.sample_target(row, rng)
    }

    fn to_matrix(&self) -> Array2<f64> {
        self.plan.to_matrix()
    }
}
