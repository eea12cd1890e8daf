//! From potentials to exactly tight pairs: augmenting row reduction (Jonker and Volgenant 1987).

use pulp::Simd;

use super::auction::MARGIN;
use super::costs::Costs;
use super::scan::best_two;
use super::state::{FREE, State};

/// Passes over the free rows.
const PASSES: usize = 2;
/// No more bids a row and pass than this.
const BIDS: usize = 5;

/// Frees the pairs that are not tight, then reduces the potentials of free rows' columns.
///
/// `scale` is a typical reduced cost, `0` if that is unknown: see [`MARGIN`].
#[inline(always)]
pub(crate) fn run<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State, scale: f64) {
    tighten(simd, costs, state);
    for _ in 0..PASSES {
        reduce_rows(simd, costs, state, scale * f64::from(MARGIN), BIDS * costs.n);
    }
}

/// Keeps the pairs that are tight, adds those that are tight and free.
#[inline(always)]
fn tighten<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State) {
    state.waiting.clear();
    for i in (0..costs.n).rev() {
        let row = costs.row(i);
        let best = best_two(simd, row, &state.v);
        let j = state.column_of[i];
        if j != FREE && row[j as usize] - state.v[j as usize] > best.first {
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
}

/// One pass of augmenting row reduction over the waiting rows.
#[inline(always)]
fn reduce_rows<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State, most: f64, mut bids: usize) {
    while let Some(i) = state.waiting.pop() {
        let best = best_two(simd, costs.row(i as usize), &state.v);
        let margin = (best.second - best.first).min(most);
        if state.row_of[best.column] != FREE && margin <= 0.0 {
            state.later.push(i);
            continue;
        }
        state.v[best.column] -= margin;
        let evicted = state.assign(i, best.column);
        if evicted != FREE {
            if bids > 0 {
                state.waiting.push(evicted);
            } else {
                state.later.push(evicted);
            }
        }
        bids = bids.saturating_sub(1);
    }
    std::mem::swap(&mut state.waiting, &mut state.later);
}
