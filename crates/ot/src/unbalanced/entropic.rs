//! The plan of a relaxed entropic problem: two potentials, and rows computed when asked for.

use super::soft::Weighted;
use crate::coupling::{cumulative, draw};
use crate::sinkhorn::exp;
use crate::{Certificate, Coupling, Geometry};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;
use rayon::prelude::*;

/// Rows that one task adds up: at least 64, and at most 64 tasks, so that their sums fit into memory.
fn block(rows: usize) -> usize {
    rows.div_ceil(64).max(64)
}

/// `P_ij = r_i s_j exp((f_i + g_j - c_ij)/ε)`, with the weights of the [`Reference`](crate::Reference).
///
/// Holds O(n + m) numbers and reads the geometry again for each application.
#[derive(Debug)]
pub struct EntropicRelaxedPlan<'g, G: ?Sized> {
    geometry: &'g G,
    epsilon: f64,
    potentials: [Array1<f64>; 2],
    weighted: [Weighted; 2],
    marginals: [Array1<f64>; 2],
    transport: f64,
    divergence: f64,
    certificate: Certificate,
}

impl<G: ?Sized> Clone for EntropicRelaxedPlan<'_, G> {
    fn clone(&self) -> Self {
        Self {
            potentials: self.potentials.clone(),
            weighted: self.weighted.clone(),
            marginals: self.marginals.clone(),
            ..*self
        }
    }
}

impl<'g, G: Geometry + ?Sized> EntropicRelaxedPlan<'g, G> {
    /// The plan of two potentials, with its marginals and costs; the certificate is still to come.
    pub(crate) fn new(
        geometry: &'g G,
        epsilon: f64,
        weights: [&Array1<f64>; 2],
        potentials: [Array1<f64>; 2],
    ) -> Self {
        let weighted = [0, 1].map(|side| {
            let slice = |array: &Array1<f64>| array.to_vec();
            Weighted::new(&slice(&potentials[side]), &slice(weights[side]), epsilon)
        });
        let certificate =
            Certificate { iterations: 0, residual: f64::INFINITY, primal_cost: 0.0, dual_cost: 0.0 };
        let mut plan = Self {
            geometry,
            epsilon,
            marginals: [0, 1].map(|side| Array1::zeros(potentials[side].len())),
            potentials,
            weighted,
            transport: 0.0,
            divergence: 0.0,
            certificate,
        };
        plan.measure(weights[0].sum() * weights[1].sum());
        plan
    }

    pub(crate) fn finish(&mut self, certificate: Certificate) {
        self.certificate = certificate;
    }

    /// `f`; +∞ where a point has no allowed move and −∞ where it has no mass.
    pub fn source_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials[0].view()
    }

    /// `g`.
    pub fn target_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials[1].view()
    }

    /// The total mass `Σ P_ij`.
    pub fn mass(&self) -> f64 {
        self.marginals[0].sum()
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
        self.certificate.primal_cost
    }

    /// The dual objective `Σ -D₁*(-f_i) + Σ -D₂*(-g_j) + ε (|r| |s| - Σ P_ij)`, never above the optimum.
    pub fn dual_cost(&self) -> f64 {
        self.certificate.dual_cost
    }

    /// `⟨C, P⟩ + ε KL(P | r sᵀ)` and the penalties of the problem.
    pub(super) fn value(&self, problem: &super::RelaxedTransport<'_, G>) -> f64 {
        let [rows, columns] = &self.marginals;
        problem.objective(self.transport, rows.view(), columns.view()) + self.epsilon * self.divergence
    }

    /// One row of the plan; `costs` are the row's.
    fn row_into(&self, row: usize, costs: &[f64], out: &mut Vec<f64>) {
        out.resize(costs.len(), 0.0);
        let (h, scale) = (self.weighted[0].0[row], 1.0 / self.epsilon);
        if h == f64::NEG_INFINITY {
            return out.fill(0.0);
        }
        let weighted = &self.weighted[1].0;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for ((out, &c), &k) in out.iter_mut().zip(costs).zip(weighted) {
                    *out = exp((h + k - c) * scale);
                }
            },
        );
    }

    /// The same function of every block of rows, in order; it gets the row, its costs and the plan's row.
    fn each_block<T: Send>(
        &self,
        start: impl Fn() -> T + Sync,
        f: impl Fn(&mut T, usize, &[f64], &[f64]) + Sync,
    ) -> Vec<T> {
        let (n, m) = self.shape();
        let size = block(n);
        (0..n.div_ceil(size))
            .into_par_iter()
            .map_init(
                || (Vec::new(), Vec::new()),
                |(buffer, out), block| {
                    let mut state = start();
                    for row in block * size..((block + 1) * size).min(n) {
                        let costs = self.geometry.costs(row, 0..m, buffer);
                        self.row_into(row, costs, out);
                        f(&mut state, row, costs, out);
                    }
                    state
                },
            )
            .collect()
    }

    /// Marginals, `⟨C, P⟩` and `KL(P | r sᵀ)`, in one pass.
    fn measure(&mut self, reference: f64) {
        let (n, m) = self.shape();
        let g = &self.potentials[1];
        let parts = self.each_block(
            || (Vec::new(), vec![0.0; m], 0.0, 0.0),
            |(rows, columns, transport, divergence), row, costs, p| {
                let f = self.potentials[0][row];
                for (((column, &p), &c), &g) in columns.iter_mut().zip(p).zip(costs).zip(g) {
                    if p > 0.0 {
                        *column += p;
                        *transport += p * c;
                        *divergence += p * ((f + g - c) / self.epsilon);
                    }
                }
                rows.push(p.iter().sum::<f64>());
            },
        );
        let mut rows = Vec::with_capacity(n);
        let mut columns = Array1::zeros(m);
        let (mut transport, mut divergence) = (0.0, 0.0);
        for (part, column, cost, log) in parts {
            rows.extend(part);
            columns += &Array1::from(column);
            transport += cost;
            divergence += log;
        }
        let rows = Array1::from(rows);
        self.divergence = divergence - rows.sum() + reference;
        self.transport = transport;
        self.marginals = [rows, columns];
    }
}

impl<G: Geometry + ?Sized> Coupling for EntropicRelaxedPlan<'_, G> {
    fn shape(&self) -> (usize, usize) {
        (self.potentials[0].len(), self.potentials[1].len())
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let (n, m) = self.shape();
        assert_eq!(x.nrows(), n, "one row a source point");
        // Blocks of a fixed number of rows, added up in order: the same bits for any number of threads.
        let parts = self.each_block(
            || Array2::<f64>::zeros((m, x.ncols())),
            |out, row, _, p| {
                for (mut out, &p) in out.rows_mut().into_iter().zip(p) {
                    out.scaled_add(p, &x.row(row));
                }
            },
        );
        parts.into_iter().fold(Array2::zeros((m, x.ncols())), |sum, part| sum + part)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        let (n, m) = self.shape();
        assert_eq!(y.nrows(), m, "one row a target point");
        let parts = self.each_block(Vec::new, |rows, _, _, p| rows.push(ArrayView1::from(p).dot(&y)));
        let mut out = Array2::zeros((n, y.ncols()));
        out.rows_mut().into_iter().zip(parts.iter().flatten()).for_each(|(mut out, row)| out.assign(row));
        out
    }

    /// `⟨C, P⟩`, without the entropy and the penalties.
    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn marginals(&self) -> (Array1<f64>, Array1<f64>) {
        (self.marginals[0].clone(), self.marginals[1].clone())
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let (mut buffer, mut p) = (Vec::new(), Vec::new());
        let costs = self.geometry.costs(row, 0..self.shape().1, &mut buffer);
        self.row_into(row, costs, &mut p);
        let cumulative = cumulative(p.into_iter());
        (cumulative[cumulative.len() - 1] > 0.0).then(|| draw(&cumulative, rng))
    }
}
