//! Every n-th step, as the method took it.

use super::{Save, Segment};
use crate::{SolveError, Span};
use chreode_core::VectorSpace;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

/// Keeps the start, every `n`-th accepted step, and the end; where an event resets the state, the states on
/// both sides, with the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Every<Y> {
    /// Steps from one entry to the next.
    pub n: NonZeroUsize,
    /// The times so far.
    pub times: Vec<f64>,
    /// The states so far.
    pub ys: Vec<Y>,
    count: usize,
}

impl<Y> Every<Y> {
    /// Every step.
    pub const fn step() -> Self {
        Self::nth(NonZeroUsize::MIN)
    }

    /// Every `n`-th step.
    pub const fn nth(n: NonZeroUsize) -> Self {
        Self { n, times: Vec::new(), ys: Vec::new(), count: 0 }
    }
}

impl<Y: VectorSpace, D> Save<Y, D> for Every<Y> {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        (self.times, self.ys, self.count) = (vec![span.t0], vec![y0.duplicate()], 0);
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        self.count += 1;
        if self.count % self.n == 0 {
            self.push(segment.t1, segment.y1);
        }
        ControlFlow::Continue(())
    }

    fn reset(&mut self, t: f64, before: &Y, after: &Y) {
        self.end_at(t, before);
        self.count = 0;
        self.push(t, after);
    }

    fn finish(&mut self, t: f64, y: &Y) {
        self.end_at(t, y);
    }
}

impl<Y: VectorSpace> Every<Y> {
    fn push(&mut self, t: f64, y: &Y) {
        self.times.push(t);
        self.ys.push(y.duplicate());
    }

    /// Keeps `y` unless the last step did.
    fn end_at(&mut self, t: f64, y: &Y) {
        if self.count % self.n != 0 {
            self.push(t, y);
        }
    }
}
