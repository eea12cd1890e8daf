//! What can be wrong with data that drive an equation, and with a solve along them.

use crate::SolveError;
use thiserror::Error;

/// Data that are no path.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PathError {
    /// Not enough to interpolate between.
    #[error("a path needs observations at two times at least, but there are {found}; give more")]
    TooFewTimes {
        /// How many there are.
        found: usize,
    },
    /// A time that is not a number.
    #[error("the time of observation {index} is {time}; every time must be finite")]
    TimeNotFinite {
        /// Which observation.
        index: usize,
        /// Its time.
        time: f64,
    },
    /// Two observations at one time, or times that go back.
    #[error("times must increase, but time {next} at index {index} follows {time}; sort or merge the rows")]
    TimesNotIncreasing {
        /// Position of the later entry.
        index: usize,
        /// The entry before it.
        time: f64,
        /// The entry itself.
        next: f64,
    },
    /// Observations of nothing.
    #[error("the observations have no channels; give one value a time at least")]
    NoChannels,
    /// A number of values that is no table.
    #[error(
        "{times} times with {channels} channels make {} values, but there are {values}; give one row a time",
        times * channels
    )]
    Shape {
        /// Times.
        times: usize,
        /// Channels.
        channels: usize,
        /// Values found.
        values: usize,
    },
    /// Rows of different lengths.
    #[error("row {row} has {found} values where {expected} were found before; mark missing values by NaN")]
    RowLength {
        /// Which row.
        row: usize,
        /// Values in the first row.
        expected: usize,
        /// Values in this one.
        found: usize,
    },
    /// Infinity among the values; NaN means missing.
    #[error(
        "channel {channel} of observation {index} is {value}; give a finite value, or NaN if it is missing"
    )]
    NotFinite {
        /// Which observation.
        index: usize,
        /// Which channel.
        channel: usize,
        /// The offending value.
        value: f64,
    },
    /// A channel without a single value.
    #[error("channel {channel} has no value at any time; drop the channel, or fill its start")]
    AllMissing {
        /// Which channel.
        channel: usize,
    },
    /// A channel without a value at the first time, where only earlier values may fill.
    #[error(
        "channel {channel} has no value at the first time, and a path that must not look ahead cannot take a \
         later one; fill the start"
    )]
    StartMissing {
        /// Which channel.
        channel: usize,
    },
    /// A start with another number of channels.
    #[error("the start has {found} values for {channels} channels; give one value a channel")]
    StartLength {
        /// Channels.
        channels: usize,
        /// Values given.
        found: usize,
    },
    /// A span nothing can be moved to.
    #[error("a path cannot be moved to times {t0} to {t1}; give two finite times, the first one first")]
    BadSpan {
        /// Start.
        t0: f64,
        /// End.
        t1: f64,
    },
    /// A batch without rows.
    #[error("there are no paths; give one path at least")]
    NoPaths,
    /// Rows that are driven by different numbers of channels.
    #[error("path {row} has {found} channels where {expected} were found before; give every row the same")]
    BatchChannels {
        /// Which path.
        row: usize,
        /// Channels of the first.
        expected: usize,
        /// Channels of this one.
        found: usize,
    },
}

/// Why a solve along a path gave no result.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CdeError {
    /// Times the path does not cover.
    #[error("cannot solve from t = {t0} to t = {t1} along a path from {start} to {end}; stay on the path")]
    OffPath {
        /// Start of the solve.
        t0: f64,
        /// Its end.
        t1: f64,
        /// Where the path begins.
        start: f64,
        /// Where it ends.
        end: f64,
    },
    /// The solve failed.
    #[error(transparent)]
    Solve(#[from] SolveError),
}
