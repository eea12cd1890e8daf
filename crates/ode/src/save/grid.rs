//! Which states a saver of rows sees.

use super::Segment;
use crate::{Dense, SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// The start and every step, or given times.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Grid<'t> {
    Steps,
    Times { times: &'t [f64], next: usize, direction: f64 },
}

impl<'t> Grid<'t> {
    pub(super) const fn at(times: &'t [f64]) -> Self {
        Self::Times { times, next: 0, direction: 1.0 }
    }

    /// Checks the times, and shows the state at the start as often as it is asked for.
    pub(super) fn start<Y>(
        &mut self,
        span: Span,
        y0: &Y,
        mut show: impl FnMut(f64, &Y) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, SolveError> {
        let Self::Times { times, next, direction } = self else { return Ok(show(span.t0, y0)) };
        (*next, *direction) = (0, span.direction());
        span.check_times(times)?;
        while times.get(*next) == Some(&span.t0) {
            *next += 1;
            if show(span.t0, y0).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows what lies in a step.
    pub(super) fn segment<Y: VectorSpace, D: Dense<Y>>(
        &mut self,
        segment: &Segment<'_, Y, D>,
        mut show: impl FnMut(f64, &Y) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Self::Times { times, next, direction } = self else { return show(segment.t1, segment.y1) };
        while let Some(&time) = times.get(*next) {
            if (time - segment.t1) * *direction > 0.0 {
                break;
            }
            *next += 1;
            show(time, &segment.at(time))?;
        }
        ControlFlow::Continue(())
    }

    /// Shows the state after a reset, where steps are shown.
    pub(super) fn reset<Y>(
        &self,
        t: f64,
        after: &Y,
        mut show: impl FnMut(f64, &Y) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if *self == Self::Steps { show(t, after) } else { ControlFlow::Continue(()) }
    }
}

impl Span {
    /// Whether `times` are sorted in the direction of the span and lie within it.
    pub(super) fn check_times(&self, times: &[f64]) -> Result<(), SolveError> {
        let (Self { t0, t1 }, direction) = (*self, self.direction());
        if let Some(i) = times.windows(2).position(|w| (w[1] - w[0]) * direction < 0.0) {
            return Err(SolveError::TimesNotSorted { index: i + 1, time: times[i], next: times[i + 1] });
        }
        let inside = t0.min(t1)..=t0.max(t1);
        match times.iter().find(|time| !inside.contains(time)) {
            Some(&time) => Err(SolveError::TimeOutside { time, t0, t1 }),
            None => Ok(()),
        }
    }
}
