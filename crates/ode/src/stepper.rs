//! One step of a method: what the solve loop asks of it.

use crate::{Span, StepError, Trial, Verdict, Work};
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
/// another `h`; an accepted one may be interpolated, after [`prepare_dense`](Self::prepare_dense), and
/// is then committed. Everything that must be
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

    /// As [`propose`](Self::propose), in a solve whose errors are measured by `norm`: what an iteration
    /// inside the step need not do better than. This is what the loop calls.
    ///
    /// # Errors
    /// Those of [`propose`](Self::propose).
    #[inline]
    fn propose_within<N: Norm<Y>>(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        _norm: Option<&N>,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        self.propose(problem, t, h, y, memory)
    }

    /// Jacobians, factorisations and solves since [`init`](Self::init); none for an explicit method.
    #[inline]
    fn work(&self, _memory: &Self::Memory) -> Work {
        Work::default()
    }

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

    /// Readies the step last proposed for interpolation, and returns the evaluations spent. Called before
    /// [`dense`](Self::dense) and [`interpolate`](Self::interpolate), only for steps that are
    /// interpolated, and possibly more than once: then it costs nothing more. For methods whose
    /// interpolant needs stages that the step itself does not.
    fn prepare_dense(&self, _problem: &P, _t: f64, _h: f64, _y: &Y, _memory: &Self::Memory) -> usize {
        0
    }

    /// The size (not signed) of the step to try after this trial, for methods that choose their step and
    /// their order together; called after each judged trial, before the commit. The controller follows it
    /// within its own limits. `None`, as for all methods of one order, leaves the choice to the controller.
    fn suggest<N: Norm<Y>>(
        &self,
        _trial: Trial,
        _verdict: Verdict,
        _y: &Y,
        _norm: &N,
        _memory: &mut Self::Memory,
    ) -> Option<f64> {
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

    /// Makes the memory that of a solve that begins at `(t, y)`: after a jump of the state or the field,
    /// when slopes and history kept from before are stale. By default a new [`init`](Self::init);
    /// override it to keep the memory's allocations.
    ///
    /// # Errors
    /// When the problem cannot be started there.
    fn restart(&self, problem: &P, t: f64, y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        *memory = self.init(problem, t, y)?;
        Ok(())
    }

    /// Which stage of the step of size `h` from `t`, last proposed, was the first that is not finite;
    /// `None` when the method cannot tell.
    fn bad_stage(&self, _t: f64, _h: f64, _memory: &Self::Memory) -> Option<BadStage> {
        None
    }

    /// An estimate of `|h| ‖∂f/∂y‖` on the step last proposed, before it is committed. A value
    /// that stays near the edge of the method's stability region (about 3 for explicit pairs) says that
    /// stability and not accuracy holds the step, so that the problem is stiff for this method. `None` when
    /// the method has no estimate.
    fn stiffness(&self, _h: f64, _memory: &Self::Memory) -> Option<f64> {
        None
    }
}

/// A stage that is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadStage {
    /// Its number, from 1 as in the tables.
    pub stage: usize,
    /// The time at which the field was evaluated for it.
    pub t: f64,
    /// The first entry that is not finite, where entries can be told apart.
    pub entry: Option<usize>,
}
