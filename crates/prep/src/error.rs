//! Everything that can go wrong between counts and components.

use thiserror::Error;

/// What went wrong, where, and what to try.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrepError {
    /// A row block whose parts do not fit.
    #[error(
        "row {row} of the matrix is no sparse row: {problem}; build it with SparseRows::new, which sorts"
    )]
    Sparse {
        /// The row, from 0.
        row: usize,
        /// What does not fit.
        problem: &'static str,
    },
    /// A value that is no count and no normalised count either.
    #[error(
        "row {row} has {value} in column {column} where counts of at least 0 are needed; {}",
        if .value.is_finite() { "negative values come from scaling or batch correction: give the raw counts" }
        else { "remove the cell or give the raw counts" }
    )]
    NotACount {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f32,
    },
    /// Values that somebody has already worked on.
    #[error(
        "these are no raw counts: {fractional} of {entries} entries are not whole, the first {value} at row {row}, column {column}; {evidence}; give the raw counts, often kept as layers/counts or raw/X"
    )]
    AlreadyNormalized {
        /// The row of the first such entry, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// Its value.
        value: f32,
        /// How many such entries.
        fractional: u64,
        /// Out of how many that are not 0.
        entries: u64,
        /// What was probably done to them.
        evidence: String,
    },
    /// Nothing left to work with.
    #[error("no {what} of {total} is left: {reason}; loosen the filter")]
    NothingLeft {
        /// Cells or genes.
        what: &'static str,
        /// How many there were.
        total: usize,
        /// Which filter.
        reason: String,
    },
    /// Parts that do not belong together.
    #[error("{what} has {found} entries where {expected} are needed; give one for each of the same {of}")]
    Length {
        /// The part.
        what: &'static str,
        /// What it describes: cells or genes.
        of: &'static str,
        /// The number needed.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// A parameter outside its range.
    #[error("{name} of {value} was given; it must be {needed}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        needed: &'static str,
    },
    /// Data that a method cannot be fitted to or applied to.
    #[error("{what} needs {needed} but got {got}; {hint}")]
    Fit {
        /// The method.
        what: &'static str,
        /// What it needs.
        needed: String,
        /// What it got.
        got: String,
        /// What to try.
        hint: &'static str,
    },
    /// A part that this build is without.
    #[error(
        "{what} is not part of this build; build it with `--features {feature}` or ask for the exact method"
    )]
    Feature {
        /// What was asked for.
        what: &'static str,
        /// The feature of this crate that has it.
        feature: &'static str,
    },
    /// A source of rows that failed, e.g. a file.
    #[error("cannot read the next rows: {0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
}

/// [`PrepError::Length`] unless `found` is `expected`.
pub(crate) fn length(
    what: &'static str,
    of: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), PrepError> {
    if expected == found { Ok(()) } else { Err(PrepError::Length { what, of, expected, found }) }
}

/// [`PrepError::Parameter`] unless `fine`.
pub(crate) fn require(
    fine: bool,
    name: &'static str,
    value: f64,
    needed: &'static str,
) -> Result<(), PrepError> {
    if fine { Ok(()) } else { Err(PrepError::Parameter { name, value, needed }) }
}
