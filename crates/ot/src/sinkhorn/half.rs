//! The second half step in the log domain: soft minima over the columns of the costs.

use super::exp::exp;
use crate::Geometry;
use rayon::prelude::*;

/// Columns that one task of the second half step works on.
const STRIP: usize = 256;

/// A potential with its log weight, `f_i + ε log a_i`; −∞ without mass.
pub(super) struct Weighted(Vec<f64>);

impl Weighted {
    pub(super) fn new(potential: &[f64], mass: &[f64], epsilon: f64) -> Self {
        Self(
            potential
                .iter()
                .zip(mass)
                .map(|(&p, &w)| if w > 0.0 { p + epsilon * w.ln() } else { f64::NEG_INFINITY })
                .collect(),
        )
    }

    /// The numbers.
    pub(super) fn values(&self) -> &[f64] {
        &self.0
    }
}

/// `g_j = -ε log Σ_i exp((h_i - c_ij)/ε)`, a strip of columns a task, rows in order.
pub(super) fn columns<G: Geometry + ?Sized>(geometry: &G, epsilon: f64, weighted: Weighted) -> Vec<f64> {
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
    g
}
