//! The whole solution as a function of time.

use super::{Save, Segment};
use crate::{Dense, DenseSlope, SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// Keeps the interpolant of every step, to be asked at any time later.
///
/// Memory: a copy of the method's stages for each step. Where an event resets the state, the state after
/// counts as the one at that time. With the feature `serde` it can be stored and read back.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trajectory<D> {
    /// Start of the first step, then the end of each.
    pub knots: Vec<f64>,
    /// One interpolant a step.
    pub pieces: Vec<D>,
}

impl<D> Trajectory<D> {
    /// Empty.
    pub const fn new() -> Self {
        Self { knots: Vec::new(), pieces: Vec::new() }
    }

    /// The state at `t`; `None` outside the time covered, and when no step was taken.
    pub fn at<Y>(&self, t: f64) -> Option<Y>
    where
        D: Dense<Y>,
    {
        self.piece(t).map(|piece| piece.at(t))
    }

    /// dy/dt of the solution at `t`, likewise: from the right at the end of a step.
    pub fn slope<Y>(&self, t: f64) -> Option<Y>
    where
        D: DenseSlope<Y>,
    {
        self.piece(t).map(|piece| piece.slope(t))
    }

    /// The interpolant of the step that `t` lies in, of two the later one.
    fn piece(&self, t: f64) -> Option<&D> {
        let (first, last) = (*self.knots.first()?, *self.knots.last()?);
        let direction = if last < first { -1.0 } else { 1.0 };
        if !(first.min(last)..=first.max(last)).contains(&t) {
            return None;
        }
        let after = self.knots.partition_point(|knot| (knot - t) * direction <= 0.0);
        self.pieces.get(after.clamp(1, self.pieces.len().max(1)) - 1)
    }
}

impl<Y: VectorSpace, D: Dense<Y>> Save<Y, D> for Trajectory<D> {
    fn start(&mut self, span: Span, _y0: &Y) -> Result<(), SolveError> {
        (self.knots, self.pieces) = (vec![span.t0], Vec::new());
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        self.knots.push(segment.t1);
        self.pieces.push(segment.dense());
        ControlFlow::Continue(())
    }
}
