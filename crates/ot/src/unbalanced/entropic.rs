//! The plan of a relaxed entropic problem: two potentials, and rows computed when asked for.

use crate::{Certificate, Coupling, EntropicPlan, Geometry};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;

/// `P_ij = r_i s_j exp((f_i + g_j - c_ij)/ε)`, with the weights of the [`Reference`](crate::Reference).
///
/// Holds O(n + m) numbers and reads the geometry again for each application.
#[derive(Debug)]
pub struct EntropicRelaxedPlan<'g, G: ?Sized> {
    plan: EntropicPlan<'g, G>,
    divergence: f64,
}

impl<G: ?Sized> Clone for EntropicRelaxedPlan<'_, G> {
    fn clone(&self) -> Self {
        Self { plan: self.plan.clone(), divergence: self.divergence }
    }
}

impl<'g, G: Geometry + ?Sized> EntropicRelaxedPlan<'g, G> {
    /// Beside a reference of this total.
    pub(crate) fn new(plan: EntropicPlan<'g, G>, epsilon: f64, reference: f64) -> Self {
        let (rows, columns) = plan.marginals();
        let held = |f: ArrayView1<'_, f64>, s: &Array1<f64>| -> f64 {
            f.iter().zip(s).map(|(&f, &s)| if s > 0.0 { f * s } else { 0.0 }).sum()
        };
        let potentials = held(plan.source_potential(), &rows) + held(plan.target_potential(), &columns);
        let divergence = (potentials - plan.cost()) / epsilon - rows.sum() + reference;
        Self { plan, divergence }
    }

    pub(crate) fn certified(self, certificate: Certificate) -> Self {
        Self { plan: self.plan.certified(certificate), ..self }
    }

    /// `f`; +∞ where a point has no allowed move and −∞ where it has no mass.
    pub fn source_potential(&self) -> ArrayView1<'_, f64> {
        self.plan.source_potential()
    }

    /// `g`.
    pub fn target_potential(&self) -> ArrayView1<'_, f64> {
        self.plan.target_potential()
    }

    /// The total mass `Σ P_ij`.
    pub fn mass(&self) -> f64 {
        self.plan.marginals().0.sum()
    }

    /// `KL(P | r sᵀ) = Σ P log(P/(r s)) - P + r s`.
    pub fn divergence(&self) -> f64 {
        self.divergence
    }

    /// The primal objective: `⟨C, P⟩ + ε KL(P | r sᵀ)` and the penalties of both sides.
    ///
    /// A constraint counts 0; a plan of two constrained sides misses one of them by the residual, and then this may
    /// lie below the optimum.
    pub fn primal_cost(&self) -> f64 {
        self.plan.primal_cost()
    }

    /// The dual objective `Σ -D₁*(-f_i) + Σ -D₂*(-g_j) + ε (|r| |s| - Σ P_ij)`, never above the optimum.
    pub fn dual_cost(&self) -> f64 {
        self.plan.dual_cost()
    }
}

impl<G: Geometry + ?Sized> Coupling for EntropicRelaxedPlan<'_, G> {
    fn shape(&self) -> (usize, usize) {
        self.plan.shape()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.push(x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.pull(y)
    }

    fn marginals(&self) -> (Array1<f64>, Array1<f64>) {
        self.plan.marginals()
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        self.plan.masses_from(row)
    }

    fn to_matrix(&self) -> Array2<f64> {
        self.plan.to_matrix()
    }

    /// `⟨C, P⟩`, without the entropy and the penalties.
    fn cost(&self) -> f64 {
        self.plan.cost()
    }

    fn certificate(&self) -> Certificate {
        self.plan.certificate()
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        self.plan.sample(n, rng)
    }

    fn sample_permutation<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<(usize, usize)> {
        self.plan.sample_permutation(rng)
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        self.plan.sample_target(row, rng)
    }
}
