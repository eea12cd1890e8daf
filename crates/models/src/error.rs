//! Why a model, a simulation or an evaluation has no result.

use crate::{ConditionError, SeriesError};
use chreode_adjoint::AdjointError;
use chreode_core::CoreError;
use chreode_nn::NnError;
use chreode_ode::{PathError, SolveError};
use chreode_ot::OtError;
use chreode_sde::SdeError;
use thiserror::Error;

/// A request that cannot be met as posed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// The populations themselves are at fault.
    #[error(transparent)]
    Populations(#[from] CoreError),
    /// A minibatch or a population has no transport plan.
    #[error(transparent)]
    Transport(#[from] OtError),
    /// A flow cannot be integrated.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The noise of a path cannot be made.
    #[error(transparent)]
    Noise(#[from] SdeError),
    /// Measurements that no path can be drawn through.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A time series is at fault.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// The conditions of cells are at fault.
    #[error(transparent)]
    Conditions(#[from] ConditionError),
    /// A network or an optimiser cannot be made.
    #[error(transparent)]
    Network(#[from] NnError),
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
    /// Two settings that contradict each other.
    #[error("{name} must be {rule}")]
    Setting {
        /// The field, as it is written in a configuration.
        name: &'static str,
        /// What is allowed, and why.
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
    /// No interval to learn a flow on.
    #[error("a flow needs cells at two times at least, but there is {}", only(.times))]
    TooFewTimes {
        /// The times there are.
        times: Vec<f64>,
    },
    /// A snapshot that says nothing about its population.
    #[error(
        "time {time} has {cells} cells where {wanted} are needed at least; leave this time out or merge it with its neighbour"
    )]
    SmallSnapshot {
        /// The snapshot's time.
        time: f64,
        /// Its cells.
        cells: usize,
        /// The least number.
        wanted: usize,
    },
    /// Arrays of another width or length than the model has.
    #[error(
        "the model has {expected} dimensions and the data {found}; use the coordinates it was trained on"
    )]
    Dimensions {
        /// What the model has.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A coordinate that cannot be scaled to unit variance.
    #[error(
        "feature {feature} has scale {scale} over all cells and cannot be standardised; leave it out with fewer dims"
    )]
    FlatFeature {
        /// Its name.
        feature: String,
        /// Its standard deviation.
        scale: f64,
    },
    /// A coordinate that a Gaussian base cannot have a variance of its own in.
    #[error(
        "over the cells of time {time} feature {feature} does not vary beside the features before it, so that no Gaussian can be fitted to them; leave it out with fewer dims, or choose another base"
    )]
    Collinear {
        /// Its name.
        feature: String,
        /// The snapshot's time.
        time: f64,
    },
    /// Updates that the stages of a model cannot share.
    #[error(
        "{total} steps in all cannot be shared out: {kept} are set for stages, and {free} further stages need 1 each; give another number, or set other stages"
    )]
    Shares {
        /// Updates in all.
        total: u64,
        /// Those of stages that are set.
        kept: u64,
        /// Stages that are to share the rest.
        free: u64,
    },
    /// A name that no model has.
    #[error("there is no model called {name}; the models are {known}")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Data of a kind that the model does not learn from.
    #[error("{model} cannot learn from these data; it needs {needs}")]
    Data {
        /// The model.
        model: String,
        /// What it needs.
        needs: String,
    },
    /// A device that cannot compute the networks of a model.
    #[error("the device {device} cannot be used: {reason}; leave --device out, or name another")]
    Device {
        /// Its name.
        device: String,
        /// Why.
        reason: String,
    },
    /// A gradient that an adjoint could not take.
    #[error("the gradient of the loss failed: {reason}")]
    Gradient {
        /// Why.
        reason: String,
    },
    /// A loss that is not a number.
    #[error("the loss is {loss} at step {step}; lower lr, or give clip a value such as 1")]
    LossNotFinite {
        /// Steps done before.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// A gradient that is not a number where the loss is one.
    #[error(
        "the loss is finite at step {step}, but entry {index} of its gradient is {value}; lower lr, or scale the data"
    )]
    GradientNotFinite {
        /// Steps done before.
        step: u64,
        /// The first such entry, counted over all parameters.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// A thread that ended without its batch.
    #[error(
        "the thread that prepared batch {index} ended early; this is a fault of chreode, please report it"
    )]
    WorkerLost {
        /// The batch.
        index: u64,
    },
    /// A file that holds no run, or another one.
    #[error("this checkpoint cannot be used ({reason}); copy it again, or train again")]
    Checkpoint {
        /// What is wrong with it.
        reason: String,
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
    /// A mass that no number holds.
    #[error(
        "by time {time} the mass of cell {row} is exp({logarithm}) times what it was, more than a number holds; ask for a time nearer to those trained on"
    )]
    Mass {
        /// The first such cell.
        row: usize,
        /// The time.
        time: f64,
        /// The logarithm of the factor.
        logarithm: f32,
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

impl From<AdjointError> for ModelError {
    /// A failed solve is that; what else keeps an adjoint from a gradient is told.
    fn from(error: AdjointError) -> Self {
        match error {
            AdjointError::Solve(error) => error.into(),
            error => Self::Gradient { reason: error.to_string() },
        }
    }
}

/// What there is, where more times are needed.
fn only(times: &[f64]) -> String {
    times.first().map_or("no time at all".to_string(), |t| format!("only time {t}"))
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
