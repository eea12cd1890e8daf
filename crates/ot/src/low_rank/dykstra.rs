//! Projection onto the factors of plans, in the Kullback-Leibler divergence.

use super::plan::Factors;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 2048;

/// The largest number of passes over the kernels.
const PASSES: usize = 500;

/// The factors nearest to the kernels `K₁`, `K₂`, `k₃`, with marginals `a` and `b` and `g ≥ floor`.
///
/// Solves the projection of Scetbon, Cuturi and Peyré 2021 . Its solution has the form `Q =
/// diag(u₁) K₁ diag(v₁)`, `R = diag(u₂) K₂ diag(v₂)`, `g = k₃ w / (v₁ v₂)` with `w ≥ 1` where g is at the
/// floor; their algorithm 2 finds it by Dykstra's iterations over four constraints. Here the dual ascends
/// in two blocks, each in closed form: `u` from the rows, then `v` and `w` from `g³ = k₃ w (K₁ᵀ u₁)(K₂ᵀ
/// u₂)`. That needs no memory of corrections, so that it may start from the `v` of the last projection.
///
/// It ends where the rows miss `a` and `b` by `tolerance` in L1, and returns what they miss; the columns are
/// exact.
pub(super) fn project(
    kernels: &Factors,
    (a, b): (&Array1<f64>, &Array1<f64>),
    floor: f64,
    tolerance: f64,
    warm: &mut [Vec<f64>; 2],
) -> (Factors, f64) {
    let rank = kernels.g.len();
    let [v1, v2] = std::mem::take(warm);
    let mut sides = [Side::new(&kernels.q, a, v1), Side::new(&kernels.r, b, v2)];
    let mut g = vec![0.0; rank];
    let (mut passes, mut error) = (0, f64::INFINITY);
    loop {
        let missed: f64 = sides.iter_mut().map(Side::pass).sum();
        if passes > 0 {
            error = missed;
        }
        if (passes > 0 && error <= tolerance) || passes == PASSES {
            break;
        }
        for k in 0..rank {
            let log: f64 = kernels.g[k].ln() + sides.iter().map(|s| s.sums[k].ln()).sum::<f64>();
            g[k] = (log / 3.0).exp().max(floor);
            sides.iter_mut().for_each(|side| side.v[k] = g[k] / side.sums[k]);
        }
        sides.iter_mut().for_each(|side| side.before.copy_from_slice(&side.u));
        passes += 1;
    }
    let [q, r] = sides.map(Side::finish);
    *warm = [q.1, r.1];
    (Factors { q: q.0, r: r.0, g: g.into() }, error)
}

/// One factor `diag(u) K diag(v)` in the making.
struct Side<'k> {
    kernel: &'k Array2<f64>,
    mass: &'k Array1<f64>,
    u: Vec<f64>,
    /// The scalings of the pass before, to which `v` belongs.
    before: Vec<f64>,
    v: Vec<f64>,
    /// `Kᵀ u`.
    sums: Vec<f64>,
}

impl<'k> Side<'k> {
    fn new(kernel: &'k Array2<f64>, mass: &'k Array1<f64>, mut v: Vec<f64>) -> Self {
        v.resize(kernel.ncols(), 1.0);
        let sums = vec![0.0; v.len()];
        Self { kernel, mass, u: vec![0.0; mass.len()], before: vec![0.0; mass.len()], v, sums }
    }

    /// `u = mass / (K v)` and `Kᵀ u` in one reading of the kernel; returns what the rows missed before.
    fn pass(&mut self) -> f64 {
        let rank = self.v.len();
        let flat = self.kernel.as_slice().expect("kernels are contiguous");
        let mass = self.mass.as_slice().expect("masses are contiguous");
        let v = &self.v;
        let parts: Vec<(f64, Vec<f64>)> = self
            .u
            .par_chunks_mut(ROWS)
            .zip(flat.par_chunks(ROWS * rank))
            .zip(mass.par_chunks(ROWS))
            .map(|((u, rows), mass)| {
                let (mut error, mut sums) = (0.0, vec![0.0; rank]);
                for ((u, row), &mass) in u.iter_mut().zip(rows.chunks_exact(rank)).zip(mass) {
                    let sum: f64 = row.iter().zip(v).map(|(k, v)| k * v).sum();
                    error += (*u * sum - mass).abs();
                    *u = if mass > 0.0 { mass / sum } else { 0.0 };
                    sums.iter_mut().zip(row).for_each(|(s, k)| *s += *u * k);
                }
                (error, sums)
            })
            .collect();
        self.sums.fill(0.0);
        let mut error = 0.0;
        for (part, sums) in parts {
            error += part;
            self.sums.iter_mut().zip(sums).for_each(|(s, part)| *s += part);
        }
        error
    }

    fn finish(self) -> (Array2<f64>, Vec<f64>) {
        let mut factor = self.kernel.clone();
        for (mut row, &u) in factor.axis_iter_mut(Axis(0)).zip(&self.before) {
            row.iter_mut().zip(&self.v).for_each(|(x, v)| *x *= u * v);
        }
        (factor, self.v)
    }
}

/// The factor moved onto rows `a` and columns `g` exactly, with no entry below zero.
///
/// J. Altschuler, J. Weed and P. Rigollet, NeurIPS 2017, arXiv 1705.09634, algorithm 2.
pub(super) fn round(factor: &mut Array2<f64>, a: &Array1<f64>, g: &Array1<f64>) {
    for (mut row, &a) in factor.rows_mut().into_iter().zip(a) {
        let sum = row.sum();
        if sum > a {
            row *= a / sum;
        }
    }
    let sums = factor.sum_axis(Axis(0));
    for (k, (&sum, &g)) in sums.iter().zip(g).enumerate() {
        if sum > g {
            factor.column_mut(k).mapv_inplace(|x| x * (g / sum));
        }
    }
    let rows = a - &factor.sum_axis(Axis(1));
    let columns = g - &factor.sum_axis(Axis(0));
    let missing: f64 = columns.iter().map(|c| c.max(0.0)).sum();
    if missing > 0.0 {
        for (mut row, &r) in factor.rows_mut().into_iter().zip(&rows) {
            let share = r.max(0.0) / missing;
            row.iter_mut().zip(&columns).for_each(|(x, c)| *x += share * c.max(0.0));
        }
    }
}
