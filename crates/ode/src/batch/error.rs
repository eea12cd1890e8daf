//! Why a whole batch cannot start.

use crate::SolveError;
use thiserror::Error;

/// What is wrong with a batch as a whole. What is wrong with one row is that row's
/// [`RowEnd::Failed`](crate::RowEnd::Failed).
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BatchError {
    /// A list with one entry a row, of another length.
    #[error("{what} has {got} entries for {rows} rows; give one a row, or a single value for all")]
    Length {
        /// Which list.
        what: &'static str,
        /// Its entries.
        got: usize,
        /// The rows.
        rows: usize,
    },
    /// A controller or a method that makes no sense for any row.
    #[error(transparent)]
    Solve(#[from] SolveError),
}
