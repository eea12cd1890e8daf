//! The two half steps: soft minima over the columns and over the rows of the costs.

use super::exp::exp;
use crate::Geometry;
use ndarray::Array1;
use rayon::prelude::*;

/// Columns that one task of the second half step works on.
const STRIP: usize = 256;
/// Partial sums of a row, in a fixed order.
const LANES: usize = 16;

/// A potential with its log weight, `g_j + ε log b_j`; −∞ without mass.
pub(super) struct Weighted(Vec<f64>);

impl Weighted {
    pub(super) fn new(potential: &Array1<f64>, mass: &Array1<f64>, epsilon: f64) -> Self {
        Self(
            potential
                .iter()
                .zip(mass)
                .map(|(&p, &w)| if w > 0.0 { p + epsilon * w.ln() } else { f64::NEG_INFINITY })
                .collect(),
        )
    }
}

/// `f_i = -ε log Σ_j exp((h_j - c_ij)/ε)` for the weighted potential `h`; +∞ where no move is allowed.
pub(super) fn rows<G: Geometry + ?Sized>(geometry: &G, epsilon: f64, weighted: Weighted) -> Array1<f64> {
    let (n, m) = geometry.shape();
    let arch = pulp::Arch::new();
    let f: Vec<f64> = (0..n)
        .into_par_iter()
        .map_init(Vec::new, |buffer, row| {
            let costs = geometry.costs(row, 0..m, buffer);
            arch.dispatch(SoftMinimum { costs, weighted: &weighted.0, epsilon })
        })
        .collect();
    f.into()
}

/// One row's soft minimum, compiled for the vector instructions that the machine has.
struct SoftMinimum<'r> {
    costs: &'r [f64],
    weighted: &'r [f64],
    epsilon: f64,
}

impl pulp::WithSimd for SoftMinimum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        soft_minimum(self.costs, self.weighted, self.epsilon)
    }
}

#[inline(always)]
fn soft_minimum(costs: &[f64], weighted: &[f64], epsilon: f64) -> f64 {
    let mut low = [f64::INFINITY; LANES];
    let (c, h) = (costs.chunks_exact(LANES), weighted.chunks_exact(LANES));
    let rest = || c.clone().remainder().iter().zip(h.clone().remainder());
    for (c, h) in c.clone().zip(h.clone()) {
        for k in 0..LANES {
            let d = c[k] - h[k];
            low[k] = if d < low[k] { d } else { low[k] };
        }
    }
    let mut least = low.iter().fold(f64::INFINITY, |x, &y| x.min(y));
    least = rest().fold(least, |x, (&c, &h)| x.min(c - h));
    if !least.is_finite() {
        return f64::INFINITY;
    }
    let scale = 1.0 / epsilon;
    let mut sums = [0.0; LANES];
    for (c, h) in c.clone().zip(h.clone()) {
        for k in 0..LANES {
            sums[k] += exp((least - (c[k] - h[k])) * scale);
        }
    }
    let mut sum: f64 = sums.iter().sum();
    sum += rest().map(|(&c, &h)| exp((least - (c - h)) * scale)).sum::<f64>();
    least - epsilon * sum.ln()
}

/// `g_j = -ε log Σ_i exp((h_i - c_ij)/ε)`, a strip of columns a task, rows in order.
pub(super) fn columns<G: Geometry + ?Sized>(geometry: &G, epsilon: f64, weighted: Weighted) -> Array1<f64> {
    let (_, m) = geometry.shape();
    let mut g = vec![0.0; m];
    let arch = pulp::Arch::new();
    g.par_chunks_mut(STRIP).enumerate().for_each_init(Vec::new, |buffer, (strip, out)| {
        let range = strip * STRIP..strip * STRIP + out.len();
        let mut least = vec![f64::INFINITY; out.len()];
        for (row, &h) in weighted.0.iter().enumerate().filter(|(_, h)| h.is_finite()) {
            let costs = geometry.costs(row, range.clone(), buffer);
            arch.dispatch(
                #[inline(always)]
                || {
                    for (least, &c) in least.iter_mut().zip(costs) {
                        let d = c - h;
                        *least = if d < *least { d } else { *least };
                    }
                },
            );
        }
        // A column without allowed moves has least = +∞; 0 in its place keeps its sum at 0, not NaN.
        let shift: Vec<f64> = least.iter().map(|&l| if l.is_finite() { l } else { 0.0 }).collect();
        let scale = 1.0 / epsilon;
        out.fill(0.0);
        for (row, &h) in weighted.0.iter().enumerate().filter(|(_, h)| h.is_finite()) {
            let costs = geometry.costs(row, range.clone(), buffer);
            arch.dispatch(
                #[inline(always)]
                || {
                    for ((sum, &c), &shift) in out.iter_mut().zip(costs).zip(&shift) {
                        *sum += exp((shift - (c - h)) * scale);
                    }
                },
            );
        }
        for (out, &least) in out.iter_mut().zip(&least) {
            *out = least - epsilon * out.ln();
        }
    });
    g.into()
}
