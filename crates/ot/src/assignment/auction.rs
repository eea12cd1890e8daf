//! Good column potentials, and most of the assignment, by an auction with falling steps.
//!
//! A waiting row bids for its cheapest column: the column's potential falls by the margin to the second
//! cheapest plus `step`, and the row that held the column waits again (Bertsekas 1988). The auction works on
//! reduced costs in single precision: what it leaves is only a start for [`super::reduction`], which is exact.

use pulp::Simd;

use super::aligned::Aligned;
use super::costs::Costs;
use super::scan::{WIDE_BLOCK, best_two_wide, least, lower};
use super::state::{FREE, State};

/// The first step, in units of the typical reduced cost.
const FIRST_STEP: f32 = 0.8;
/// What the step is divided by from phase to phase.
const STEP_RATIO: f32 = 7.0;
/// No phase has a step below this, which is well above the rounding of single precision.
const LAST_STEP: f32 = 1e-5;
/// No more bids a row than this, all phases together.
const BIDS: usize = 150;
/// The first step from given potentials.
const WARM_STEP: f32 = 1e-3;
/// Bids a row after which given potentials are given up.
const WARM_BIDS: usize = 20;
/// Stop when no more than one row in this number is free.
const FREE_ENOUGH: usize = 16;
/// Potentials fall by no more than this a bid, in units of the typical reduced cost. A smaller fall is as
/// valid as a larger one, and a huge one (the second cheapest column of a row may be a forbidden one) would
/// round off what the other costs say.
pub(crate) const MARGIN: f32 = 16.0;
/// Reduced costs are cut off here, in the same units.
const LARGE: f64 = 1e6;
/// The typical reduced cost is the quantile `1 / QUANTILE` of this number of entries.
const SAMPLE: usize = 256;
const QUANTILE: usize = 4;
/// Neighbouring entries of the sample, past the first [`FEWEST`], that differ by this factor are of two kinds.
const JUMP: f64 = 1e3;
const FEWEST: usize = 4;

/// What is known at the start.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// Nothing.
    Cold,
    /// Column potentials of a similar problem.
    Warm,
}

/// Reduced costs in single precision, in units of a typical one.
#[derive(Debug, Default)]
pub(crate) struct Auction {
    entries: Aligned<f32>,
    stride: usize,
    /// What the column potentials fell by, negative.
    price: Aligned<f32>,
    /// Row potentials of the start.
    u: Vec<f64>,
    sample: Vec<f64>,
}

impl Auction {
    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        &self.entries[i * self.stride..][..self.stride]
    }

    /// Leaves good potentials, and pairs that are about tight.
    ///
    /// `state` comes with nothing assigned, and with potentials of a similar problem if `start` says so.
    /// Returns the typical reduced cost, `0` if none is known.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(
        &mut self,
        simd: S,
        costs: &Costs<'_>,
        state: &mut State,
        start: Start,
    ) -> f64 {
        if let Start::Warm = start {
            let scale = self.reduce_rows(simd, costs, state);
            let bids = WARM_BIDS * costs.n;
            if scale <= 0.0 || self.phases(simd, costs, state, scale, WARM_STEP, bids) {
                return scale;
            }
            state.release_all();
        }
        reduce_columns(simd, costs, state);
        let scale = self.reduce_rows(simd, costs, state);
        if scale > 0.0 {
            self.phases(simd, costs, state, scale, FIRST_STEP, BIDS * costs.n);
        }
        scale
    }

    /// The phases; says whether they ended before the bids did.
    #[inline(always)]
    fn phases<S: Simd>(
        &mut self,
        simd: S,
        costs: &Costs<'_>,
        state: &mut State,
        scale: f64,
        mut step: f32,
        mut bids: usize,
    ) -> bool {
        let n = costs.n;
        self.round(costs, state, scale);
        let mut free = self.tighten(simd, n, state);
        while free * FREE_ENOUGH > n && step > LAST_STEP && bids > 0 {
            bids = self.bid(simd, state, step, bids);
            free = self.tighten(simd, n, state);
            step /= STEP_RATIO;
        }
        for (v, &p) in state.v[..n].iter_mut().zip(self.price.iter()) {
            *v += f64::from(p) * scale;
        }
        bids > 0
    }

    /// Row reduction; returns the typical reduced cost.
    #[inline(always)]
    fn reduce_rows<S: Simd>(&mut self, simd: S, costs: &Costs<'_>, state: &State) -> f64 {
        let n = costs.n;
        self.u.clear();
        // A loop: in a closure the kernel would miss the vector instructions of its caller.
        for i in 0..n {
            self.u.push(least(simd, costs.row(i), &state.v));
        }
        self.sample.clear();
        self.sample.extend((0..SAMPLE).map(|k| {
            let (i, j) = (k % n, k.wrapping_mul(0x9e37_79b9) / 256 % n);
            costs.at(i, j) - state.v[j] - self.u[i]
        }));
        self.sample.sort_unstable_by(f64::total_cmp);
        typical(&self.sample)
    }

    /// Rounds the reduced costs to single precision.
    #[inline(always)]
    fn round(&mut self, costs: &Costs<'_>, state: &State, scale: f64) {
        let n = costs.n;
        self.stride = n.next_multiple_of(WIDE_BLOCK);
        self.price.reset(self.stride, 0.0);
        self.entries.resize(n * self.stride, 0.0);
        let scale = 1.0 / scale;
        for (i, entries) in self.entries.chunks_exact_mut(self.stride).enumerate() {
            let u = self.u[i];
            for ((entry, &c), &v) in entries.iter_mut().zip(&costs.row(i)[..n]).zip(state.v.iter()) {
                *entry = (((c - v) - u) * scale).min(LARGE) as f32;
            }
            entries[n..].fill(f32::INFINITY);
        }
    }

    /// Keeps the pairs that are tight, adds those that are tight and free; returns the number of free rows.
    #[inline(always)]
    fn tighten<S: Simd>(&mut self, simd: S, n: usize, state: &mut State) -> usize {
        state.waiting.clear();
        for i in (0..n).rev() {
            let row = self.row(i);
            let best = best_two_wide(simd, row, &self.price);
            let j = state.column_of[i];
            if j != FREE && row[j as usize] - self.price[j as usize] > best.first {
                state.release(i);
            }
            if state.column_of[i] == FREE {
                if state.row_of[best.column] == FREE {
                    state.assign(i as u32, best.column);
                } else {
                    state.waiting.push(i as u32);
                }
            }
        }
        state.waiting.len()
    }

    /// One phase: rows bid until all have a column or the bids are used up; returns the bids left.
    #[inline(always)]
    fn bid<S: Simd>(&mut self, simd: S, state: &mut State, step: f32, mut bids: usize) -> usize {
        while bids > 0
            && let Some(i) = state.waiting.pop()
        {
            bids -= 1;
            let best = best_two_wide(simd, self.row(i as usize), &self.price);
            self.price[best.column] -= (best.second - best.first).min(MARGIN) + step;
            let evicted = state.assign(i, best.column);
            if evicted != FREE {
                state.waiting.push(evicted);
            }
        }
        bids
    }
}

/// A typical value of sorted reduced costs: their quantile `1 / QUANTILE`, or what lies below a `JUMP` (above
/// it are forbidden moves), or the least that is not 0.
fn typical(sample: &[f64]) -> f64 {
    let quantile = sample.len() / QUANTILE;
    for k in (FEWEST..=quantile).rev() {
        if sample[k - 1] > 0.0 && sample[k] > JUMP * sample[k - 1] {
            return sample[k - 1];
        }
    }
    sample[quantile..].iter().copied().find(|&c| c > 0.0).unwrap_or(0.0)
}

/// Column reduction: each potential is the least cost of its column.
#[inline(always)]
fn reduce_columns<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State) {
    state.v[..costs.n].fill(f64::INFINITY);
    for i in 0..costs.n {
        lower(simd, costs.row(i), &mut state.v);
    }
    state.v[costs.n..].fill(0.0);
}
