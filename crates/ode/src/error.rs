//! Why a solve cannot start or cannot go on.

use chreode_core::ToleranceError;
use thiserror::Error;

/// What a stepper reports from inside one step.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum StepError {
    /// The field or the state left the numbers.
    #[error("the field is not finite at t = {t}; check the initial state and the field's domain")]
    NotFinite {
        /// Where.
        t: f64,
    },
    /// An inner iteration gave up. Under an adaptive controller the step is tried again, smaller.
    #[error(
        "the step of {h:e} at t = {t} did not converge: residual {residual:e} after {iterations} iterations; \
         take smaller steps"
    )]
    NotConverged {
        /// Where the step began.
        t: f64,
        /// The step.
        h: f64,
        /// Iterations spent.
        iterations: usize,
        /// What was left.
        residual: f64,
    },
    /// What drives the equation is not known where the solve goes.
    #[error(
        "the driving path is known from t = {from} to t = {to} only, and cannot drive a step or a solve from \
         t = {t0} to t = {t1}; make the path over the whole span"
    )]
    OutsidePath {
        /// Start of the step or the solve.
        t0: f64,
        /// Its end.
        t1: f64,
        /// Start of the path.
        from: f64,
        /// End of the path.
        to: f64,
    },
    /// A method that cannot run backwards in time.
    #[error(
        "{method} cannot run backwards from t = {t0} to t = {t1}, for an Ito integral cannot; write the \
         equation in Stratonovich form"
    )]
    Backwards {
        /// The method's name.
        method: &'static str,
        /// The start asked for.
        t0: f64,
        /// The end asked for.
        t1: f64,
    },
    /// Noise that does not fit the state.
    #[error(
        "{kind} noise of shape {noise:?} does not fit a state of shape {state:?}; make the path of the state's shape"
    )]
    NoiseShape {
        /// The kind of noise.
        kind: &'static str,
        /// Shape of the noise.
        noise: Vec<usize>,
        /// Shape of the state.
        state: Vec<usize>,
    },
}

/// Why a solve gave no result, or only part of one. What was saved before stays in the saver.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SolveError {
    /// An adaptive controller with a method that cannot judge itself.
    #[error(
        "{method} has no error estimate, so its steps cannot be controlled; take Fixed steps, or a pair \
         such as tsit5"
    )]
    NoErrorEstimate {
        /// The method's name.
        method: &'static str,
    },
    /// A tolerance nothing can be held to.
    #[error(transparent)]
    BadTolerance(#[from] ToleranceError),
    /// A step size or a number of steps that is no plan.
    #[error("{what} is {value}, but must be finite and above zero")]
    BadStep {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A controller setting outside its range.
    #[error("{what} is {value}, but must lie {range}")]
    BadSetting {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Where it must lie.
        range: &'static str,
    },
    /// A span that is not two numbers.
    #[error("cannot solve from t = {t0} to t = {t1}; both ends must be finite")]
    SpanNotFinite {
        /// Start.
        t0: f64,
        /// End.
        t1: f64,
    },
    /// No times to save at.
    #[error("no times were given; give at least the time of the initial state")]
    NoTimes,
    /// Times that do not run from start to end.
    #[error("time {next} at index {index} follows {time}; sort the times in the direction of the solve")]
    TimesNotSorted {
        /// Position of the later entry.
        index: usize,
        /// The entry before it.
        time: f64,
        /// The entry itself.
        next: f64,
    },
    /// A time the solve does not reach, or that is not a number.
    #[error("time {time} is not between t0 = {t0} and t1 = {t1}; widen the span or drop the time")]
    TimeOutside {
        /// The time.
        time: f64,
        /// Start.
        t0: f64,
        /// End.
        t1: f64,
    },
    /// NaN or infinity in the state or the field.
    #[error(
        "the state or the field is not finite at t = {t}; check the initial state, the field's domain, or \
         take smaller steps"
    )]
    NotFinite {
        /// The first time at which it was seen.
        t: f64,
    },
    /// A finite step whose error is not a number.
    #[error(
        "the error of the step to t = {t} is not a number; the field is not finite there, or atol = 0 meets \
         a zero in the state: give atol above zero"
    )]
    ErrorNotFinite {
        /// Where the step would have ended.
        t: f64,
    },
    /// The tolerance cannot be met with steps that floating-point time can tell apart.
    #[error(
        "the step size fell to {h:e} at t = {t}; the solution may blow up there, or the field is not smooth \
         or the tolerance too tight"
    )]
    StepTooSmall {
        /// The last time reached.
        t: f64,
        /// The step asked for.
        h: f64,
    },
    /// Too many steps.
    #[error(
        "{steps} steps reached only t = {t} of {t1}; raise max_steps, loosen the tolerance, or take an \
         implicit method if the problem is stiff"
    )]
    MaxSteps {
        /// The last time reached.
        t: f64,
        /// The end asked for.
        t1: f64,
        /// Steps tried, accepted and rejected.
        steps: usize,
    },
    /// No method of this name.
    #[error("there is no method named {name:?}; the methods are {known}")]
    UnknownMethod {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The stepper failed inside a step.
    #[error(transparent)]
    Step(StepError),
}

impl From<StepError> for SolveError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::NotFinite { t } => Self::NotFinite { t },
            other => Self::Step(other),
        }
    }
}
