//! The inner problem of entropic Gromov-Wasserstein: entropic transport under a matrix of costs.

use crate::sinkhorn::exp;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 128;
/// Scalings beyond exp(±LIMIT) go into the potentials.
const LIMIT: f64 = 50.0;
/// Sums of the kernel below this are taken for lost.
const TINY: f64 = 1e-200;

/// Potentials of a problem, kept from one outer iteration to the next.
pub(super) struct Scaling<'p> {
    a: &'p Array1<f64>,
    b: &'p Array1<f64>,
    f: Vec<f64>,
    g: Vec<f64>,
}

/// What the two marginals are held by: `ρ KL(P 1 | a)`, or exactly where ρ is infinite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Penalties {
    pub(super) epsilon: f64,
    pub(super) source: f64,
    pub(super) target: f64,
}

impl Penalties {
    /// `ρ / (ρ + ε)`.
    fn damping(&self, rho: f64) -> f64 {
        if rho.is_finite() { rho / (rho + self.epsilon) } else { 1.0 }
    }
}

impl<'p> Scaling<'p> {
    pub(super) fn new(a: &'p Array1<f64>, b: &'p Array1<f64>) -> Self {
        Self { a, b, f: vec![0.0; a.len()], g: vec![0.0; b.len()] }
    }

    /// The plan `a_i b_j exp((f_i + g_j - c_ij)/ε)` after iterations from the kept potentials, until the
    /// potentials of a sweep change the plan's rows by `tolerance` in L1. Generalised Sinkhorn (L. Chizat
    /// et al., Math. Comp. 87, 2018, doi 10.1090/mcom/3303), in scaling form on a kernel that absorbs the
    /// potentials.
    pub(super) fn solve(
        &mut self,
        costs: &Array2<f64>,
        penalties: Penalties,
        tolerance: f64,
        max_iterations: usize,
    ) -> Array2<f64> {
        let epsilon = penalties.epsilon;
        let (kf, kg) = (penalties.damping(penalties.source), penalties.damping(penalties.target));
        let mut kernel = self.kernel(costs, epsilon);
        if lost(&kernel, self.a, self.b) {
            self.log_sweep(costs, epsilon, kf, kg);
            kernel = self.kernel(costs, epsilon);
        }
        let (n, m) = costs.dim();
        let (mut log_u, mut log_v) = (vec![0.0_f64; n], vec![0.0_f64; m]);
        let (mut u, mut v) = (vec![1.0; n], vec![1.0; m]);
        for _ in 0..max_iterations {
            let sums = times(&kernel, &v);
            let mut change = 0.0;
            for i in 0..n {
                if self.a[i] > 0.0 {
                    let next =
                        (kf * (self.f[i] - epsilon * (sums[i] / self.a[i]).ln()) - self.f[i]) / epsilon;
                    change += self.a[i] * (log_u[i] - next).exp_m1().abs();
                    log_u[i] = next;
                }
            }
            u.iter_mut().zip(&log_u).for_each(|(u, x)| *u = x.exp());
            let sums = times_transposed(&kernel, &u);
            for j in 0..m {
                if self.b[j] > 0.0 {
                    log_v[j] =
                        (kg * (self.g[j] - epsilon * (sums[j] / self.b[j]).ln()) - self.g[j]) / epsilon;
                }
            }
            if kf < 1.0 && kg < 1.0 {
                self.translate(&mut log_u, &mut log_v, penalties);
            }
            v.iter_mut().zip(&log_v).for_each(|(v, x)| *v = x.exp());
            if change <= tolerance {
                break;
            }
            let far = log_u.iter().chain(&log_v).any(|x| x.abs() > LIMIT);
            if far {
                self.absorb(epsilon, &mut log_u, &mut log_v);
                kernel = self.kernel(costs, epsilon);
                u.fill(1.0);
                v.fill(1.0);
            }
        }
        u.iter_mut().zip(&log_u).for_each(|(u, x)| *u = x.exp());
        for (mut row, u) in kernel.rows_mut().into_iter().zip(&u) {
            row.iter_mut().zip(&v).for_each(|(p, v)| *p *= u * v);
        }
        self.absorb(epsilon, &mut log_u, &mut log_v);
        kernel
    }

    /// The best constant to move from one potential to the other; without it, a mass that is off goes only
    /// by the slow factor of both dampings. T. Séjourné, F.-X. Vialard and G. Peyré, AISTATS 2022,
    /// arXiv 2201.00730.
    fn translate(&self, log_u: &mut [f64], log_v: &mut [f64], penalties: Penalties) {
        let Penalties { epsilon, source, target } = penalties;
        let soft = |masses: &Array1<f64>, potential: &[f64], logs: &[f64], rho: f64| {
            let terms = masses.iter().zip(potential).zip(logs);
            terms
                .map(|((&w, &f), &x)| if w > 0.0 { w * (-(f + epsilon * x) / rho).exp() } else { 0.0 })
                .sum::<f64>()
                .ln()
        };
        let (first, second) = (soft(self.a, &self.f, log_u, source), soft(self.b, &self.g, log_v, target));
        let shift = source * target / (source + target) * (first - second) / epsilon;
        if shift.is_finite() {
            log_u.iter_mut().for_each(|x| *x += shift);
            log_v.iter_mut().for_each(|x| *x -= shift);
        }
    }

    fn absorb(&mut self, epsilon: f64, log_u: &mut [f64], log_v: &mut [f64]) {
        for (potential, log) in self.f.iter_mut().zip(log_u).chain(self.g.iter_mut().zip(log_v)) {
            *potential += epsilon * *log;
            *log = 0.0;
        }
    }

    /// `a_i b_j exp((f_i + g_j - c_ij)/ε)`.
    fn kernel(&self, costs: &Array2<f64>, epsilon: f64) -> Array2<f64> {
        let m = costs.ncols();
        let mut kernel = Array2::zeros(costs.dim());
        let b = self.b.as_slice().expect("masses are contiguous");
        let out = kernel.as_slice_mut().expect("new arrays are contiguous");
        let costs = costs.as_slice().expect("costs are contiguous");
        let scale = 1.0 / epsilon;
        out.par_chunks_mut(m).zip(costs.par_chunks(m)).enumerate().with_min_len(16).for_each(
            |(i, (out, costs))| {
                let (a, f) = (self.a[i], self.f[i]);
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (((out, &c), &g), &b) in out.iter_mut().zip(costs).zip(&self.g).zip(b) {
                            let x = (f + g - c) * scale;
                            *out = a * b * exp(if x < 700.0 { x } else { 700.0 });
                        }
                    },
                );
            },
        );
        kernel
    }

    /// One sweep in the log domain, from any potentials.
    fn log_sweep(&mut self, costs: &Array2<f64>, epsilon: f64, kf: f64, kg: f64) {
        let soft = |masses: &Array1<f64>, potential: &[f64], line: ndarray::ArrayView1<'_, f64>| {
            let terms = || masses.iter().zip(potential).zip(line.iter()).filter(|((w, _), _)| **w > 0.0);
            let least = terms().map(|((_, g), c)| c - g).fold(f64::INFINITY, f64::min);
            let sum: f64 = terms().map(|((w, g), c)| w * ((least - (c - g)) / epsilon).exp()).sum();
            least - epsilon * sum.ln()
        };
        let f: Vec<f64> = costs.axis_iter(Axis(0)).map(|row| kf * soft(self.b, &self.g, row)).collect();
        self.f = f;
        let g: Vec<f64> = costs.axis_iter(Axis(1)).map(|column| kg * soft(self.a, &self.f, column)).collect();
        self.g = g;
    }
}

/// Whether a point with mass has lost all of its kernel, or it has grown out of range.
fn lost(kernel: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>) -> bool {
    let bad = |sums: Array1<f64>, masses: &Array1<f64>| {
        sums.iter().zip(masses).any(|(s, w)| *w > 0.0 && !(*s > TINY * w && *s < w / TINY))
    };
    bad(kernel.sum_axis(Axis(1)), a) || bad(kernel.sum_axis(Axis(0)), b)
}

/// `K v`.
fn times(kernel: &Array2<f64>, v: &[f64]) -> Vec<f64> {
    let m = kernel.ncols();
    let flat = kernel.as_slice().expect("kernels are contiguous");
    let v = ndarray::ArrayView1::from(v);
    let mut out = vec![0.0; kernel.nrows()];
    out.par_chunks_mut(ROWS).zip(flat.par_chunks(ROWS * m)).for_each(|(out, rows)| {
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(m)) {
            *out = ndarray::ArrayView1::from(row).dot(&v);
        }
    });
    out
}

/// `Kᵀ u`.
fn times_transposed(kernel: &Array2<f64>, u: &[f64]) -> Vec<f64> {
    let m = kernel.ncols();
    let flat = kernel.as_slice().expect("kernels are contiguous");
    let parts: Vec<Vec<f64>> = flat
        .par_chunks(ROWS * m)
        .zip(u.par_chunks(ROWS))
        .map(|(rows, u)| {
            let mut sums = vec![0.0; m];
            for (row, &u) in rows.chunks_exact(m).zip(u) {
                sums.iter_mut().zip(row).for_each(|(s, k)| *s += u * k);
            }
            sums
        })
        .collect();
    let mut sums = vec![0.0; m];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(s, part)| *s += part);
    }
    sums
}
