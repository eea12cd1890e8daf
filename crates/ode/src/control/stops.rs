//! Times to be reached exactly, on top of another controller's plan.

use super::{StepControl, Trial, Verdict};
use crate::{SolveError, Span};

/// The times, in the direction of one solve.
#[derive(Clone, Debug)]
pub(super) struct Stops {
    times: Vec<f64>,
    direction: f64,
}

impl Stops {
    /// Sorts them; `what` names one in the error.
    pub(super) fn new(times: &[f64], span: Span, what: &'static str) -> Result<Self, SolveError> {
        if let Some(&value) = times.iter().find(|t| !t.is_finite()) {
            return Err(SolveError::BadSetting { what, value, range: "at a finite time" });
        }
        let (mut times, direction) = (times.to_vec(), span.direction());
        times.sort_by(|a, b| (a * direction).total_cmp(&(b * direction)));
        Ok(Self { times, direction })
    }

    /// The first time after `t`.
    fn after(&self, t: f64) -> Option<f64> {
        let i = self.times.partition_point(|stop| (stop - t) * self.direction <= 0.0);
        self.times.get(i).copied()
    }

    /// Where a step from `t`, meant to end at `wish`, ends: at the next stop if that is within one per cent
    /// of the step.
    pub(super) fn next(&self, t: f64, wish: f64) -> f64 {
        match self.after(t) {
            Some(stop) if (stop - t).abs() <= 1.01 * (wish - t).abs() => stop,
            _ => wish,
        }
    }

    pub(super) fn holds(&self, t: f64) -> bool {
        self.times.contains(&t)
    }

    /// Lets `control` judge; a step it had planned longer than the stop allowed is planned again.
    pub(super) fn judge<C: StepControl>(control: &C, trial: Trial, memory: &mut C::Memory) -> Verdict {
        let planned = (control.next(trial.t, memory) - trial.t).abs();
        let verdict = control.judge(trial, memory);
        let end = trial.t + trial.h;
        if verdict == Verdict::Accept
            && trial.h.abs() < 0.99 * planned
            && (control.next(end, memory) - end).abs() < planned
        {
            control.restart(end, planned, memory);
        }
        verdict
    }
}

/// The times of one solve, and the memory of the controller between them.
#[derive(Clone, Debug)]
pub struct StopsMemory<M> {
    pub(super) stops: Stops,
    pub(super) inner: M,
}

/// Makes `$name { control, times }` a controller whose steps end at the times, as `$arrival`; `$what` names one of
/// them in an error.
macro_rules! stopping {
    ($name:ident, $arrival:expr, $what:literal) => {
        impl<C: $crate::StepControl> $crate::StepControl for $name<C> {
            type Memory = $crate::StopsMemory<C::Memory>;
            type Norm = C::Norm;

            fn norm(&self) -> Option<&C::Norm> {
                self.control.norm()
            }

            fn first_step(&self) -> Option<f64> {
                self.control.first_step()
            }

            fn start(&self, span: $crate::Span, first: f64) -> Result<Self::Memory, $crate::SolveError> {
                let stops = $crate::control::stops::Stops::new(&self.times, span, $what)?;
                Ok($crate::StopsMemory { stops, inner: self.control.start(span, first)? })
            }

            fn next(&self, t: f64, memory: &Self::Memory) -> f64 {
                memory.stops.next(t, self.control.next(t, &memory.inner))
            }

            fn judge(&self, trial: $crate::Trial, memory: &mut Self::Memory) -> $crate::Verdict {
                $crate::control::stops::Stops::judge(&self.control, trial, &mut memory.inner)
            }

            fn arrival(&self, next: f64, memory: &Self::Memory) -> Arrival {
                if memory.stops.holds(next) { $arrival } else { self.control.arrival(next, &memory.inner) }
            }

            fn least_step(&self) -> f64 {
                self.control.least_step()
            }

            fn follow(&self, h: f64, memory: &mut Self::Memory) {
                self.control.follow(h, &mut memory.inner);
            }

            fn restart(&self, t: f64, h: f64, memory: &mut Self::Memory) {
                self.control.restart(t, h, &mut memory.inner);
            }
        }
    };
}

pub(super) use stopping;
