//! Step sizes from the last three errors: proportional, integral and derivative control as digital filters.

use super::limits::{Limits, Plan};
use super::{StepControl, Trial, Verdict};
use crate::{SolveError, Span};
use chreode_core::Tolerance;

/// The smallest error ratio that is remembered: a lucky step must not make the next one reckless.
const LEAST_RATIO: f64 = 1e-4;

/// The coefficients of a digital filter for step sizes,
///
/// hₙ₊₁ = hₙ · Πᵢ (θ/rₙ₊₁₋ᵢ)^(βᵢ/p) · (hₙ/hₙ₋₁)^(−α₂) · (hₙ₋₁/hₙ₋₂)^(−α₃),
///
/// r the scaled error of a step, θ = safetyᵖ the error aimed at, p the power of h in the estimate.
///
/// G. Söderlind, Digital filters in adaptive time-stepping, ACM Trans. Math. Softw. 29 (2003) 1-26,
/// doi:10.1145/641876.641877, table III: names give the orders of dynamics, adaptivity and filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// β₁, β₂, β₃: the exponents of the present error and of the two before, times −p.
    pub beta: [f64; 3],
    /// α₂, α₃: the exponents of the last two changes of the step, negated.
    pub alpha: [f64; 2],
}

impl Filter {
    /// Integral control alone, the elementary controller: h ← h (θ/r)^(1/p).
    pub const I: Self = Self::new([1.0, 0.0, 0.0], [0.0, 0.0]);
    /// PI.4.2: good for most explicit methods.
    pub const PI42: Self = Self::new([0.6, -0.2, 0.0], [0.0, 0.0]);
    /// PI.3.3.
    pub const PI33: Self = Self::new([2.0 / 3.0, -1.0 / 3.0, 0.0], [0.0, 0.0]);
    /// PI.3.4, after Gustafsson.
    pub const PI34: Self = Self::new([0.7, -0.4, 0.0], [0.0, 0.0]);
    /// First-order filter, PI structure: smooth steps.
    pub const H211PI: Self = Self::new([1.0 / 6.0, 1.0 / 6.0, 0.0], [0.0, 0.0]);
    /// Second-order filter, PID structure: the smoothest steps, for noisy errors.
    pub const H312PID: Self = Self::new([1.0 / 18.0, 1.0 / 9.0, 1.0 / 18.0], [0.0, 0.0]);
    /// First-order filter with deadbeat dynamics.
    pub const H0211: Self = Self::new([0.5, 0.5, 0.0], [0.5, 0.0]);
    /// First-order filter, b = 4.
    pub const H211B: Self = Self::new([0.25, 0.25, 0.0], [0.25, 0.0]);
    /// Second-order filter with deadbeat dynamics.
    pub const H0312: Self = Self::new([0.25, 0.5, 0.25], [0.75, 0.25]);
    /// Second-order filter, b = 8.
    pub const H312B: Self = Self::new([0.125, 0.25, 0.125], [0.375, 0.125]);
    /// Second-order adaptivity, first-order filter, deadbeat dynamics: follows an error that grows.
    pub const H0321: Self = Self::new([1.25, 0.5, -0.75], [-0.25, -0.75]);
    /// Second-order adaptivity, first-order filter.
    pub const H321: Self = Self::new([1.0 / 3.0, 1.0 / 18.0, -5.0 / 18.0], [-5.0 / 6.0, -1.0 / 6.0]);

    /// A filter of one's own.
    pub const fn new(beta: [f64; 3], alpha: [f64; 2]) -> Self {
        Self { beta, alpha }
    }
}

/// Control of the step size by a [`Filter`]. A rejected step is followed by the elementary controller's.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Filter, Pid, Solve, Span};
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let control = Pid::new(Tolerance::both(1e-8), Filter::H211PI);
/// let y = Solve::new(ExplicitRk::new(DOPRI5), control).end(&decay, Span { t0: 0.0, t1: 1.0 }, [1.0])?;
/// assert!((y[0] - (-1.0f64).exp()).abs() < 1e-7);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pid<N = Tolerance> {
    /// The accepted local error of a step.
    pub tolerance: N,
    /// How errors become steps.
    pub filter: Filter,
    /// Safety factor, bounds on the change of the step, sizes.
    pub limits: Limits,
}

impl<N> Pid<N> {
    /// With the usual [`Limits`].
    pub const fn new(tolerance: N, filter: Filter) -> Self {
        Self { tolerance, filter, limits: Limits::USUAL }
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

/// The step planned, and what went before.
#[derive(Clone, Copy, Debug)]
pub struct PidMemory {
    plan: Plan,
    /// ln(r/θ) of the last two accepted steps, the later one first.
    errors: [f64; 2],
    /// Sizes of the last two accepted steps, the later one first.
    steps: [Option<f64>; 2],
}

impl<N> StepControl for Pid<N> {
    type Memory = PidMemory;
    type Norm = N;

    fn norm(&self) -> Option<&N> {
        Some(&self.tolerance)
    }

    fn first_step(&self) -> Option<f64> {
        self.limits.first_step
    }

    fn start(&self, span: Span, first: f64) -> Result<PidMemory, SolveError> {
        self.limits.check()?;
        let Filter { beta, alpha } = self.filter;
        let names = ["beta 1", "beta 2", "beta 3", "alpha 2", "alpha 3"];
        let all = beta.into_iter().chain(alpha);
        if let Some((what, value)) = names.into_iter().zip(all).find(|(_, x)| !x.is_finite()) {
            return Err(SolveError::BadSetting { what, value, range: "at a finite number" });
        }
        if beta.iter().sum::<f64>() <= 0.0 {
            let value = beta.iter().sum();
            return Err(SolveError::BadSetting { what: "the sum of beta", value, range: "above 0" });
        }
        Ok(PidMemory { plan: Plan::new(span, first, &self.limits), errors: [0.0; 2], steps: [None; 2] })
    }

    fn next(&self, t: f64, memory: &PidMemory) -> f64 {
        memory.plan.next(t, &self.limits)
    }

    fn judge(&self, trial: Trial, memory: &mut PidMemory) -> Verdict {
        let (ratio, p) = (trial.ratio.unwrap_or(0.0), trial.power);
        let aim = self.limits.safety.ln() * p;
        let error = ratio.max(LEAST_RATIO).ln() - aim;
        let Filter { beta: [b1, b2, b3], alpha: [a2, a3] } = self.filter;
        let h = trial.h.abs();
        let wish = if ratio <= 1.0 {
            let change = |new: Option<f64>, old: Option<f64>| match (new, old) {
                (Some(new), Some(old)) => (new / old).ln(),
                _ => 0.0,
            };
            let ([e1, e2], [h1, h2]) = (memory.errors, memory.steps);
            (memory.errors, memory.steps) = ([error, e1], [Some(h), h1]);
            let errors = (b1 * error + b2 * e1 + b3 * e2) / p;
            (-errors - a2 * change(Some(h), h1) - a3 * change(h1, h2)).exp()
        } else {
            (-error / p).exp()
        };
        memory.plan.settle(h, ratio, wish, &self.limits)
    }

    fn follow(&self, h: f64, memory: &mut PidMemory) {
        memory.plan.h = self.limits.most(h);
    }

    fn restart(&self, _t: f64, h: f64, memory: &mut PidMemory) {
        memory.plan.restart(h, &self.limits);
        (memory.errors, memory.steps) = ([0.0; 2], [None; 2]);
    }
}
