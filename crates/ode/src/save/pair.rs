//! Two savers at once.

use super::{Save, Segment};
use crate::{SolveError, Span};
use std::ops::ControlFlow;

/// Both savers see every step; the solve stops when either asks for it.
impl<Y, D, A: Save<Y, D>, B: Save<Y, D>> Save<Y, D> for (A, B) {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        self.0.start(span, y0)?;
        self.1.start(span, y0)
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        let (first, second) = (self.0.segment(segment), self.1.segment(segment));
        if first.is_break() { first } else { second }
    }

    fn reset(&mut self, t: f64, before: &Y, after: &Y) {
        self.0.reset(t, before, after);
        self.1.reset(t, before, after);
    }

    fn finish(&mut self, t: f64, y: &Y) {
        self.0.finish(t, y);
        self.1.finish(t, y);
    }
}

/// A saver lent on.
impl<Y, D, S: Save<Y, D>> Save<Y, D> for &mut S {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        (**self).start(span, y0)
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        (**self).segment(segment)
    }

    fn reset(&mut self, t: f64, before: &Y, after: &Y) {
        (**self).reset(t, before, after);
    }

    fn finish(&mut self, t: f64, y: &Y) {
        (**self).finish(t, y);
    }
}
