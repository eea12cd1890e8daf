//! Projection onto the factors of plans: Dykstra's algorithm with Kullback-Leibler divergence.

use super::plan::Factors;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 2048;

/// The largest number of passes over the kernels.
const PASSES: usize = 10_000;

/// The factors nearest to the kernels `K₁`, `K₂`, `k₃`, with marginals `a` and `b` and `g ≥ floor`.
///
/// Scetbon, Cuturi and Peyré 2021, algorithm 2 (LR-Dykstra). It ends where the rows miss `a` and `b` by
/// `tolerance` in L1; the columns are exact.
pub(super) fn project(
    kernels: &Factors,
    (a, b): (&Array1<f64>, &Array1<f64>),
    floor: f64,
    tolerance: f64,
) -> Factors {
    let rank = kernels.g.len();
    let ones = || vec![1.0; rank];
    let mut g: Vec<f64> = kernels.g.to_vec();
    // Scalings of the columns, and Dykstra's corrections of the three constraints on g.
    let mut sides = [Side::new(&kernels.q, a, rank), Side::new(&kernels.r, b, rank)];
    let (mut lower, mut both) = (ones(), ones());
    for pass in 0..PASSES {
        let mut error = 0.0;
        for side in &mut sides {
            error += side.pass();
        }
        if pass > 0 && error <= tolerance {
            break;
        }
        for k in 0..rank {
            // g ≥ floor.
            let wanted = g[k] * lower[k];
            g[k] = wanted.max(floor);
            lower[k] = wanted / g[k];
            // Both factors have the column sums g: a geometric mean.
            let mean = (g[k] * both[k]).ln()
                + sides.iter().map(|s| (s.v[k] * s.q[k] * s.sums[k]).ln()).sum::<f64>();
            let next = (mean / 3.0).exp();
            for side in &mut sides {
                let v = next / side.sums[k];
                side.q[k] *= side.v[k] / v;
                side.v[k] = v;
            }
            both[k] *= g[k] / next;
            g[k] = next;
        }
    }
    let [q, r] = sides.map(Side::finish);
    Factors { q, r, g: g.into() }
}

/// One factor `diag(u) K diag(v)` in the making.
struct Side<'k> {
    kernel: &'k Array2<f64>,
    mass: &'k Array1<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    q: Vec<f64>,
    /// `Kᵀ u`.
    sums: Vec<f64>,
}

impl<'k> Side<'k> {
    fn new(kernel: &'k Array2<f64>, mass: &'k Array1<f64>, rank: usize) -> Self {
        let (u, v, q) = (vec![0.0; mass.len()], vec![1.0; rank], vec![1.0; rank]);
        Self { kernel, mass, u, v, q, sums: vec![0.0; rank] }
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

    fn finish(self) -> Array2<f64> {
        let mut factor = self.kernel.clone();
        for (mut row, &u) in factor.axis_iter_mut(Axis(0)).zip(&self.u) {
            row.iter_mut().zip(&self.v).for_each(|(x, v)| *x *= u * v);
        }
        factor
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
