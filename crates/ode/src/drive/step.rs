//! A step that was taken, lent out until the next.

use crate::Stepper;
use crate::save::Source;
use chreode_core::VectorSpace;
use std::cell::Cell;

/// One accepted step, from `(t0, y0)` to `(t1, y1)`.
pub struct Step<'d, P: ?Sized, Y, S: Stepper<P, Y>> {
    /// Where it began.
    pub t0: f64,
    /// Where it ended.
    pub t1: f64,
    /// The state there before.
    pub y0: &'d Y,
    /// The state after.
    pub y1: &'d Y,
    /// Its scaled local error, 1 on tolerance; `None` when the controller has no norm.
    pub ratio: Option<f64>,
    pub(super) source: StepSource<'d, S, P, Y, S::Memory>,
}

impl<P: ?Sized, Y: VectorSpace, S: Stepper<P, Y>> Step<'_, P, Y, S> {
    /// The state at `t` in `[t0, t1]`, exactly `y0` and `y1` at the ends.
    pub fn at(&self, t: f64) -> Y {
        if t == self.t1 {
            self.y1.duplicate()
        } else if t == self.t0 {
            self.y0.duplicate()
        } else {
            self.source.interpolate(t)
        }
    }

    /// Where the stepper was told to begin, and its signed step: `t0` and `t1 - t0`, but for a jump of the
    /// field at one of them, from which it keeps a float's distance. What a step is taken again, or back,
    /// with.
    pub fn taken(&self) -> (f64, f64) {
        (self.source.t, self.source.h)
    }

    /// The interpolant of this step, to keep.
    pub fn dense(&self) -> S::Dense {
        self.source.dense()
    }
}

/// The step a segment interpolates.
pub(super) struct StepSource<'a, S, P: ?Sized, Y, M> {
    pub(super) stepper: &'a S,
    pub(super) problem: &'a P,
    pub(super) t: f64,
    pub(super) h: f64,
    pub(super) y: &'a Y,
    pub(super) memory: &'a M,
    pub(super) evals: &'a Cell<usize>,
}

impl<P: ?Sized, Y, S: Stepper<P, Y>> StepSource<'_, S, P, Y, S::Memory> {
    fn prepare(&self) {
        let evals = self.stepper.prepare_dense(self.problem, self.t, self.h, self.y, self.memory);
        self.evals.set(self.evals.get() + evals);
    }
}

impl<P: ?Sized, Y, S: Stepper<P, Y>> Source<Y, S::Dense> for StepSource<'_, S, P, Y, S::Memory> {
    fn dense(&self) -> S::Dense {
        self.prepare();
        self.stepper.dense(self.t, self.h, self.y, self.memory)
    }

    fn interpolate(&self, at: f64) -> Y {
        self.prepare();
        self.stepper.interpolate(at, self.t, self.h, self.y, self.memory)
    }
}
