//! What can be wrong with a set of populations.

use thiserror::Error;

/// A data set that cannot be a time series of populations.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CoreError {
    /// No snapshot at all.
    #[error("there are no snapshots; give cells measured at one time at least")]
    NoSnapshots,
    /// A time that is not a number.
    #[error("snapshot {index} has time {time}; every time must be finite")]
    TimeNotFinite {
        /// Position of the snapshot.
        index: usize,
        /// Its time.
        time: f64,
    },
    /// Two snapshots at one time, or times that go back.
    #[error("snapshot times must increase, but time {next} follows time {time}; sort or merge the snapshots")]
    TimesNotIncreasing {
        /// The earlier entry.
        time: f64,
        /// The entry after it.
        next: f64,
    },
    /// A snapshot without cells.
    #[error("the snapshot at time {time} has no cells; drop this time or check the time column")]
    EmptySnapshot {
        /// Its time.
        time: f64,
    },
    /// Snapshots in different coordinate systems.
    #[error(
        "the snapshot at time {time} has {found} features where {expected} are named or were found before"
    )]
    FeatureCount {
        /// Its time.
        time: f64,
        /// The number expected.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// NaN or infinity in the coordinates.
    #[error(
        "cell {row} at time {time} has value {value} in feature {column}; remove the cell or impute the value"
    )]
    NotFinite {
        /// The snapshot's time.
        time: f64,
        /// The row within it.
        row: usize,
        /// The feature.
        column: usize,
        /// The offending value.
        value: f32,
    },
    /// Weights that are not a measure.
    #[error(
        "cell {row} at time {time} has weight {value}; weights must be finite, not negative, and not all zero"
    )]
    BadWeight {
        /// The snapshot's time.
        time: f64,
        /// The row within it.
        row: usize,
        /// The offending weight.
        value: f32,
    },
    /// A different number of weights and cells.
    #[error("the snapshot at time {time} has {cells} cells and {weights} weights; give one weight a cell")]
    WeightCount {
        /// The snapshot's time.
        time: f64,
        /// Cells found.
        cells: usize,
        /// Weights found.
        weights: usize,
    },
    /// A time that was asked for and is not there.
    #[error("there is no snapshot at time {time}; the times are {}", list(.times))]
    NoSuchTime {
        /// What was asked for.
        time: f64,
        /// What there is.
        times: Vec<f64>,
    },
    /// Holding out the first or the last time leaves nothing to interpolate between.
    #[error("time {time} is an end of the series and cannot be held out; {}", held_out(.inner))]
    HeldOutEnd {
        /// What was asked for.
        time: f64,
        /// The times that can be held out.
        inner: Vec<f64>,
    },
}

/// Times as a reader would write them; `none` when there are none.
fn list(times: &[f64]) -> String {
    if times.is_empty() {
        return "none".to_string();
    }
    times.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

/// Which times to choose from, or what is needed to have a choice.
fn held_out(inner: &[f64]) -> String {
    match inner {
        [] => "give cells at three times at least, so that one is between two others".to_string(),
        _ => format!("choose one of {}", list(inner)),
    }
}
