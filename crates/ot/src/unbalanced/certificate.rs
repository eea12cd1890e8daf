//! Dual potentials of a plan without entropy: a bound that needs no trust in the solver.

use super::translation::balance;
use super::{AnyRelaxed, Marginal};
use crate::Geometry;
use ndarray::Array1;
use rayon::prelude::*;

/// Columns of one task of a transform over the rows.
const STRIP: usize = 256;

/// Potentials with `f_i + g_j ≤ c_ij`, from the marginals of a plan.
///
/// At the optimum `g_j = -D₂'(s_j)`. From there f is the c-transform of g and g that of f, each no higher than
/// what its side gains from, and the pair is moved by the constant that balances the two sides' masses.
pub(super) fn potentials(problem: &AnyRelaxed<'_>, columns: &Array1<f64>) -> [Array1<f64>; 2] {
    let (source, target) = (problem.marginal(0), problem.marginal(1));
    let idle = |side: usize, point: usize| {
        matches!(problem.marginal(side), Marginal::Kl { .. }) && problem.mass(side)[point] == 0.0
    };
    let cap = |marginal: Marginal, side: usize, mut f: Vec<f64>| {
        f.iter_mut().zip(problem.mass(side)).for_each(|(f, &a)| *f = f.min(marginal.cap(a)));
        f
    };
    // A target without mass in the plan: half of its cheapest move, the other half is for the source.
    let nearest = column_transform(problem.geometry(), &vec![0.0; problem.shape().0]);
    let g: Vec<f64> = (0..columns.len())
        .map(|j| match -target.slope(columns[j], problem.mass(1)[j]) {
            _ if idle(1, j) => f64::NEG_INFINITY,
            g if g.is_finite() => g,
            _ => 0.5 * nearest[j],
        })
        .collect();
    let mut f = cap(source, 0, row_transform(problem.geometry(), &g));
    (0..f.len()).filter(|&i| idle(0, i)).for_each(|i| f[i] = f64::NEG_INFINITY);
    let mut g = cap(target, 1, column_transform(problem.geometry(), &f));
    let mut f = cap(source, 0, row_transform(problem.geometry(), &g));
    let wanted = |side: usize, f: &[f64], shift: f64| -> f64 {
        let marginal = problem.marginal(side);
        f.iter().zip(problem.mass(side)).map(|(&f, &a)| marginal.wanted(f - shift, a)).sum()
    };
    // Raising f by t lowers the mass that the source gives, and raises the target's.
    let t = balance(|t| (wanted(0, &f, -t), wanted(1, &g, t)));
    f.iter_mut().for_each(|f| *f += t);
    g.iter_mut().for_each(|g| *g -= t);
    [f.into(), g.into()]
}

/// `min_j (c_ij - g_j)` over allowed moves, +∞ without any. Unknown potentials (not finite) have no say.
pub(super) fn row_transform(geometry: &dyn Geometry, g: &[f64]) -> Vec<f64> {
    let (n, m) = geometry.shape();
    (0..n)
        .into_par_iter()
        .map_init(Vec::new, |buffer, row| {
            let costs = geometry.costs(row, 0..m, buffer);
            costs.iter().zip(g).fold(
                f64::INFINITY,
                |least, (&c, &g)| {
                    if g.is_finite() { least.min(c - g) } else { least }
                },
            )
        })
        .collect()
}

/// `min_i (c_ij - f_i)`, likewise.
pub(super) fn column_transform(geometry: &dyn Geometry, f: &[f64]) -> Vec<f64> {
    let (_, m) = geometry.shape();
    let mut g = vec![f64::INFINITY; m];
    g.par_chunks_mut(STRIP).enumerate().for_each_init(Vec::new, |buffer, (strip, out)| {
        let range = strip * STRIP..strip * STRIP + out.len();
        for (row, &f) in f.iter().enumerate().filter(|(_, f)| f.is_finite()) {
            for (out, &c) in out.iter_mut().zip(geometry.costs(row, range.clone(), buffer)) {
                *out = out.min(c - f);
            }
        }
    });
    g
}
