//! Trials until one counts.

use super::{Driver, Pending};
use crate::{Arrival, Solve, SolveError, StepControl, StepError, Stepper, Trial, Verdict};
use chreode_core::{Norm, VectorSpace};

impl<P, Y, S, C> Driver<'_, P, Y, S, C>
where
    P: ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
{
    /// Trials until one is accepted; `false` at the end of the span. Nothing is pending before.
    #[inline]
    pub(crate) fn advance(&mut self) -> Result<bool, SolveError> {
        let Solve { stepper, control, max_steps } = self.solve;
        if self.t == self.span.t1 {
            return Ok(false);
        }
        let (direction, norm) = (self.span.direction(), control.norm());
        let power = self.power;
        let mut trouble: Option<SolveError> = None;
        loop {
            if self.stats.accepted + self.stats.rejected >= *max_steps {
                return Err(self.too_many());
            }
            let mut to = control.next(self.t, &self.plan);
            if (to - self.span.t1) * direction > 0.0 {
                to = self.span.t1;
            }
            let arrival = control.arrival(to, &self.plan);
            let mut h = to - self.from;
            if arrival == Arrival::Jump {
                let short = before(to, direction) - self.from;
                h = if short * direction > 0.0 { short } else { h };
            }
            // Far above what could be too small, nothing more is asked.
            let ample = h * direction > 1e-14 * self.t.abs() + control.least_step();
            if !ample && let Some(least) = self.too_small(h, to, arrival) {
                return Err(trouble.unwrap_or(SolveError::StepTooSmall { t: self.t, h, least }));
            }
            self.tried = h;
            match stepper.propose_within(self.problem, self.from, h, &self.y, norm, &mut self.memory) {
                Ok(evals) => {
                    self.stats.evals += evals;
                    if !stepper.proposed(&self.memory).is_finite() {
                        trouble = Some(self.not_finite(h, to));
                    } else if trouble.is_some() {
                        trouble = None;
                    }
                }
                Err(error @ (StepError::NotConverged { .. } | StepError::Singular { .. }))
                    if norm.is_some() =>
                {
                    trouble = Some(error.into());
                }
                Err(error) => return Err(error.into()),
            }
            let ratio = match (&trouble, norm) {
                (Some(error), None) => return Err(error.clone()),
                (None, None) => None,
                (Some(_), Some(_)) => Some(f64::INFINITY),
                (None, Some(norm)) => {
                    let ratio = stepper.error(h, &self.y, norm, &mut self.memory);
                    let ratio = ratio.ok_or(SolveError::NoErrorEstimate { method: stepper.about().name })?;
                    if ratio.is_nan() {
                        trouble = Some(self.error_not_finite(h, to));
                    }
                    Some(if ratio.is_nan() { f64::INFINITY } else { ratio })
                }
            };
            let trial = Trial { t: self.t, h, ratio, power };
            let verdict = control.judge(trial, &mut self.plan);
            let memory = &mut self.memory;
            if let Some(h) = norm.and_then(|norm| stepper.suggest(trial, verdict, &self.y, norm, memory)) {
                control.follow(h, &mut self.plan);
            }
            match (verdict, &trouble) {
                (Verdict::Reject, _) => self.stats.rejected += 1,
                (Verdict::Accept, Some(error)) => return Err(error.clone()),
                (Verdict::Accept, None) => {
                    self.stats.accepted += 1;
                    self.pending = Some(Pending { from: self.from, h, to, arrival, ratio });
                    return Ok(true);
                }
            }
        }
    }

    /// The least step allowed from here to `to`, if `h` is not above it.
    #[cold]
    fn too_small(&self, h: f64, to: f64, arrival: Arrival) -> Option<f64> {
        let free = arrival == Arrival::Free && to != self.span.t1;
        let least = self.solve.control.least_step() * (1.0 - 1e-9);
        let least = if free { least_step(self.t).max(least) } else { 0.0 };
        (h.is_nan() || h * self.span.direction() <= least).then_some(least)
    }

    #[cold]
    fn not_finite(&self, h: f64, to: f64) -> SolveError {
        let stepper = &self.solve.stepper;
        match stepper.bad_stage(self.from, h, &self.memory) {
            Some(bad) => SolveError::NotFinite { t: bad.t, stage: Some(bad.stage), entry: bad.entry },
            None => {
                let entry = stepper.proposed(&self.memory).first_not_finite();
                SolveError::NotFinite { t: to, stage: None, entry }
            }
        }
    }

    #[cold]
    fn error_not_finite(&self, h: f64, to: f64) -> SolveError {
        match self.solve.stepper.bad_stage(self.from, h, &self.memory) {
            Some(_) => self.not_finite(h, to),
            None => SolveError::ErrorNotFinite { t: to },
        }
    }

    #[cold]
    pub(super) fn too_many(&self) -> SolveError {
        let h = self.tried;
        let stiffness = if h == 0.0 { None } else { self.solve.stepper.stiffness(h, &self.memory) };
        let steps = self.stats.accepted + self.stats.rejected;
        SolveError::MaxSteps { t: self.t(), t1: self.span.t1, steps, h, stiffness }
    }
}

/// Ten units in the last place of `t`: shorter steps drown in the rounding of time.
#[inline]
pub(crate) fn least_step(t: f64) -> f64 {
    let t = t.abs();
    10.0 * (t.next_up() - t)
}

/// Two floats ahead of `t`: the rounding of `t + c h`, c at most 1, stays on this side of it.
fn before(t: f64, direction: f64) -> f64 {
    if direction > 0.0 { t.next_down().next_down() } else { t.next_up().next_up() }
}

/// The float behind `t`.
pub(super) fn after(t: f64, direction: f64) -> f64 {
    if direction > 0.0 { t.next_up() } else { t.next_down() }
}
