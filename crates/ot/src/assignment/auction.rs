//! Good column potentials, and most of the assignment, by an auction with falling steps.
//!
//! A waiting row bids for its cheapest column: the column's potential falls by the margin to the second
//! cheapest plus `step`, and the row that held the column waits again (Bertsekas 1979, 1988). With `step`
//! `= 0` this is the augmenting row reduction of Jonker and Volgenant (1987).

use pulp::Simd;

use super::costs::Costs;
use super::scan::{best_two, least, lower};
use super::state::{FREE, State};

/// The first step, in units of the mean reduced cost.
const FIRST_STEP: f64 = 0.1;
/// What the step is divided by from phase to phase.
const STEP_RATIO: f64 = 5.0;
/// No more phases than this.
const PHASES: usize = 8;
/// No more bids a row and phase than this.
const BIDS: usize = 30;
/// No more bids a row in each pass without a step.
const FINAL_BIDS: usize = 5;
/// Stop when no more than one row in this number is free.
const FREE_ENOUGH: usize = 16;

/// Leaves optimal-looking potentials and a partial assignment whose pairs are tight.
#[inline(always)]
pub(crate) fn run<S: Simd>(simd: S, costs: &Costs, state: &mut State) {
    let mean = reduce(simd, costs, state);
    let mut step = FIRST_STEP * mean;
    let mut free = tighten(simd, costs, state);
    for _ in 0..PHASES {
        if free * FREE_ENOUGH <= costs.n || step <= 0.0 {
            break;
        }
        bid(simd, costs, state, step, BIDS * costs.n);
        free = tighten(simd, costs, state);
        step /= STEP_RATIO;
    }
    for _ in 0..2 {
        reduce_rows(simd, costs, state, FINAL_BIDS * costs.n);
    }
}

/// Column reduction; returns the mean of `c[i][j] - u[i] - v[j]`.
#[inline(always)]
fn reduce<S: Simd>(simd: S, costs: &Costs, state: &mut State) -> f64 {
    let n = costs.n;
    state.v[..n].fill(f64::INFINITY);
    for i in 0..n {
        lower(simd, costs.row(i), &mut state.v);
    }
    state.v[n..].fill(0.0);
    let mut total = 0.0;
    for i in 0..n {
        let row = costs.row(i);
        total += row[..n].iter().sum::<f64>() - n as f64 * least(simd, row, &state.v);
    }
    (total / n as f64 - state.v[..n].iter().sum::<f64>()) / n as f64
}

/// Keeps the pairs that are tight, adds those that are tight and free; returns the number of free rows.
#[inline(always)]
fn tighten<S: Simd>(simd: S, costs: &Costs, state: &mut State) -> usize {
    state.waiting.clear();
    for i in (0..costs.n).rev() {
        let row = costs.row(i);
        let best = best_two(simd, row, &state.v);
        let j = state.column_of[i];
        if j != FREE && row[j as usize] - state.v[j as usize] > best.first {
            state.row_of[j as usize] = FREE;
            state.column_of[i] = FREE;
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

/// One phase of the auction: rows bid until all have a column or the bids are used up.
#[inline(always)]
fn bid<S: Simd>(simd: S, costs: &Costs, state: &mut State, step: f64, bids: usize) {
    for _ in 0..bids {
        let Some(i) = state.waiting.pop() else { break };
        let best = best_two(simd, costs.row(i as usize), &state.v);
        state.v[best.column] -= best.second - best.first + step;
        let evicted = state.assign(i, best.column);
        if evicted != FREE {
            state.waiting.push(evicted);
        }
    }
}

/// One pass of augmenting row reduction over the waiting rows.
#[inline(always)]
fn reduce_rows<S: Simd>(simd: S, costs: &Costs, state: &mut State, mut bids: usize) {
    while let Some(i) = state.waiting.pop() {
        let best = best_two(simd, costs.row(i as usize), &state.v);
        let margin = best.second - best.first;
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
