//! Why a model, a simulation or an evaluation has no result.

use chreode_core::CoreError;
use chreode_ot::OtError;
use thiserror::Error;

/// A request that cannot be met as posed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// The populations themselves are at fault.
    #[error(transparent)]
    Populations(#[from] CoreError),
    /// A transport problem without a solution.
    #[error(transparent)]
    Transport(#[from] OtError),
    /// A parameter outside its range.
    #[error("{name} is {value}; it must be {rule}")]
    Parameter {
        /// The field, as it is written in a configuration.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        rule: &'static str,
    },
    /// Fewer living cells than were to be sampled.
    #[error(
        "the simulated population at time {time} has {living} cells where {wanted} are to be sampled; raise founders or the division rate, or sample fewer cells"
    )]
    TooFewCells {
        /// The snapshot's time.
        time: f64,
        /// Cells alive then.
        living: usize,
        /// Cells asked for.
        wanted: usize,
    },
    /// A population that would not fit in memory.
    #[error(
        "up to {expected:.3e} cells are expected at time {time}, more than {limit:.0e}; lower the division rate, the founders or the last time"
    )]
    TooManyCells {
        /// The last time.
        time: f64,
        /// Expected number of cells if all divided at the higher rate.
        expected: f64,
        /// The ceiling.
        limit: f64,
    },
    /// A snapshot that cannot be halved.
    #[error("the snapshot at time {time} has {cells} cell; at least 2 are needed to split it in halves")]
    TooFewToSplit {
        /// The snapshot's time.
        time: f64,
        /// Its cells.
        cells: usize,
    },
    /// A method that failed in the evaluation, or answered what is not a population.
    #[error("the forecast of time {time} with seed {seed} failed: {reason}")]
    Forecast {
        /// The held-out time.
        time: f64,
        /// The run.
        seed: u64,
        /// Why.
        reason: Box<ModelError>,
    },
    /// A flow that left the finite numbers.
    #[error("point {row} is not finite at time {time}; take more steps or bound the velocity")]
    Diverged {
        /// The first such point.
        row: usize,
        /// The end of the step.
        time: f64,
    },
}

/// Returns an error unless `value` is finite and `holds`.
pub(crate) fn require(
    name: &'static str,
    value: f64,
    holds: bool,
    rule: &'static str,
) -> Result<(), ModelError> {
    if value.is_finite() && holds { Ok(()) } else { Err(ModelError::Parameter { name, value, rule }) }
}
