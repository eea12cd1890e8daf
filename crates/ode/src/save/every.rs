//! Every n-th step, as the method took it.

use super::{Save, Segment};
use crate::{SolveError, Span};
use chreode_core::VectorSpace;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

/// Keeps the start, every `n`-th accepted step, and the end.
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
            self.times.push(segment.t1);
            self.ys.push(segment.y1.duplicate());
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, t: f64, y: &Y) {
        if self.count % self.n != 0 {
            self.times.push(t);
            self.ys.push(y.duplicate());
        }
    }
}
