//! Step sizes from the local error: the proportional-integral controller.

use super::{StepControl, Trial, Verdict};
use crate::{SolveError, Span};
use chreode_core::Tolerance;

/// The smallest error ratio that is remembered: a lucky step must not make the next one reckless.
const LEAST_RATIO: f64 = 1e-4;

/// Proportional-integral control of the step size,
/// h ← h · safety · rₙ^(−alpha/p) · rₙ₋₁^(beta/p), clamped to `[shrink, grow]`,
/// where r is the scaled error and p the power of h in its estimate.
///
/// There is no default tolerance. The first step is chosen from the field unless it is given, a
/// rejected step is not followed by a longer one, and the last step lands exactly on the end.
///
/// | field | meaning | default | range |
/// |---|---|---|---|
/// | `tolerance` | accepted local error a step: a [`Tolerance`] or any [`Norm`](chreode_core::Norm) | none | finite, not negative, not both 0 |
/// | `safety` | factor on the optimal step | 0.9 | (0, 1] |
/// | `shrink`, `grow` | least and greatest change of h | 0.2, 10 | (0, 1), > 1 |
/// | `alpha`, `beta` | exponents, times p; `beta = 0` is the elementary controller | 0.85, 0.2 | ≥ 0 |
/// | `first_step`, `max_step` | sizes, in the units of time | automatic, none | > 0 |
///
/// K. Gustafsson, ACM Trans. Math. Softw. 17 (1991) 533-554, doi:10.1145/210232.210242; defaults after
/// Hairer, Nørsett & Wanner, Solving ODEs I, II.4 and II.10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pi<N = Tolerance> {
    /// The accepted local error of a step.
    pub tolerance: N,
    /// Factor on the optimal step.
    pub safety: f64,
    /// Least change of the step.
    pub shrink: f64,
    /// Greatest change of the step.
    pub grow: f64,
    /// Exponent of the present error, times p.
    pub alpha: f64,
    /// Exponent of the error before, times p.
    pub beta: f64,
    /// Size of the first step; `None` chooses it from the field.
    pub first_step: Option<f64>,
    /// Largest size of a step, for fields with short events that long steps would miss.
    pub max_step: Option<f64>,
}

impl<N> Pi<N> {
    /// The usual controller for `tolerance`.
    pub const fn new(tolerance: N) -> Self {
        Self {
            tolerance,
            safety: 0.9,
            shrink: 0.2,
            grow: 10.0,
            alpha: 0.85,
            beta: 0.2,
            first_step: None,
            max_step: None,
        }
    }

    /// Begins with a step of size `h > 0`.
    pub fn first_step(self, h: f64) -> Self {
        Self { first_step: Some(h), ..self }
    }

    /// Takes no step longer than `h > 0`.
    pub fn max_step(self, h: f64) -> Self {
        Self { max_step: Some(h), ..self }
    }

    fn check(&self) -> Result<(), SolveError> {
        for (what, value) in [("the first step", self.first_step), ("the largest step", self.max_step)] {
            if let Some(value) = value.filter(|h| !h.is_finite() || *h <= 0.0) {
                return Err(SolveError::BadStep { what, value });
            }
        }
        let settings = [
            ("safety", self.safety, self.safety > 0.0 && self.safety <= 1.0, "in (0, 1]"),
            ("shrink", self.shrink, self.shrink > 0.0 && self.shrink < 1.0, "in (0, 1)"),
            ("grow", self.grow, self.grow > 1.0 && self.grow.is_finite(), "above 1"),
            ("alpha", self.alpha, self.alpha > 0.0 && self.alpha.is_finite(), "above 0"),
            ("beta", self.beta, self.beta.is_finite() && self.beta >= 0.0, "at 0 or above"),
        ];
        match settings.into_iter().find(|(_, _, ok, _)| !ok) {
            Some((what, value, _, range)) => Err(SolveError::BadSetting { what, value, range }),
            None => Ok(()),
        }
    }
}

/// The step it wants, and the error it saw last.
#[derive(Clone, Copy, Debug)]
pub struct PiMemory {
    t1: f64,
    direction: f64,
    /// Size of the next step, not signed.
    h: f64,
    /// Logarithm of the ratio of the last accepted step.
    before: f64,
    last: Verdict,
}

impl<N> StepControl for Pi<N> {
    type Memory = PiMemory;
    type Norm = N;

    #[inline]
    fn norm(&self) -> Option<&N> {
        Some(&self.tolerance)
    }

    fn first_step(&self) -> Option<f64> {
        self.first_step
    }

    fn start(&self, span: Span, first: f64) -> Result<PiMemory, SolveError> {
        self.check()?;
        Ok(PiMemory {
            t1: span.t1,
            direction: span.direction(),
            h: first.min(self.max_step.unwrap_or(f64::INFINITY)),
            before: LEAST_RATIO.ln(),
            last: Verdict::Accept,
        })
    }

    #[inline]
    fn next(&self, t: f64, memory: &PiMemory) -> f64 {
        let left = (memory.t1 - t) * memory.direction;
        // A last step may be one per cent too long; a sliver after it would cost as much as a step.
        if left <= 1.01 * memory.h && left <= self.max_step.unwrap_or(f64::INFINITY) {
            memory.t1
        } else {
            t + memory.direction * smaller(memory.h, left)
        }
    }

    #[inline]
    fn judge(&self, trial: Trial, memory: &mut PiMemory) -> Verdict {
        let ratio = trial.ratio.unwrap_or(0.0);
        let log = ratio.ln();
        // The divisions do not wait for the error.
        let (alpha, beta) = (self.alpha / trial.power, self.beta / trial.power);
        let wish = self.safety * (beta * memory.before - alpha * log).exp();
        let verdict = if ratio <= 1.0 { Verdict::Accept } else { Verdict::Reject };
        let most = match (verdict, memory.last) {
            (Verdict::Accept, Verdict::Accept) => self.grow,
            (Verdict::Accept, Verdict::Reject) => 1.0,
            (Verdict::Reject, _) => self.safety.min(0.9),
        };
        let factor = larger(smaller(wish, most), self.shrink);
        memory.h = smaller(trial.h.abs() * factor, self.max_step.unwrap_or(f64::INFINITY));
        if verdict == Verdict::Accept {
            memory.before = log.max(LEAST_RATIO.ln());
        }
        memory.last = verdict;
        verdict
    }

    fn follow(&self, h: f64, memory: &mut PiMemory) {
        memory.h = h.min(self.max_step.unwrap_or(f64::INFINITY));
    }

    fn restart(&self, _t: f64, h: f64, memory: &mut PiMemory) {
        memory.h = h.min(self.max_step.unwrap_or(f64::INFINITY));
        memory.before = LEAST_RATIO.ln();
        memory.last = Verdict::Accept;
    }
}

/// The smaller of two numbers, neither of them NaN: one instruction, where `f64::min` needs five.
#[inline]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
