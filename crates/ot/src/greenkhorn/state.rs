//! The plan in the making: one row or column at a time.

use crate::sinkhorn::exp;
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

/// Scalings beyond this range send a row or column back to its costs.
const RANGE: f64 = 1e100;

/// The plan in the making, with potentials and marginals.
pub(super) struct State<'p> {
    pub(super) costs: &'p Array2<f64>,
    pub(super) epsilon: f64,
    pub(super) masses: [&'p Array1<f64>; 2],
    pub(super) potentials: [Array1<f64>; 2],
    pub(super) sums: [Array1<f64>; 2],
    pub(super) plan: Array2<f64>,
}

impl State<'_> {
    /// The side (0 a row, 1 a column) and index that is furthest off.
    pub(super) fn worst(&self) -> (usize, usize) {
        let mut worst = (f64::NEG_INFINITY, (0, 0));
        for side in 0..2 {
            for (index, (&x, &y)) in self.masses[side].iter().zip(&self.sums[side]).enumerate() {
                // A sum of 0 is infinitely far off; the first of several wins.
                let off = if x > 0.0 { divergence(x, y) } else { 0.0 };
                if off > worst.0 {
                    worst = (off, (side, index));
                }
            }
        }
        worst.1
    }

    /// Scales one row or column to its mass.
    pub(super) fn scale(&mut self, side: usize, index: usize) {
        let (mass, sum) = (self.masses[side][index], self.sums[side][index]);
        let factor = mass / sum;
        if !(factor < RANGE && factor > 1.0 / RANGE) {
            return self.refit(side, index);
        }
        self.potentials[side][index] += self.epsilon * factor.ln();
        let other = &mut self.sums[1 - side];
        for (p, sum) in self.plan.index_axis_mut(Axis(side), index).iter_mut().zip(other) {
            let before = *p;
            *p *= factor;
            *sum += *p - before;
        }
        self.sums[side][index] = mass;
    }

    /// The same from the costs and the other side's potentials, where scaling would leave the range.
    fn refit(&mut self, side: usize, index: usize) {
        let costs = self.costs.index_axis(Axis(side), index);
        let (masses, potential) = (self.masses[1 - side], &self.potentials[1 - side]);
        let gaps = || costs.iter().zip(potential).zip(masses).filter(|(_, w)| **w > 0.0);
        let least = gaps().map(|((c, g), _)| c - g).fold(f64::INFINITY, f64::min);
        let sum: f64 = gaps().map(|((c, g), w)| w * ((least - (c - g)) / self.epsilon).exp()).sum();
        let new = least - self.epsilon * sum.ln();
        let mass = self.masses[side][index];
        let sums = &mut self.sums[1 - side];
        let line = self.plan.index_axis_mut(Axis(side), index);
        for ((((p, &c), &g), &w), sum) in line.into_iter().zip(costs).zip(potential).zip(masses).zip(sums) {
            let before = *p;
            *p = if w > 0.0 { mass * w * ((new + g - c) / self.epsilon).exp() } else { 0.0 };
            *sum += *p - before;
        }
        self.potentials[side][index] = new;
        self.sums[side][index] = mass;
    }

    /// L1 error of the marginals, from the sums kept along.
    pub(super) fn residual(&self) -> f64 {
        (0..2).map(|s| (self.masses[s] - &self.sums[s]).iter().map(|e| e.abs()).sum::<f64>()).sum()
    }

    /// The plan and its sums from the potentials: entries that were too small to hold come back.
    pub(super) fn refresh(&mut self) {
        fill(self);
        self.sums = [self.plan.sum_axis(Axis(1)), self.plan.sum_axis(Axis(0))];
    }
}

/// `y - x + x log(x/y)`, without cancellation where the two are close.
fn divergence(x: f64, y: f64) -> f64 {
    let d = (y - x) / x;
    if d.abs() < 1e-3 {
        x * d * d * (0.5 - d * (1.0 / 3.0 - d * (0.25 - d / 5.0)))
    } else {
        x * (d - d.ln_1p())
    }
}

/// `a_i b_j exp((f_i + g_j - c_ij)/ε)`.
fn fill(state: &mut State<'_>) {
    let m = state.costs.ncols();
    let ([a, b], [f, g], costs) = (state.masses, &state.potentials, state.costs);
    let scale = 1.0 / state.epsilon;
    let flat = state.plan.as_slice_mut().expect("new arrays are contiguous");
    flat.par_chunks_mut(m).enumerate().for_each(|(i, row)| {
        for (j, p) in row.iter_mut().enumerate() {
            let mass = a[i] * b[j];
            *p = if mass > 0.0 { mass * exp((f[i] + g[j] - costs[[i, j]]) * scale) } else { 0.0 };
        }
    });
}
