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
    /// An implicit method met a matrix without an inverse. Under an adaptive controller the step is tried
    /// again, smaller.
    #[error(
        "the step of {h:e} at t = {t} needs the inverse of a singular matrix (no pivot in column {column}); \
         take another step size, or check the mass matrix and the Jacobian: together they must determine \
         every entry"
    )]
    Singular {
        /// Where the step began.
        t: f64,
        /// The step.
        h: f64,
        /// The first column without a pivot, counted from 0.
        column: usize,
    },
    /// A Jacobian with an entry where its structure has none.
    #[error(
        "the Jacobian at t = {t} has an entry in row {row} and column {column}, outside its structure; widen \
         the band or add the place to the pattern"
    )]
    OutsideStructure {
        /// Where.
        t: f64,
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
    },
    /// A start that contradicts the equations without derivatives.
    #[error(
        "the state at t = {t} does not satisfy the equations without derivatives: entry {entry} is off by {off:e}; \
         start from consistent values"
    )]
    Inconsistent {
        /// Where.
        t: f64,
        /// The entry that is off most, counted from 0.
        entry: usize,
        /// By how much it would have to change, about.
        off: f64,
    },
    /// A mass matrix that the method cannot work with.
    #[error("{method} cannot solve problems with {what}; take a method that can, such as {instead}")]
    Mass {
        /// The method's name.
        method: &'static str,
        /// What it cannot work with.
        what: &'static str,
        /// A method that can.
        instead: &'static str,
    },
    /// A matrix of another size than the state.
    #[error("the {matrix} has {found} rows where the state has {expected} entries; give one row an entry")]
    WrongSize {
        /// Which matrix.
        matrix: &'static str,
        /// The entries of the state.
        expected: usize,
        /// The rows of the matrix.
        found: usize,
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
        "the state or the field is not finite at t = {t}{}; check the initial state, the field's domain, or \
         take smaller steps",
        place(.stage, .entry)
    )]
    NotFinite {
        /// The first time at which it was seen: that of the stage where it is known.
        t: f64,
        /// The stage of the method that saw it, from 1.
        stage: Option<usize>,
        /// The entry of the state, from 0.
        entry: Option<usize>,
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
    /// The tolerance cannot be met with steps that floating-point time can tell apart, or that the
    /// controller allows.
    #[error(
        "the step size fell to {h:e} at t = {t}, below the least of {least:e}; the solution may blow up \
         there, or the field is not smooth or the tolerance too tight"
    )]
    StepTooSmall {
        /// The last time reached.
        t: f64,
        /// The step asked for.
        h: f64,
        /// The least step: ten units in the last place of `t`, or what the controller was told.
        least: f64,
    },
    /// Too many steps.
    #[error("{steps} steps reached only t = {t} of {t1}, the last of them {h:e} long; {}", advice(.stiffness))]
    MaxSteps {
        /// The last time reached.
        t: f64,
        /// The end asked for.
        t1: f64,
        /// Steps tried, accepted and rejected.
        steps: usize,
        /// The size of the last one.
        h: f64,
        /// What [`Stepper::stiffness`](crate::Stepper::stiffness) says of it.
        stiffness: Option<f64>,
    },
    /// An event whose function is not a number.
    #[error("event {index} is not a number at t = {t}; check the domain of its function")]
    EventNotFinite {
        /// Which event.
        index: usize,
        /// When.
        t: f64,
    },
    /// An event that put a state that is not finite in place of the solution.
    #[error("event {index} at t = {t} reset the state to one that is not finite; check its action")]
    ResetNotFinite {
        /// Which event.
        index: usize,
        /// When.
        t: f64,
    },
    /// A field that did not come to rest.
    #[error(
        "no steady state by t = {t}: the field is still {residual:e} times the tolerance; allow more time, \
         or the solution does not settle"
    )]
    NotSteady {
        /// The last time reached.
        t: f64,
        /// The field there, in units of the tolerance.
        residual: f64,
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
            StepError::NotFinite { t } => Self::NotFinite { t, stage: None, entry: None },
            other => Self::Step(other),
        }
    }
}

/// Where in the step and in the state, as far as it is known.
fn place(stage: &Option<usize>, entry: &Option<usize>) -> String {
    match (stage, entry) {
        (None, None) => String::new(),
        (Some(stage), None) => format!(", in stage {stage}"),
        (None, Some(entry)) => format!(", in entry {entry}"),
        (Some(stage), Some(entry)) => format!(", in entry {entry} of stage {stage}"),
    }
}

/// `|h| ‖∂f/∂y‖` from which stability and not accuracy is what holds an explicit step.
const STIFF: f64 = 2.0;

/// What to do about too many steps.
fn advice(stiffness: &Option<f64>) -> String {
    match stiffness {
        Some(s) if *s >= STIFF => format!(
            "the step times the stiffness of the field is {s:.1}, so that stability holds the steps short: take \
             an implicit method such as kvaerno5 or rodas5p"
        ),
        Some(_) => "the problem does not look stiff: raise max_steps or loosen the tolerance".to_string(),
        None => "raise max_steps, loosen the tolerance, or take an implicit method if the problem is stiff"
            .to_string(),
    }
}
