//! Why a transport problem has no answer.

use thiserror::Error;

/// A problem that cannot be solved as posed, or a solver that did not get there.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum OtError {
    /// One side has no points.
    #[error("the {side} side has no points; transport needs at least one on each side")]
    Empty {
        /// `source` or `target`.
        side: &'static str,
    },
    /// A cost that is not a number.
    #[error(
        "the cost of moving point {row} to point {column} is {value}; costs must be finite (or +inf, where forbidden moves are allowed)"
    )]
    BadCost {
        /// Source point.
        row: usize,
        /// Target point.
        column: usize,
        /// The offending cost.
        value: f64,
    },
    /// Arrays that do not belong together.
    #[error("{what} has size {found} where {expected} was expected")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The size it should have.
        expected: usize,
        /// The size it has.
        found: usize,
    },
    /// A coordinate that is not a number.
    #[error("coordinate {column} of {side} point {row} is {value}; remove the point or impute the value")]
    BadPoint {
        /// `source` or `target`.
        side: &'static str,
        /// The point.
        row: usize,
        /// Its coordinate.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// A starting potential that is not a number.
    #[error("the potential of target point {point} is {value}; start from finite potentials, or from none")]
    BadPotential {
        /// The target point.
        point: usize,
        /// The offending value.
        value: f64,
    },
}
