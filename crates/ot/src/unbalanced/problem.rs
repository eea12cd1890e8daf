//! A relaxed transport problem as a value: costs, masses of any totals, and a penalty a side.

use super::Marginal;
use super::certificate::potentials;
use crate::problem::{MASS_TOLERANCE, masses, sides};
use crate::{Coupling, Geometry, OtError};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// Minimise `⟨C, P⟩ + Σ_i D₁((P 1)_i, a_i) + Σ_j D₂((Pᵀ 1)_j, b_j)` over plans `P ≥ 0`.
///
/// D₁ and D₂ are [`Marginal`]s: penalties or constraints, one a side. One side exact makes the semi-relaxed
/// problem. The totals of `a` and `b` may differ as they like.
///
/// Unbalanced transport goes back to L. Chizat, G. Peyré, B. Schmitzer and F.-X. Vialard, J. Funct. Anal. 274,
/// 2018, doi 10.1016/j.jfa.2018.03.008, and M. Liero, A. Mielke and G. Savaré, Invent. math. 211, 2018,
/// doi 10.1007/s00222-017-0759-8.
#[derive(Clone, Debug)]
pub struct RelaxedTransport<'g, G: ?Sized> {
    geometry: &'g G,
    masses: [Array1<f64>; 2],
    marginals: [Marginal; 2],
}

impl<'g, G: Geometry + ?Sized> RelaxedTransport<'g, G> {
    /// The problem with masses `a` (source) and `b` (target), of any totals. Zero masses are allowed.
    ///
    /// # Errors
    /// An empty side, a wrong length, a mass that is negative or not finite, a side without mass, a penalty that
    /// is not positive and finite, or constraints of the two sides that no total mass meets. Between two exact
    /// sides, totals that differ by rounding ([`MASS_TOLERANCE`]) are taken for equal, and `b` is scaled.
    pub fn new<T: Real>(
        geometry: &'g G,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
        source: Marginal,
        target: Marginal,
    ) -> Result<Self, OtError> {
        let (n, m) = sides(geometry)?;
        let a = masses("source", "the source masses", a, n)?;
        let mut b = masses("target", "the target masses", b, m)?;
        source.check()?;
        target.check()?;
        let (source_total, target_total) = (a.sum(), b.sum());
        if source == Marginal::Exact && target == Marginal::Exact {
            if (source_total - target_total).abs() > MASS_TOLERANCE * source_total.max(target_total) {
                return Err(OtError::Unbalanced { source_total, target_total });
            }
            b *= source_total / target_total;
        } else {
            let (source_low, source_high) = source.totals(source_total);
            let (target_low, target_high) = target.totals(target_total);
            if source_low > target_high * (1.0 + 1e-12) || target_low > source_high * (1.0 + 1e-12) {
                return Err(OtError::NoCommonTotal { source_low, source_high, target_low, target_high });
            }
        }
        Ok(Self { geometry, masses: [a, b], marginals: [source, target] })
    }

    /// Where the costs come from.
    pub fn geometry(&self) -> &'g G {
        self.geometry
    }

    /// The source masses.
    pub fn source(&self) -> ArrayView1<'_, f64> {
        self.masses[0].view()
    }

    /// The target masses.
    pub fn target(&self) -> ArrayView1<'_, f64> {
        self.masses[1].view()
    }

    /// What is asked of the source masses and of the target masses.
    pub fn marginals(&self) -> (Marginal, Marginal) {
        (self.marginals[0], self.marginals[1])
    }

    /// `(n, m)`.
    pub fn shape(&self) -> (usize, usize) {
        (self.masses[0].len(), self.masses[1].len())
    }

    /// The value `⟨C, P⟩ + D₁(P 1, a) + D₂(Pᵀ 1, b)` of a plan of the cost `transport` with these marginals.
    ///
    /// Constraints (exact sides and ranges) count 0, met or not.
    pub fn objective(&self, transport: f64, rows: ArrayView1<'_, f64>, columns: ArrayView1<'_, f64>) -> f64 {
        transport + self.penalty(0, rows) + self.penalty(1, columns)
    }

    /// A lower and an upper bound of the optimum without entropy, from any plan.
    ///
    /// The upper one is the plan's [`objective`](Self::objective), which for constrained sides takes the plan's word
    /// that it meets them. The lower one is the dual value of potentials made from the plan's target masses: what the
    /// penalties say of them, and c-transforms; it is near the optimum for a KL or l2 target, and true but loose for
    /// another. Entropic plans get the bounds of the problem without entropy.
    pub fn bounds<P: Coupling>(&self, plan: &P) -> (f64, f64) {
        let (rows, columns) = plan.marginals();
        let [f, g] = potentials(&self.erased(&self.geometry), &columns);
        let dual = self.dual(0, &f.to_vec()) + self.dual(1, &g.to_vec());
        (dual, self.objective(plan.cost(), rows.view(), columns.view()))
    }

    /// The same problem by reference to the trait: what a solver that asks for rows is compiled for, once.
    pub(super) fn erased<'e>(&self, geometry: &'e dyn Geometry) -> AnyRelaxed<'e> {
        RelaxedTransport { geometry, masses: self.masses.clone(), marginals: self.marginals }
    }

    pub(super) fn penalty(&self, side: usize, found: ArrayView1<'_, f64>) -> f64 {
        found.iter().zip(&self.masses[side]).map(|(&s, &a)| self.marginals[side].penalty(s, a)).sum()
    }

    pub(super) fn size(&self, side: usize, found: ArrayView1<'_, f64>) -> f64 {
        found.iter().zip(&self.masses[side]).map(|(&s, &a)| self.marginals[side].size(s, a)).sum()
    }

    /// The value of the dual objective of one side's potential, `Σ -D*(-f_i)`.
    pub(super) fn dual(&self, side: usize, f: &[f64]) -> f64 {
        f.iter().zip(&self.masses[side]).map(|(&f, &a)| self.marginals[side].dual(f, a)).sum()
    }

    pub(super) fn mass(&self, side: usize) -> &Array1<f64> {
        &self.masses[side]
    }

    pub(super) fn marginal(&self, side: usize) -> Marginal {
        self.marginals[side]
    }
}

/// A relaxed problem with any geometry.
pub(super) type AnyRelaxed<'e> = RelaxedTransport<'e, dyn Geometry + 'e>;

/// The measure `r sᵀ` to which an entropic plan is compared: the entropic term is `ε KL(P | r sᵀ)`, with
/// `KL(P | R) = Σ P log(P/R) - P + R`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// `a_i b_j`, the product of the masses (POT's `reg_type="kl"`; Séjourné et al. 2019). The product's total is
    /// `|a| |b|`.
    #[default]
    Product,
    /// 1 for each pair (POT's `reg_type="entropy"`, OTT's problem; Chizat et al. 2018).
    Counting,
    /// `1/(n m)` for each pair (Waddington-OT's problem).
    Uniform,
}

impl Reference {
    /// The weights of one side.
    pub(crate) fn weights(self, masses: &Array1<f64>) -> Array1<f64> {
        match self {
            Reference::Product => masses.clone(),
            Reference::Counting => Array1::ones(masses.len()),
            Reference::Uniform => Array1::from_elem(masses.len(), 1.0 / masses.len() as f64),
        }
    }
}

/// A method that turns a relaxed problem into a plan.
pub trait RelaxedSolver {
    /// What it returns; it may keep reading the geometry.
    type Plan<'g, G: Geometry + ?Sized + 'g>: Coupling;

    /// A plan of `problem`.
    ///
    /// # Errors
    /// What the method says of problems it cannot solve.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<Self::Plan<'g, G>, OtError>;
}
