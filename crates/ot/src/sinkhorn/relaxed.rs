//! What relaxed sides ask of the iteration: answers to soft minima, the error, and the worth of potentials.

use super::exp::{exp, ln};
use crate::unbalanced::{HalfStep, Side, translated};

/// Two sides that are not, or not both, held to their weights.
pub(crate) struct Relaxed {
    pub(crate) sides: [Side; 2],
    pub(crate) half_step: HalfStep,
}

/// A half step of the target side.
pub(super) struct Step {
    pub(super) potential: Vec<f64>,
    /// By how much it lowers the source potential.
    pub(super) shift: f64,
    /// L1 distance of the masses before and after, as a share of those after.
    pub(super) error: f64,
}

impl Relaxed {
    /// Whether a plan ends with the half step of the source: a constraint there is then met to rounding.
    pub(super) fn holds_source(&self) -> bool {
        let constraint = |side: usize| self.sides[side].marginal.is_constraint();
        constraint(0) && !constraint(1)
    }

    /// The total of the reference, `Σ r_i s_j`.
    pub(super) fn reference(&self) -> f64 {
        self.sides[0].total * self.sides[1].total
    }

    /// The answer of the target with potential `g` to its soft minima, beside the source potential f.
    pub(super) fn step(&self, epsilon: f64, soft: &[f64], g: &[f64], f: &[f64]) -> Step {
        self.half(1, epsilon, soft, g, f)
    }

    /// The answer of one side with potential `own`, beside the potential `other`.
    fn half(&self, side: usize, epsilon: f64, soft: &[f64], own: &[f64], other: &[f64]) -> Step {
        let (this, that) = (&self.sides[side], &self.sides[1 - side]);
        let (potential, shift) = match self.half_step {
            HalfStep::Plain => (this.potentials(epsilon, soft, 0.0), 0.0),
            HalfStep::TranslationInvariant => translated(this, that, epsilon, soft, other),
        };
        let before = this.masses(epsilon, soft, own, 0.0);
        let after = this.masses(epsilon, soft, &potential, shift);
        let (change, total) = before
            .zip(after)
            .fold((0.0, 0.0), |(change, total), (x, y)| (change + f64::abs(x - y), total + y));
        Step { potential, shift, error: if change == 0.0 { 0.0 } else { change / total } }
    }

    /// How far half steps of the two sides would move the masses of the plan with these marginals.
    pub(super) fn residual(&self, epsilon: f64, potentials: [&[f64]; 2], marginals: [&[f64]; 2]) -> f64 {
        let moved = |side: usize| {
            let points = potentials[side].iter().zip(marginals[side]).zip(&self.sides[side].weight);
            let soft: Vec<f64> = points
                .map(|((f, s), r)| if *s > 0.0 { f - epsilon * (s / r).ln() } else { f64::INFINITY })
                .collect();
            self.half(side, epsilon, &soft, potentials[side], potentials[1 - side]).error
        };
        moved(0) + moved(1)
    }

    /// The penalties of marginals, and the duals of potentials.
    pub(super) fn worth(&self, potentials: [&[f64]; 2], marginals: [&[f64]; 2]) -> (f64, f64) {
        [0, 1].iter().fold((0.0, 0.0), |(penalty, dual), &side| {
            let this = &self.sides[side];
            (penalty + this.penalty(marginals[side]), dual + this.dual(potentials[side]))
        })
    }

    /// Puts the potentials of points that take no part in their places.
    pub(super) fn settle(&self, epsilon: f64, f: &mut [f64], g: &mut [f64]) {
        self.sides[0].settle(epsilon, f);
        self.sides[1].settle(epsilon, g);
    }
}

/// The rows of a group that answer to their sums by a rule of their own.
#[derive(Clone, Copy)]
pub(super) struct Rows<'r> {
    pub(super) side: &'r Side,
    pub(super) epsilon: f64,
    /// The number of the first row.
    pub(super) first: usize,
}

impl Rows<'_> {
    /// `a exp((f - shift)/ε)` with f the answer to the soft minimum `shift - ε log sum`.
    #[inline(never)]
    pub(super) fn scaling(&self, row: usize, a: f64, sum: f64, shift: f64) -> f64 {
        let f = self.side.potential(self.first + row, self.epsilon, shift - self.epsilon * ln(sum));
        a * exp(((f - shift) / self.epsilon).min(700.0))
    }
}
