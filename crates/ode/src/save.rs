//! Where results go: a saver is handed every step that counts.

mod at;
mod every;
mod grid;
mod last;
mod map;
mod pair;
mod progress;
mod stream;
mod trajectory;

pub use at::At;
pub use every::Every;
pub use last::Last;
pub use map::Map;
pub use progress::{Observe, Progress};
pub use stream::Stream;
pub use trajectory::Trajectory;

use crate::{Dense, SolveError, Span, Stats};
use chreode_core::VectorSpace;
use std::cell::Cell;
use std::ops::ControlFlow;

/// Receives the steps of a solve. Progress bars, statistics and streams to disk are savers.
///
/// The saver belongs to the caller and is lent to the solve, so that after an error everything saved
/// until then is still in it.
pub trait Save<Y, D> {
    /// Before the first step: `y0` is the state at `span.t0`.
    ///
    /// # Errors
    /// When the saver cannot serve this span.
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError>;

    /// After each accepted step; `Break` ends the solve with [`End::Stopped`](crate::End::Stopped).
    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()>;

    /// When an event at `t`, where the last segment ended in state `before`, has put `after` in its place.
    fn reset(&mut self, _t: f64, _before: &Y, _after: &Y) {}

    /// At the end, also before an error is returned: `y` is the state at `t`, the last time reached.
    fn finish(&mut self, _t: f64, _y: &Y) {}
}

/// One accepted step, from `(t0, y0)` to `(t1, y1)`.
pub struct Segment<'a, Y, D> {
    /// Where it began.
    pub t0: f64,
    /// Where it ended.
    pub t1: f64,
    /// The state there before.
    pub y0: &'a Y,
    /// The state after.
    pub y1: &'a Y,
    /// The span of the solve.
    pub span: Span,
    /// What the solve cost so far, this step included.
    pub stats: Stats,
    pub(crate) source: &'a dyn Source<Y, D>,
    pub(crate) bad: &'a Cell<Option<(f64, Option<usize>)>>,
}

/// What a segment asks of the stepper that made it.
pub(crate) trait Source<Y, D> {
    fn dense(&self) -> D;
    fn interpolate(&self, at: f64) -> Y;
}

impl<Y: VectorSpace, D: Dense<Y>> Segment<'_, Y, D> {
    /// The interpolant of this step, to keep; costs a copy of the method's stages.
    pub fn dense(&self) -> D {
        self.source.dense()
    }

    /// The state at `t` in `[t0, t1]`, exactly `y0` and `y1` at the ends. A state that is not finite
    /// ends the solve with [`SolveError::NotFinite`].
    pub fn at(&self, t: f64) -> Y {
        if t == self.t1 {
            return self.y1.duplicate();
        }
        if t == self.t0 {
            return self.y0.duplicate();
        }
        let y = self.source.interpolate(t);
        if !y.is_finite() && self.bad.get().is_none() {
            self.bad.set(Some((t, y.first_not_finite())));
        }
        y
    }
}
