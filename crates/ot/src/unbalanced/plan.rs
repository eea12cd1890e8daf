//! The plan of a relaxed problem without entropy.

use super::AnyRelaxed;
use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling, Entry, Geometry, SparsePlan};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;

/// A plan without entropy, with the potentials that prove how good it is.
///
/// `f_i + g_j ≤ c_ij` holds to rounding, so the dual value is a bound of every plan's objective, and the gap is a proof.
/// A solver of few entries keeps only those; the iterative ones keep an `n × m` matrix.
#[derive(Clone, Debug)]
pub struct RelaxedPlan {
    masses: Masses,
    potentials: [Array1<f64>; 2],
    transport: f64,
    certificate: Certificate,
}

#[derive(Clone, Debug)]
enum Masses {
    Sparse(SparsePlan),
    Dense(Array2<f64>),
}

impl RelaxedPlan {
    pub(crate) fn sparse(
        shape: (usize, usize),
        entries: Vec<Entry>,
        potentials: [Array1<f64>; 2],
        transport: f64,
        certificate: Certificate,
    ) -> Self {
        let entries = merge(entries);
        let none = Array1::zeros(0);
        let masses = Masses::Sparse(SparsePlan::from_parts(shape, entries, none.clone(), none, certificate));
        Self { masses, potentials, transport, certificate }
    }

    pub(super) fn dense(
        matrix: Array2<f64>,
        potentials: [Array1<f64>; 2],
        transport: f64,
        certificate: Certificate,
    ) -> Self {
        Self { masses: Masses::Dense(matrix), potentials, transport, certificate }
    }

    /// `f`, with `f_i + g_j ≤ c_ij`; ±∞ for a point without an allowed move or without mass.
    pub fn source_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials[0].view()
    }

    /// `g`.
    pub fn target_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials[1].view()
    }

    /// The total mass `Σ P_ij`.
    pub fn mass(&self) -> f64 {
        self.marginals().0.sum()
    }

    /// The entries of positive mass, by source and then by target.
    pub fn entries(&self) -> Vec<Entry> {
        match &self.masses {
            Masses::Sparse(plan) => plan.entries().to_vec(),
            Masses::Dense(matrix) => matrix
                .indexed_iter()
                .filter(|(_, mass)| **mass > 0.0)
                .map(|((row, column), &mass)| Entry { row, column, mass })
                .collect(),
        }
    }

    /// The primal objective: `⟨C, P⟩` and the penalties of both sides.
    pub fn primal_cost(&self) -> f64 {
        self.certificate.primal_cost
    }

    /// The dual objective, never above the optimum.
    pub fn dual_cost(&self) -> f64 {
        self.certificate.dual_cost
    }
}

/// Entries of the same pair as one, and none of mass 0.
fn merge(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.retain(|e| e.mass > 0.0);
    entries.sort_by_key(|e| (e.row, e.column));
    entries.dedup_by(|next, kept| {
        let same = (next.row, next.column) == (kept.row, kept.column);
        if same {
            kept.mass += next.mass;
        }
        same
    });
    entries
}

impl Coupling for RelaxedPlan {
    fn shape(&self) -> (usize, usize) {
        match &self.masses {
            Masses::Sparse(plan) => plan.shape(),
            Masses::Dense(matrix) => matrix.dim(),
        }
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        match &self.masses {
            Masses::Sparse(plan) => plan.push(x),
            Masses::Dense(matrix) => {
                assert_eq!(x.nrows(), matrix.nrows(), "one row a source point");
                matrix.t().dot(&x)
            }
        }
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        match &self.masses {
            Masses::Sparse(plan) => plan.pull(y),
            Masses::Dense(matrix) => {
                assert_eq!(y.nrows(), matrix.ncols(), "one row a target point");
                matrix.dot(&y)
            }
        }
    }

    /// `⟨C, P⟩`, without the penalties.
    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        match &self.masses {
            Masses::Sparse(plan) => plan.sample_target(row, rng),
            Masses::Dense(matrix) => {
                let cumulative = cumulative(matrix.row(row).iter().copied());
                (cumulative[cumulative.len() - 1] > 0.0).then(|| draw(&cumulative, rng))
            }
        }
    }
}

/// `⟨C, P⟩` of some entries, in order.
pub(crate) fn transport(geometry: &dyn Geometry, entries: &[Entry]) -> f64 {
    entries.iter().map(|e| e.mass * geometry.cost(e.row, e.column)).sum()
}

/// The certificate of a plan given by its transport cost and marginals, with dual potentials.
pub(super) fn certify(
    problem: &AnyRelaxed<'_>,
    transport: f64,
    marginals: [&Array1<f64>; 2],
    potentials: [&Array1<f64>; 2],
    iterations: usize,
) -> Certificate {
    let primal_cost = problem.objective(transport, marginals[0].view(), marginals[1].view());
    let dual_cost = [0, 1].map(|side| problem.dual(side, &potentials[side].to_vec())).iter().sum::<f64>();
    let size: f64 = [0, 1].iter().map(|&side| problem.size(side, marginals[side].view())).sum();
    let residual = share(primal_cost, dual_cost, transport.abs() + size);
    Certificate { iterations, residual, primal_cost, dual_cost }
}

/// The gap as a share of the objective; 0 where it is rounding of numbers of the given size.
pub(crate) fn share(primal: f64, dual: f64, size: f64) -> f64 {
    let gap = primal - dual;
    if gap > 64.0 * f64::EPSILON * size { gap / primal.abs() } else { 0.0 }
}
