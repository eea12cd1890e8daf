//! Soft minima over a grid, one axis after the other.

use crate::sinkhorn::exp;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// `−ε log Σ_j exp((h_j − c_ij)/ε)` for costs `c = Σ_a axes[a]`, for every node `i`.
///
/// The sum over the nodes is a sum over each axis in turn, so that the work is `Σ_a` of (nodes × length of the axis), not
/// nodes × nodes (J. Solomon et al., 2015, doi 10.1145/2766963, section 5). In the log domain: no ε underflows.
pub(super) fn soft_minima(axes: &[ArrayView2<'_, f64>], epsilon: f64, h: &[f64]) -> Vec<f64> {
    let mut values = h.to_vec();
    let mut inner = 1;
    for costs in axes.iter().rev() {
        values = along(*costs, epsilon, &values, inner);
        inner *= costs.nrows();
    }
    values.iter_mut().for_each(|v| *v = -*v);
    values
}

/// `out[o, i, k] = ε log Σ_j exp((values[o, j, k] − costs[i, j])/ε)` with `k` below `inner`.
fn along(costs: ArrayView2<'_, f64>, epsilon: f64, values: &[f64], inner: usize) -> Vec<f64> {
    let (n, m) = costs.dim();
    let outer = values.len() / (m * inner);
    let mut out = vec![0.0; outer * n * inner];
    out.par_chunks_mut(inner).enumerate().with_min_len(64).for_each_init(Vec::new, |most, (chunk, out)| {
        let (o, i) = (chunk / n, chunk % n);
        let lines = || {
            let lines = values[o * m * inner..(o + 1) * m * inner].chunks_exact(inner);
            lines.zip(costs.row(i)).map(|(line, &c)| (line, c))
        };
        most.clear();
        most.resize(inner, f64::NEG_INFINITY);
        for (line, c) in lines() {
            for (most, &v) in most.iter_mut().zip(line) {
                *most = if v - c > *most { v - c } else { *most };
            }
        }
        // Nothing counts where the largest is −∞; 0 in its place keeps the sum at 0, not NaN.
        let scale = 1.0 / epsilon;
        out.fill(0.0);
        for (line, c) in lines() {
            add(out, line, most, c, scale);
        }
        for (out, most) in out.iter_mut().zip(most) {
            *out = if *most == f64::NEG_INFINITY { f64::NEG_INFINITY } else { *most + epsilon * out.ln() };
        }
    });
    out
}

/// `out += exp((line − c − most)/ε)`.
fn add(out: &mut [f64], line: &[f64], most: &[f64], c: f64, scale: f64) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((out, &v), &most) in out.iter_mut().zip(line).zip(most) {
                let most = if most == f64::NEG_INFINITY { 0.0 } else { most };
                *out += exp((v - c - most) * scale);
            }
        },
    );
}
