//! The state at the end, and nothing else.

use super::{Save, Segment};
use crate::{SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// Keeps the time and the state at which the solve ended, also when it ended with an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Last<Y>(pub Option<(f64, Y)>);

impl<Y> Last<Y> {
    /// Empty.
    pub const fn new() -> Self {
        Self(None)
    }
}

impl<Y: VectorSpace, D> Save<Y, D> for Last<Y> {
    fn start(&mut self, _span: Span, _y0: &Y) -> Result<(), SolveError> {
        self.0 = None;
        Ok(())
    }

    #[inline]
    fn segment(&mut self, _segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn finish(&mut self, t: f64, y: &Y) {
        self.0 = Some((t, y.duplicate()));
    }
}
