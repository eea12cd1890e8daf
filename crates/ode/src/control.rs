//! Who decides how long a step is, and whether it counts.

mod fixed;
mod jumps;
mod landing;
mod least;
mod limits;
mod pi;
mod pid;
mod predictive;
mod stops;

pub use fixed::{Fixed, FixedMemory};
pub use jumps::Jumps;
pub use landing::Landing;
pub use least::{Below, MinStep, MinStepMemory};
pub use limits::Limits;
pub use pi::{Pi, PiMemory};
pub use pid::{Filter, Pid, PidMemory};
pub use predictive::{Predictive, PredictiveMemory};
pub use stops::StopsMemory;

use crate::{SolveError, Span};

/// A step that was tried: what a controller sees. Numbers, never states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Where it began.
    pub t: f64,
    /// Its signed size.
    pub h: f64,
    /// Scaled error, 1 exactly on tolerance; infinite when the result is not finite or the method did
    /// not converge; `None` when the controller has no norm.
    pub ratio: Option<f64>,
    /// Power of h in the error, the order of the estimate plus one.
    pub power: f64,
}

/// What becomes of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Accept,
    /// Try again from the same state, with the step that [`StepControl::next`] now gives.
    Reject,
}

/// Chooses the end of each step and judges the outcome.
pub trait StepControl {
    /// What it remembers from step to step.
    type Memory;

    /// What measures errors, a [`Norm`](chreode_core::Norm) of the state: usually a
    /// [`Tolerance`](chreode_core::Tolerance).
    type Norm;

    /// What errors are measured by; `None` for a controller that asks for no estimate.
    fn norm(&self) -> Option<&Self::Norm>;

    /// The size of the first step, if it is known; otherwise, where there is a norm, the stepper
    /// is asked for a careful one.
    fn first_step(&self) -> Option<f64> {
        None
    }

    /// Memory for a solve over `span`; `first` is the size of the first step, 0 where there is no
    /// norm.
    ///
    /// # Errors
    /// When the controller's own settings make no sense.
    fn start(&self, span: Span, first: f64) -> Result<Self::Memory, SolveError>;

    /// The time at which the step from `t` is to end; must come to `t1` exactly.
    fn next(&self, t: f64, memory: &Self::Memory) -> f64;

    /// Judges a trial and plans the next step.
    fn judge(&self, trial: Trial, memory: &mut Self::Memory) -> Verdict;

    /// Takes the method's own choice of the next step, of size `h`, in place of the plan just made; see
    /// [`Stepper::suggest`](crate::Stepper::suggest). A controller of fixed steps does not listen.
    fn follow(&self, _h: f64, _memory: &mut Self::Memory) {}

    /// What the time `next`, given by [`next`](Self::next), is to the solve.
    #[inline]
    fn arrival(&self, _next: f64, _memory: &Self::Memory) -> Arrival {
        Arrival::Free
    }

    /// The size below which a free step ends the solve with
    /// [`SolveError::StepTooSmall`]; the resolution of time holds in any case.
    #[inline]
    fn least_step(&self) -> f64 {
        0.0
    }

    /// The solve goes on from `t` in a new state, or with a new field, or after a step that was cut short:
    /// plan a step of size `h` and forget the errors before. By default the plan is kept.
    fn restart(&self, _t: f64, _h: f64, _memory: &mut Self::Memory) {}
}

/// What the end of a step is to the solve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// Any time would do.
    Free,
    /// A time to be reached exactly, by however short a step.
    Exact,
    /// A time to be reached exactly, at which the field jumps: the step to it sees the field before, the
    /// step from it starts afresh and sees the field after.
    Jump,
}
