//! One step of a method: what the solve loop asks of it.

use crate::{Span, StepError};
use chreode_core::Norm;

/// What a method says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Order of the global error, h^order.
    pub order: f64,
    /// Power of h in its local error estimate; `None` when it has no estimate.
    pub error_power: Option<f64>,
}

/// The interpolant of one step, owned.
pub trait Dense<Y> {
    /// The state at `t`, a time within the step.
    fn at(&self, t: f64) -> Y;
}

/// One method. `P` is the problem; each method bounds it by what it needs, e.g.
/// [`VectorField<Y>`](chreode_core::VectorField).
///
/// The loop calls [`init`](Self::init) once, then for each trial [`propose`](Self::propose), and
/// [`error`](Self::error) if the controller wants it. A rejected trial is simply proposed again with
/// another `h`; an accepted one may be interpolated and is then committed. Everything that must be
/// remembered lies in `Memory`, so that a stepper is a value that many solves share.
pub trait Stepper<P: ?Sized, Y> {
    /// Stages, history, factorisations; also the scratch space.
    type Memory;
    /// The interpolant of one step.
    type Dense: Dense<Y>;

    /// Name and orders.
    fn about(&self) -> About;

    /// Memory for a solve that starts at `(t, y)`.
    ///
    /// # Errors
    /// When the problem cannot be started there.
    fn init(&self, problem: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError>;

    /// Works out y(t + h) and returns the evaluations spent. `h` is negative backwards.
    ///
    /// # Errors
    /// When the step cannot be computed. A result that is not finite is no error: the loop sees it.
    fn propose(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError>;

    /// The y(t + h) last proposed.
    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y;

    /// The interpolant of the step last proposed, before it is committed.
    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Self::Dense;

    /// Takes the step: `y` becomes y(t + h).
    fn commit(&self, y: &mut Y, memory: &mut Self::Memory);

    /// Whether this method can solve `problem` over `span` from `y`; asked once, before a solve.
    ///
    /// # Errors
    /// Says what does not fit.
    fn check(&self, _problem: &P, _span: Span, _y: &Y) -> Result<(), StepError> {
        Ok(())
    }

    /// Scaled error of the step last proposed, from `y`: 1 is exactly on tolerance. `None` when the
    /// method has no estimate. Called only under an adaptive controller.
    fn error<N: Norm<Y>>(&self, _h: f64, _y: &Y, _norm: &N, _memory: &mut Self::Memory) -> Option<f64> {
        None
    }

    /// The state at time `at` within the step last proposed; override it to spare the copies that
    /// [`dense`](Self::dense) makes.
    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        self.dense(t, h, y, memory).at(at)
    }

    /// The size (not signed) of a careful first step, and the evaluations spent on it. By default a
    /// thousandth of the span; see [`first_step`](crate::first_step) for what methods on vector
    /// fields do. Called only under an adaptive controller that was not told one.
    ///
    /// # Errors
    /// When the problem cannot be evaluated at the start.
    fn first_step<N: Norm<Y>>(
        &self,
        _problem: &P,
        span: Span,
        _y: &Y,
        _norm: &N,
        _memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        Ok((1e-3 * span.length(), 0))
    }
}
