//! The states at given times, by dense output.

use super::{Save, Segment};
use crate::{Dense, SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// Keeps the states at given times. The times change no step: they are reached by interpolation.
///
/// Where an event resets the state at one of the times, the state before is kept.
///
/// After an error `ys` holds the states up to the last time reached, one for each of the first
/// `ys.len()` times.
#[derive(Clone, Debug, PartialEq)]
pub struct At<'t, Y> {
    /// The times, sorted in the direction of the solve.
    pub times: &'t [f64],
    /// The states so far.
    pub ys: Vec<Y>,
    direction: f64,
}

impl<'t, Y> At<'t, Y> {
    /// For `times`, sorted in the direction of the solve and within its span; equal times are allowed.
    pub const fn new(times: &'t [f64]) -> Self {
        Self { times, ys: Vec::new(), direction: 1.0 }
    }
}

impl<Y: VectorSpace, D: Dense<Y>> Save<Y, D> for At<'_, Y> {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        self.direction = span.direction();
        self.ys.clear();
        span.check_times(self.times)?;
        self.ys.reserve(self.times.len());
        let at_start = self.times.iter().take_while(|t| **t == span.t0).count();
        self.ys.extend((0..at_start).map(|_| y0.duplicate()));
        Ok(())
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        while let Some(&time) = self.times.get(self.ys.len()) {
            if (time - segment.t1) * self.direction > 0.0 {
                break;
            }
            self.ys.push(segment.at(time));
        }
        ControlFlow::Continue(())
    }
}
