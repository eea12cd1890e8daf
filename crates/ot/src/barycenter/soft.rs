//! Soft minima over the rows and the columns of any geometry.

use crate::Geometry;
use crate::sinkhorn::exp;
use rayon::prelude::*;

/// Columns of one task.
const STRIP: usize = 256;
/// Partial sums of a row, in a fixed order.
const LANES: usize = 8;

/// `-ε log Σ_j exp((h_j - c_ij)/ε)` for all rows; +∞ where no term is left. `h` may hold −∞.
pub(crate) fn rows<G: Geometry + ?Sized>(geometry: &G, epsilon: f64, h: &[f64]) -> Vec<f64> {
    let (n, m) = geometry.shape();
    let scale = 1.0 / epsilon;
    (0..n)
        .into_par_iter()
        .with_min_len(16)
        .map_init(Vec::new, |buffer, row| {
            let costs = geometry.costs(row, 0..m, buffer);
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || soft_minimum(costs, h, scale),
            )
        })
        .collect()
}

#[inline(always)]
fn soft_minimum(costs: &[f64], h: &[f64], scale: f64) -> f64 {
    let mut low = [f64::INFINITY; LANES];
    for (costs, h) in costs.chunks(LANES).zip(h.chunks(LANES)) {
        for ((low, &c), &h) in low.iter_mut().zip(costs).zip(h) {
            let d = c - h;
            *low = if d < *low { d } else { *low };
        }
    }
    let least = low.iter().fold(f64::INFINITY, |x, &y| x.min(y));
    if !least.is_finite() {
        return f64::INFINITY;
    }
    let mut sums = [0.0; LANES];
    for (costs, h) in costs.chunks(LANES).zip(h.chunks(LANES)) {
        for ((sum, &c), &h) in sums.iter_mut().zip(costs).zip(h) {
            *sum += exp((least - (c - h)) * scale);
        }
    }
    least - sums.iter().sum::<f64>().ln() / scale
}

/// `-ε log Σ_i exp((h_i - c_ij)/ε)` for all columns, a strip a task, rows in order.
pub(crate) fn columns<G: Geometry + ?Sized>(geometry: &G, epsilon: f64, h: &[f64]) -> Vec<f64> {
    let (_, m) = geometry.shape();
    let scale = 1.0 / epsilon;
    let mut out = vec![f64::INFINITY; m];
    out.par_chunks_mut(STRIP).enumerate().for_each_init(Vec::new, |buffer, (strip, out)| {
        let range = strip * STRIP..strip * STRIP + out.len();
        let used = || h.iter().enumerate().filter(|(_, h)| **h > f64::NEG_INFINITY);
        for (row, &h) in used() {
            for (least, &c) in out.iter_mut().zip(geometry.costs(row, range.clone(), buffer)) {
                let d = c - h;
                *least = if d < *least { d } else { *least };
            }
        }
        let shift: Vec<f64> = out.iter().map(|&l| if l.is_finite() { l } else { 0.0 }).collect();
        let mut sums = vec![0.0; out.len()];
        for (row, &h) in used() {
            let costs = geometry.costs(row, range.clone(), buffer);
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for ((sum, &c), &shift) in sums.iter_mut().zip(costs).zip(&shift) {
                        *sum += exp((shift - (c - h)) * scale);
                    }
                },
            );
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            *out -= sum.ln() * epsilon;
        }
    });
    out
}
