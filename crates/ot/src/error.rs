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
    /// Two clouds of points in spaces of different dimension.
    #[error(
        "the source points have {source_columns} columns and the target points {target_columns}; give both the same features"
    )]
    Dimension {
        /// Columns of the source.
        source_columns: usize,
        /// Columns of the target.
        target_columns: usize,
    },
    /// NaN or infinity in the coordinates.
    #[error("the {side} point {row} has value {value} in column {column}; every coordinate must be finite")]
    BadPoint {
        /// `source` or `target`.
        side: &'static str,
        /// The point.
        row: usize,
        /// The coordinate.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// A mass that is not a number, or negative.
    #[error("the {side} mass of point {index} is {value}; masses must be finite and not negative")]
    BadMass {
        /// `source` or `target`.
        side: &'static str,
        /// The point.
        index: usize,
        /// The offending mass.
        value: f64,
    },
    /// Masses that are all zero.
    #[error("the {side} masses are all zero; at least one must be positive")]
    NoMass {
        /// `source` or `target`.
        side: &'static str,
    },
    /// Marginals of different total mass.
    #[error(
        "the source masses sum to {source_total} and the target masses to {target_total}; normalise them to one total, or relax a marginal"
    )]
    Unbalanced {
        /// Sum of the source masses.
        source_total: f64,
        /// Sum of the target masses.
        target_total: f64,
    },
    /// Forbidden moves that leave mass with nowhere to go.
    #[error(
        "a share {unplaced} of the mass has no allowed target, the first at source point {row}; allow more moves (finite costs) or change the masses"
    )]
    Infeasible {
        /// The share of the total mass that no plan can move.
        unplaced: f64,
        /// A source point that keeps some of it.
        row: usize,
    },
    /// A target that no source may reach.
    #[error(
        "target point {column} holds a share {unplaced} of the mass and no source point may reach it; allow more moves (finite costs) or change the masses"
    )]
    Unreachable {
        /// Its share of the total mass.
        unplaced: f64,
        /// The target point.
        column: usize,
    },
    /// A cap on the work was reached before the optimum.
    #[error("the network simplex made {pivots} pivots without reaching the optimum; raise max_pivots")]
    PivotCap {
        /// Pivots made.
        pivots: usize,
    },
    /// An iteration that did not reach its tolerance.
    #[error(
        "{method} reached a residual of {residual:e} in {iterations} iterations where {tolerance:e} was asked for; allow more iterations, a larger epsilon, or epsilon scaling"
    )]
    NotConverged {
        /// Which method.
        method: &'static str,
        /// Iterations made.
        iterations: usize,
        /// What is left of the marginals' error, or of the method's own measure.
        residual: f64,
        /// What was asked for.
        tolerance: f64,
    },
    /// A parameter outside its range.
    #[error("{name} is {value}; it must be {range}")]
    BadParameter {
        /// Which parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A permutation that is not one.
    #[error(
        "target {target} of source {row} is out of range or taken twice; a permutation of {size} uses each of 0..{size} once"
    )]
    NotPermutation {
        /// The source point.
        row: usize,
        /// Its target.
        target: usize,
        /// The number of points.
        size: usize,
    },
    /// A starting potential that is not a number.
    #[error("the potential of target point {point} is {value}; start from finite potentials, or from none")]
    BadPotential {
        /// The target point.
        point: usize,
        /// The offending value.
        value: f64,
    },
    /// A cost that depends on the order of its points, where it must not.
    #[error(
        "the cost from source point {row} to target point {column} is {forth} and the cost back is {back}; this divergence needs a symmetric cost"
    )]
    AsymmetricCost {
        /// The source point.
        row: usize,
        /// The target point.
        column: usize,
        /// `c(x, y)`.
        forth: f64,
        /// `c(y, x)`.
        back: f64,
    },
    /// Two target points where each must have a cell of its own.
    #[error("target points {first} and {second} are in one place; merge them and add their weights")]
    SamePoint {
        /// The lower of the two.
        first: usize,
        /// The higher.
        second: usize,
    },
}
