//! What can be wrong with a report.

use std::path::PathBuf;

/// Why a report could not be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A number that must be finite is not.
    #[error(
        "row {row} of {what} has a value that is not finite; drop or repair that row before reporting it"
    )]
    NotFinite {
        /// The input.
        what: String,
        /// The first bad row, from zero.
        row: usize,
    },
    /// An input has the wrong length or shape.
    #[error("wrong shape of {what}: found {found}, expected {expected}")]
    Shape {
        /// The input.
        what: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Positions or times do not increase.
    #[error("{what} must increase strictly, and do not at position {position}; sort them and drop repeats")]
    NotIncreasing {
        /// The input.
        what: String,
        /// The first position that is not above its predecessor.
        position: usize,
    },
    /// An interval has its ends in the wrong order.
    #[error("the interval of {what} runs from {low} down to {high}; give the low end first")]
    Interval {
        /// The score.
        what: String,
        /// Given low end.
        low: f64,
        /// Given high end.
        high: f64,
    },
    /// A picture could not be turned into PNG.
    #[error("figure {figure} could not be encoded as PNG: {reason}")]
    Png {
        /// File stem of the figure.
        figure: String,
        /// What the encoder said.
        reason: String,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}; check that the folder exists and has room", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
