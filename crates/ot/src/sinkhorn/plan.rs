//! The entropic plan: two potentials, and rows computed when asked for.

use super::certificate::{Measured, Sums, row};
use super::drive::End;
use super::lanes::vectorise;
use super::sweep::Shares;
use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling, Geometry};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use pulp::{Simd, WithSimd};
use rand::{Rng, RngExt};
use rayon::prelude::*;

/// `P_ij = M a_i b_j exp((f_i + g_j - c_ij)/ε)`, with total mass M and masses `a`, `b` as shares of it.
///
/// Holds O(n + m) numbers and reads the geometry again for each application.
#[derive(Debug)]
pub struct EntropicPlan<'g, G: ?Sized> {
    geometry: &'g G,
    epsilon: f64,
    total: f64,
    masses: (Array1<f64>, Array1<f64>),
    potentials: (Array1<f64>, Array1<f64>),
    /// Those it really has.
    marginals: (Array1<f64>, Array1<f64>),
    transport: f64,
    certificate: Certificate,
}

impl<G: ?Sized> Clone for EntropicPlan<'_, G> {
    fn clone(&self) -> Self {
        Self {
            masses: self.masses.clone(),
            potentials: self.potentials.clone(),
            marginals: self.marginals.clone(),
            ..*self
        }
    }
}

impl<'g, G: Geometry + ?Sized> EntropicPlan<'g, G> {
    /// The plan of a total mass with these weights.
    pub(crate) fn new(geometry: &'g G, epsilon: f64, total: f64, weights: [Vec<f64>; 2], end: End) -> Self {
        let [a, b] = weights;
        let End { f, g, iterations, measured } = end;
        let sums = measured.sums;
        let certificate = Certificate {
            iterations,
            residual: measured.residual,
            primal_cost: total * measured.primal,
            dual_cost: total * measured.dual,
        };
        Self {
            geometry,
            epsilon,
            total,
            masses: (a.into(), b.into()),
            potentials: (f.into(), g.into()),
            marginals: (total * Array1::from(sums.rows), total * Array1::from(sums.columns)),
            transport: total * sums.transport,
            certificate,
        }
    }

    /// The plan with these weights and potentials, whatever they come from; points without a finite potential take no
    /// part. Its certificate is still to come.
    pub(crate) fn of(
        geometry: &'g G,
        epsilon: f64,
        mut weights: [Vec<f64>; 2],
        potentials: [Vec<f64>; 2],
    ) -> Self {
        for (weights, potentials) in weights.iter_mut().zip(&potentials) {
            weights.iter_mut().zip(potentials).filter(|(_, p)| !p.is_finite()).for_each(|(w, _)| *w = 0.0);
        }
        let [f, g] = potentials;
        let shares = Shares::weighted(&geometry, weights);
        let sums = Sums::new(&shares, epsilon, &f, &g);
        let measured = Measured { sums, residual: f64::INFINITY, primal: 0.0, dual: 0.0 };
        let weights = [shares.a, shares.b];
        Self::new(geometry, epsilon, 1.0, weights, End { f, g, iterations: 0, measured })
    }

    /// The plan with this certificate.
    pub(crate) fn certified(self, certificate: Certificate) -> Self {
        Self { certificate, ..self }
    }

    /// `f`.
    pub fn source_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials.0.view()
    }

    /// `g`.
    pub fn target_potential(&self) -> ArrayView1<'_, f64> {
        self.potentials.1.view()
    }

    /// The primal objective `⟨C, P⟩ + ε KL(P | a bᵀ)`, with a total mass other than 1 as a factor.
    ///
    /// A plan that is not converged misses the marginals, and then this may lie below the optimum.
    pub fn primal_cost(&self) -> f64 {
        self.certificate.primal_cost
    }

    /// The dual objective `⟨a, f⟩ + ⟨b, g⟩ + ε (1 - Σ P_ij)`, never above the optimum.
    pub fn dual_cost(&self) -> f64 {
        self.certificate.dual_cost
    }

    /// The rows, by reference to the geometry's trait.
    fn rows(&self) -> Rows<'_> {
        let Self { geometry, epsilon, total, masses, potentials, .. } = self;
        Rows { geometry, epsilon: *epsilon, total: *total, masses, potentials }
    }
}

impl<G: Geometry + ?Sized> Coupling for EntropicPlan<'_, G> {
    fn shape(&self) -> (usize, usize) {
        (self.masses.0.len(), self.masses.1.len())
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.rows().push(x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        self.rows().pull(y)
    }

    fn marginals(&self) -> (Array1<f64>, Array1<f64>) {
        self.marginals.clone()
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        let (mut buffer, mut masses) = (Vec::new(), Vec::new());
        self.rows().row_into(row, &mut buffer, &mut masses);
        masses.into()
    }

    fn to_matrix(&self) -> Array2<f64> {
        self.rows().matrix()
    }

    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    /// As the provided method says; each row that is drawn is computed once, on rayon's current thread pool.
    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        let sums = cumulative(self.marginals.0.iter().copied());
        let draws: Vec<(usize, f64)> = (0..n).map(|_| (draw(&sums, rng), rng.random())).collect();
        self.rows().pairs(&draws)
    }

    /// As the provided method says; rows are computed on rayon's current thread pool.
    fn sample_permutation<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<(usize, usize)> {
        let draws: Vec<(usize, f64)> = (0..self.shape().0).map(|row| (row, rng.random())).collect();
        self.rows().pairs(&draws)
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let (mut buffer, mut p) = (Vec::new(), Vec::new());
        self.rows().row_into(row, &mut buffer, &mut p);
        let cumulative = cumulative(p.into_iter());
        (cumulative[cumulative.len() - 1] > 0.0).then(|| draw(&cumulative, rng))
    }
}

/// What the rows of a plan are made of.
struct Rows<'p> {
    geometry: &'p dyn Geometry,
    epsilon: f64,
    total: f64,
    masses: &'p (Array1<f64>, Array1<f64>),
    potentials: &'p (Array1<f64>, Array1<f64>),
}

impl Rows<'_> {
    /// One row of the plan.
    fn row_into(&self, row: usize, buffer: &mut Vec<f64>, out: &mut Vec<f64>) {
        let (a, b) = self.masses;
        let (f, g) = self.potentials;
        let costs = self.geometry.costs(row, 0..b.len(), buffer);
        let (mass, f, scale) = (self.total * a[row], f[row], 1.0 / self.epsilon);
        out.resize(b.len(), 0.0);
        if mass == 0.0 {
            return out.fill(0.0);
        }
        let (b, g) = (b.as_slice().expect("contiguous"), g.as_slice().expect("contiguous"));
        vectorise(Row { costs, g, b, mass, f, scale, out });
    }

    /// A target for each source point by its number between 0 and 1, in order; none for points without mass.
    fn pairs(&self, draws: &[(usize, f64)]) -> Vec<(usize, usize)> {
        let mut order: Vec<usize> = (0..draws.len()).collect();
        order.sort_by_key(|&k| draws[k].0);
        let rows: Vec<&[usize]> = order.chunk_by(|&k, &l| draws[k].0 == draws[l].0).collect();
        let targets: Vec<Vec<(usize, usize)>> = rows
            .par_iter()
            .map_init(
                || (Vec::new(), Vec::new()),
                |(buffer, p), row| {
                    self.row_into(draws[row[0]].0, buffer, p);
                    let sums = cumulative(p.iter().copied());
                    let total = sums[sums.len() - 1];
                    let last = sums.partition_point(|&c| c < total);
                    let at = |k: usize| sums.partition_point(|&c| c <= draws[k].1 * total).min(last);
                    if total > 0.0 { row.iter().map(|&k| (k, at(k))).collect() } else { Vec::new() }
                },
            )
            .collect();
        let mut found = vec![None; draws.len()];
        targets.into_iter().flatten().for_each(|(k, target)| found[k] = Some((draws[k].0, target)));
        found.into_iter().flatten().collect()
    }

    /// The same function of every row, in order.
    fn each_row<T: Send>(&self, f: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        (0..self.masses.0.len())
            .into_par_iter()
            .map_init(
                || (Vec::new(), Vec::new()),
                |(buffer, out), row| {
                    self.row_into(row, buffer, out);
                    f(out)
                },
            )
            .collect()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let (n, m) = (self.masses.0.len(), self.masses.1.len());
        assert_eq!(x.nrows(), n, "one row a source point");
        // Blocks of a fixed number of rows, added up in order: the same bits for any number of threads.
        const BLOCK: usize = 128;
        let parts: Vec<Array2<f64>> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let (mut buffer, mut p) = (Vec::new(), Vec::new());
                let mut out = Array2::zeros((m, x.ncols()));
                for row in block * BLOCK..((block + 1) * BLOCK).min(n) {
                    self.row_into(row, &mut buffer, &mut p);
                    for (mut out, &p) in out.rows_mut().into_iter().zip(&p) {
                        out.scaled_add(p, &x.row(row));
                    }
                }
                out
            })
            .collect();
        parts
            .into_iter()
            .reduce(|mut sum, part| {
                sum += &part;
                sum
            })
            .unwrap_or_else(|| Array2::zeros((m, x.ncols())))
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        let (n, m) = (self.masses.0.len(), self.masses.1.len());
        assert_eq!(y.nrows(), m, "one row a target point");
        let rows = self.each_row(|p| ArrayView1::from(p).dot(&y));
        let mut out = Array2::zeros((n, y.ncols()));
        out.rows_mut().into_iter().zip(&rows).for_each(|(mut out, row)| out.assign(row));
        out
    }

    fn matrix(&self) -> Array2<f64> {
        let mut matrix = Array2::zeros((self.masses.0.len(), self.masses.1.len()));
        let rows = self.each_row(<[f64]>::to_vec);
        matrix.rows_mut().into_iter().zip(rows).for_each(|(mut to, row)| to.assign(&Array1::from(row)));
        matrix
    }
}

/// A row of the plan.
struct Row<'r> {
    costs: &'r [f64],
    g: &'r [f64],
    b: &'r [f64],
    mass: f64,
    f: f64,
    scale: f64,
    out: &'r mut [f64],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        row::<S>(self.costs, self.g, self.b, (self.mass, self.f, self.scale), self.out);
    }
}
