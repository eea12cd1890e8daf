//! The history of an Adams method.

use super::HIGHEST;
use super::basis::Basis;
use super::order::Order;
use crate::RkMemory;
use crate::combine::with_more_terms;
use chreode_core::{Norm, VectorField, VectorSpace};
use std::mem::swap;
use std::slice::from_ref;

/// Trials of one step before the history is given up.
const MOST_TRIALS: usize = 4;

/// Slopes of the last steps, as modified divided differences, and scratch space of an
/// [`Adams`](super::Adams).
pub struct AdamsMemory<Y> {
    /// φ₀, φ₁, … at the last accepted time, of which `count` are known.
    pub(super) differences: Vec<Y>,
    count: usize,
    /// The times of the slopes, the latest first.
    times: [f64; HIGHEST + 2],
    /// The slope at the end of the step proposed.
    pub(super) ahead: Y,
    pub(super) next: Y,
    pub(super) scratch: Y,
    pub(super) basis: Basis,
    pub(super) order: Order,
    pub(super) starter: Option<RkMemory<Y>>,
    slope: Slope,
    trials: usize,
}

/// Where the slope at the current state is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Slope {
    /// Among the differences.
    Known,
    /// In `ahead`.
    Ahead,
    /// Still to be evaluated.
    Due,
}

impl<Y: VectorSpace> AdamsMemory<Y> {
    pub(super) fn new(y: &Y, slopes: usize, order: Order, starter: Option<RkMemory<Y>>) -> Self {
        Self {
            differences: (0..slopes).map(|_| y.zeros_like()).collect(),
            count: 0,
            times: [0.0; HIGHEST + 2],
            ahead: y.zeros_like(),
            next: y.duplicate(),
            scratch: y.duplicate(),
            basis: Basis::EMPTY,
            order,
            starter,
            slope: Slope::Due,
            trials: 0,
        }
    }

    /// Takes the slope at `(t, y)` into the history; returns the evaluations spent.
    ///
    /// φ₀ ← f, φⱼ₊₁ ← φⱼ − βⱼ φⱼ(before).
    pub(super) fn take_in<P: VectorField<Y> + ?Sized>(&mut self, field: &P, t: f64, y: &Y) -> usize {
        let evals = match self.slope {
            Slope::Known => return 0,
            Slope::Ahead => 0,
            Slope::Due => {
                field.eval_into(t, y, &mut self.ahead);
                1
            }
        };
        self.slope = Slope::Known;
        let room = self.differences.len();
        let kept = self.count.min(room - 1);
        for j in 0..kept {
            let before = &mut self.differences[j];
            self.ahead.plus_into(&[(-self.basis.beta[j], before)], &mut self.scratch);
            swap(before, &mut self.ahead);
            swap(&mut self.ahead, &mut self.scratch);
        }
        swap(&mut self.differences[kept], &mut self.ahead);
        self.count = kept + 1;
        self.times.copy_within(0..HIGHEST + 1, 1);
        self.times[0] = t;
        evals
    }

    /// Readies the basis for a step of size `h` from `t`, the time of the latest slope.
    pub(super) fn lay(&mut self, t: f64, h: f64) {
        self.times[0] = t;
        self.basis.lay(self.order.now.min(self.count), h, &self.times[..self.count]);
    }

    /// The slope at the current state.
    pub(super) fn slope(&self) -> &Y {
        &self.differences[0]
    }
}

impl<Y> AdamsMemory<Y> {
    /// The number of slopes there are.
    pub(super) fn slopes(&self) -> usize {
        self.count
    }

    /// The state was moved on; where its slope is.
    pub(super) fn leave(&mut self, slope: Slope) {
        self.slope = slope;
        self.trials = 0;
    }

    /// Counts a trial; when several were thrown away, the history says nothing of what is ahead, and the
    /// order starts anew.
    pub(super) fn try_again(&mut self) {
        self.trials += 1;
        if self.trials > MOST_TRIALS && self.order.restart() {
            self.count = 1;
        }
    }
}

impl<Y: VectorSpace> AdamsMemory<Y> {
    /// The size of `h weight φⱼ(n + 1)`, with φⱼ(n + 1) = f − Σᵢ₍ᵢ﹤ⱼ₎ βᵢ φᵢ of the predicted slope f.
    pub(super) fn estimate<N: Norm<Y>>(&mut self, h: f64, y: &Y, norm: &N, j: usize, weight: f64) -> f64 {
        let mut weights = [weight; HIGHEST + 2];
        for (weight, beta) in weights.iter_mut().zip(&self.basis.beta).take(j) {
            *weight *= -beta;
        }
        let Self { differences, ahead, next, scratch, .. } = self;
        with_more_terms(h, &weights[..=j], &differences[..j], from_ref(ahead), |terms| {
            Y::sum_into(terms, scratch);
        });
        norm.measure(scratch, y, next)
    }

    /// The size of the difference between the corrected solutions of order j and j + 1,
    /// `h (gⱼ − gⱼ₋₁) φⱼ(n + 1)`.
    pub(super) fn difference<N: Norm<Y>>(&mut self, h: f64, y: &Y, norm: &N, j: usize) -> f64 {
        let weight = self.basis.integral(j) - self.basis.integral(j - 1);
        self.estimate(h, y, norm, j, weight)
    }
}
