//! Step sizes from the trend of the error: the predictive controller of implicit methods.

use super::limits::{Limits, Plan};
use super::{StepControl, Trial, Verdict};
use crate::{SolveError, Span};
use chreode_core::Tolerance;

/// The smallest error that is taken for the start of a trend.
const LEAST_RATIO: f64 = 1e-2;

/// Predictive control of the step size: the error coefficient φ of rₙ = φₙ hₙᵖ is taken to change in the
/// coming step as it did in the last,
///
/// hₙ₊₁ = safety · hₙ · (hₙ/hₙ₋₁) · (rₙ₋₁/rₙ²)^(1/p),
///
/// and no longer than the elementary controller's safety · hₙ · rₙ^(−1/p). Implicit methods, whose steps
/// no stability bound holds back, must shorten their steps quickly where a solution turns; the trend gives
/// the warning. First steps and those after a rejection are the elementary controller's.
///
/// K. Gustafsson, Control-theoretic techniques for stepsize selection in implicit Runge-Kutta methods,
/// ACM Trans. Math. Softw. 20 (1994) 496-517, doi:10.1145/198429.198437; Hairer & Wanner, Solving ODEs II,
/// IV.8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predictive<N = Tolerance> {
    /// The accepted local error of a step.
    pub tolerance: N,
    /// Safety factor, bounds on the change of the step, sizes.
    pub limits: Limits,
}

impl<N> Predictive<N> {
    /// With the usual [`Limits`].
    pub const fn new(tolerance: N) -> Self {
        Self { tolerance, limits: Limits::USUAL }
    }

    /// Begins with a step of size `h > 0`.
    pub fn first_step(mut self, h: f64) -> Self {
        self.limits.first_step = Some(h);
        self
    }

    /// Takes no step longer than `h > 0`.
    pub fn max_step(mut self, h: f64) -> Self {
        self.limits.max_step = Some(h);
        self
    }
}

/// The step planned, and the last one that counted.
#[derive(Clone, Copy, Debug)]
pub struct PredictiveMemory {
    plan: Plan,
    /// Size and error of the last accepted step.
    before: Option<(f64, f64)>,
}

impl<N> StepControl for Predictive<N> {
    type Memory = PredictiveMemory;
    type Norm = N;

    fn norm(&self) -> Option<&N> {
        Some(&self.tolerance)
    }

    fn first_step(&self) -> Option<f64> {
        self.limits.first_step
    }

    fn start(&self, span: Span, first: f64) -> Result<PredictiveMemory, SolveError> {
        self.limits.check()?;
        Ok(PredictiveMemory { plan: Plan::new(span, first, &self.limits), before: None })
    }

    fn next(&self, t: f64, memory: &PredictiveMemory) -> f64 {
        memory.plan.next(t, &self.limits)
    }

    fn judge(&self, trial: Trial, memory: &mut PredictiveMemory) -> Verdict {
        let (ratio, h) = (trial.ratio.unwrap_or(0.0), trial.h.abs());
        let root = |x: f64| x.powf(1.0 / trial.power);
        let mut wish = 1.0 / root(ratio);
        if ratio <= 1.0 {
            if let Some((h_before, ratio_before)) = memory.before {
                wish = wish.min(h / h_before * root(ratio_before / (ratio * ratio)));
            }
            memory.before = Some((h, ratio.max(LEAST_RATIO)));
        }
        memory.plan.settle(h, ratio, self.limits.safety * wish, &self.limits)
    }

    fn follow(&self, h: f64, memory: &mut PredictiveMemory) {
        memory.plan.h = self.limits.most(h);
    }

    fn restart(&self, _t: f64, h: f64, memory: &mut PredictiveMemory) {
        memory.plan.restart(h, &self.limits);
        memory.before = None;
    }
}
