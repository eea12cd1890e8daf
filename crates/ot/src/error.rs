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
    /// A list of allowed moves that is not one.
    #[error(
        "the move from point {row} to point {column} is out of range, listed twice or out of order; list each of the {rows} x {columns} allowed moves once, the targets of a source ascending"
    )]
    BadMove {
        /// Source point.
        row: usize,
        /// Target point.
        column: usize,
        /// The number of source points.
        rows: usize,
        /// The number of target points.
        columns: usize,
    },
    /// Different masses on the two sides of a symmetric problem.
    #[error(
        "point {point} has mass {source_mass} as a source and {target_mass} as a target; a symmetric problem needs the same masses on both sides"
    )]
    Asymmetric {
        /// The point.
        point: usize,
        /// Its mass as a source.
        source_mass: f64,
        /// Its mass as a target.
        target_mass: f64,
    },
    /// A node that a graph has not.
    #[error("node {node} is not in the graph, whose nodes are 0..{nodes}")]
    BadNode {
        /// The number given.
        node: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// An edge whose length cannot be used.
    #[error(
        "the edge from node {from} to node {to} has length {length}; lengths must be finite and not negative, with an affinity above zero where heat is to flow"
    )]
    BadEdge {
        /// One end.
        from: usize,
        /// The other.
        to: usize,
        /// The length.
        length: f64,
    },
    /// A plan whose sums are not the masses of its problem.
    #[error(
        "the {side} marginal of the plan misses the masses by a share {residual:.1e} of their total where {tolerance:e} is allowed; check the order of the points, or allow more"
    )]
    Marginals {
        /// `source` or `target`.
        side: &'static str,
        /// L1 error as a share of the total mass.
        residual: f64,
        /// What was allowed.
        tolerance: f64,
    },
    /// Mass that arrives where the next plan does not go on.
    #[error(
        "middle point {point} receives a mass of {mass} and the second plan sends none on from it; plan both steps with the same masses in the middle"
    )]
    NoWayOn {
        /// The point in the middle.
        point: usize,
        /// What arrives there.
        mass: f64,
    },
    /// More memory than there is.
    #[error("this needs about {needed} bytes of memory and {available} are available; {advice}")]
    TooLarge {
        /// Expected peak, in bytes.
        needed: u64,
        /// The budget, in bytes.
        available: u64,
        /// What needs less.
        advice: &'static str,
    },
    /// A machine that does not tell its free memory.
    #[error("the available memory is not known on this system; give a budget in bytes")]
    UnknownMemory,
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
    /// Constraints on the two sides that no total mass meets.
    #[error(
        "the source takes a total mass between {source_low} and {source_high} and the target between {target_low} and {target_high}; widen a range or relax a side"
    )]
    NoCommonTotal {
        /// The least mass that the source may give.
        source_low: f64,
        /// The largest.
        source_high: f64,
        /// The least mass that the target may take.
        target_low: f64,
        /// The largest.
        target_high: f64,
    },
    /// A solver that does not know a marginal's penalty.
    #[error("{method} does not solve problems with {marginal} on the {side} side; {allowed}")]
    UnsupportedMarginal {
        /// Which method.
        method: &'static str,
        /// `source` or `target`.
        side: &'static str,
        /// The penalty, in words.
        marginal: &'static str,
        /// What it solves, and what to use instead.
        allowed: &'static str,
    },
    /// A mass to move that the two sides cannot give.
    #[error("the mass to move is {mass}; it must be between 0 and the smaller total, {most}")]
    PartialMass {
        /// The mass asked for.
        mass: f64,
        /// The most that can move.
        most: f64,
    },
    /// A matrix that must be square and is not.
    #[error("{what} has {rows} rows and {columns} columns; give one row and one column for each point")]
    NotSquare {
        /// Which matrix.
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// An entry that is not finite, or negative where it may not be.
    #[error("{what} has value {value} at row {row}, column {column}; it must be finite and not negative")]
    BadEntry {
        /// Which matrix.
        what: &'static str,
        /// Where.
        row: usize,
        /// Where.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// An entry that is not finite, where any sign is allowed.
    #[error("{what} has value {value} at row {row}, column {column}; it must be finite")]
    NotFinite {
        /// Which matrix.
        what: &'static str,
        /// Where.
        row: usize,
        /// Where.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// An entry that is not positive, where a logarithm needs it.
    #[error(
        "{what} has value {value} at row {row}, column {column}; this loss takes its logarithm, so that it must be positive"
    )]
    NotPositive {
        /// Which matrix.
        what: &'static str,
        /// Where.
        row: usize,
        /// Where.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// A rank that no plan of this size can have.
    #[error("the rank is {rank}; it must be between 1 and {most}, the smaller of the numbers of points")]
    BadRank {
        /// The rank asked for.
        rank: usize,
        /// The largest.
        most: usize,
    },
    /// What is wrong with one of several measures.
    #[error("measure {index}: {error}")]
    InMeasure {
        /// Which of them.
        index: usize,
        /// What is wrong with it.
        error: Box<OtError>,
    },
    /// Edges that do not make a tree.
    #[error(
        "edge {edge} joins nodes {from} and {to} of {nodes}; the edges must make a tree: nodes - 1 of them, each joining a new node"
    )]
    NotTree {
        /// The first edge that is wrong, or their number where there are too few.
        edge: usize,
        /// One end.
        from: usize,
        /// The other.
        to: usize,
        /// The number of nodes.
        nodes: usize,
    },
    /// An iteration whose numbers left the range of floating point.
    #[error(
        "{method} left the range of floating point at iteration {iteration}; allow a larger epsilon, smaller steps or costs of moderate size"
    )]
    Diverged {
        /// Which method.
        method: &'static str,
        /// When.
        iteration: usize,
    },
    /// A loss that a method cannot take apart.
    #[error("{method} needs the square loss; choose GromovLoss::Square, or another method")]
    WrongLoss {
        /// Which method.
        method: &'static str,
    },
}
