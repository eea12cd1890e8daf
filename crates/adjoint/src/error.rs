//! Why there is no gradient.

use chreode_ode::{SolveError, StepError};
use thiserror::Error;

/// Why a solve, or the way back through it, gave no gradient.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum AdjointError {
    /// The solve itself failed, forwards or, for a method that solves an adjoint equation, backwards.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// Not one cotangent for each time.
    #[error(
        "{found} cotangents do not fit {expected} times; give one for each, zero where a state does not count"
    )]
    CotangentCount {
        /// Cotangents given.
        found: usize,
        /// Times of the solve.
        expected: usize,
    },
    /// A cotangent of another size than the state.
    #[error("the cotangent at index {index} has {found} entries where the state has {expected}")]
    CotangentSize {
        /// Which one.
        index: usize,
        /// Its entries.
        found: usize,
        /// Those of the state.
        expected: usize,
    },
    /// A cotangent that is not a number.
    #[error(
        "the cotangent at index {index}, of the state at t = {t}, is not finite; check the loss and its derivative"
    )]
    CotangentNotFinite {
        /// Which one.
        index: usize,
        /// The time of its state.
        t: f64,
    },
    /// The pullback of the field gave something that is not a number.
    #[error(
        "the gradient is not finite before t = {t} on the way back; check the pullback of the field there"
    )]
    NotFinite {
        /// Where the step began, or the time reached.
        t: f64,
    },
    /// A quadrature rule that does not exist here.
    #[error("{points} quadrature nodes a step were asked for; give between 1 and 16")]
    Points {
        /// How many were asked for.
        points: usize,
    },
    /// A linear system that was not solved.
    #[error(
        "the linear system of a steady state was left with a relative residual of {residual:e} after {iterations} \
         iterations, above {tolerance:e}; the steady state may not be isolated, or allow more iterations"
    )]
    LinearSystem {
        /// Iterations spent.
        iterations: usize,
        /// What was left.
        residual: f64,
        /// What was asked for.
        tolerance: f64,
    },
    /// A batch that no row of could start.
    #[cfg(feature = "batch")]
    #[error(transparent)]
    Batch(#[from] chreode_ode::BatchError),
    /// A row of a batch that an event changed.
    #[error(
        "an event changed the row at t = {t}, which the gradient of a batch does not pass; solve this row alone, with \
         `Crossing` at the event"
    )]
    RowEvent {
        /// When.
        t: f64,
    },
    /// A row of a batch that ended at an event whose time has no derivative.
    #[cfg(feature = "batch")]
    #[error(
        "the row ended at an event at t = {t}, whose function does not pass through zero by the derivatives given; fill \
         in `by_t` and `by_y` of the row in `BatchCotangents::events`, unless it only grazes zero there"
    )]
    RowGrazes {
        /// When.
        t: f64,
    },
    /// A row of a batch that was told to stop.
    #[error(
        "the row was stopped at t = {t}, before its end, so that its last state has no gradient; solve it again"
    )]
    RowStopped {
        /// Where it had come to.
        t: f64,
    },
    /// Memory for no state at all.
    #[error("{memory} bytes were allowed for states, but one state takes {state}; allow that at least")]
    Memory {
        /// What was allowed.
        memory: usize,
        /// Bytes of a state.
        state: usize,
    },
    /// Nowhere to begin again from.
    #[error("0 checkpoints were allowed; one, the initial state, is the least")]
    NoCheckpoints,
}

impl From<StepError> for AdjointError {
    fn from(error: StepError) -> Self {
        Self::Solve(error.into())
    }
}
