//! What can be wrong with a network's or an optimiser's description.

use crate::Join;
use thiserror::Error;

/// A network or an optimiser that cannot be built, or slices that do not fit it.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NnError {
    /// A state, velocity or hidden layer without columns.
    #[error("the {place} has width 0; every width must be at least 1")]
    ZeroWidth {
        /// `state`, `output`, or `hidden layer i`.
        place: String,
    },
    /// More parameters than an index can count.
    #[error("a network of widths {widths:?} has more parameters than memory can address; make it narrower")]
    TooWide {
        /// Input, hidden and output widths.
        widths: Vec<usize>,
    },
    /// A layer on rows of another width.
    #[error(
        "`{place}` takes rows of {expected} columns and is given {found}; make it as wide as what it reads"
    )]
    Columns {
        /// The layer's name.
        place: String,
        /// The columns it takes.
        expected: usize,
        /// The columns of what it was put on.
        found: usize,
    },
    /// Two levels whose widths cannot be joined.
    #[error(
        "{join:?} cannot join {first} and {second} columns; Add, Subtract and Multiply need equal ones, Modulate \
         needs twice as many in the second"
    )]
    Join {
        /// How they were to be joined.
        join: Join,
        /// Columns of the first.
        first: usize,
        /// Columns of the second.
        second: usize,
    },
    /// Two parameters of one name.
    #[error("there are two parameters `{name}`; give each layer a name of its own")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A level that does not reach the output.
    #[error(
        "nothing reads level {level} of the graph; the output must be the last, and every other must be read"
    )]
    UnusedLevel {
        /// Its number in the order of making, the input being 0.
        level: usize,
    },
    /// An activation nobody knows.
    #[error("there is no activation `{name}`; choose one of {known}")]
    NoSuchActivation {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// An option outside its range.
    #[error("{option} is {value}; it must be {range}")]
    OutOfRange {
        /// The option's name, with its owner, e.g. `AdamW's lr`.
        option: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// A slice of another length than the parameters.
    #[error(
        "the {what} have {found} entries where {expected} are expected; use the network they were made for"
    )]
    Length {
        /// `parameters`, `gradients`, ...
        what: &'static str,
        /// The length expected.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A state without one of its vectors.
    #[error(
        "the state has no vector `{name}`, which {optimiser} needs; resume with the optimiser that wrote it"
    )]
    NoSuchVector {
        /// The vector's name.
        name: &'static str,
        /// The optimiser's name.
        optimiser: &'static str,
    },
    /// The state of another optimiser.
    #[error("{optimiser} cannot step with a state of {found}; begin with the state that its `start` gives")]
    OtherOptimiser {
        /// The optimiser's name.
        optimiser: &'static str,
        /// The vectors of the state.
        found: String,
    },
    /// NaN or infinity in a gradient.
    #[error("entry {index} of the gradient is {value}; look for a bad input or lower the learning rate")]
    GradientNotFinite {
        /// Its position in the flat vector.
        index: usize,
        /// The offending value.
        value: f64,
    },
}

pub(crate) fn expect_length(what: &'static str, expected: usize, found: usize) -> Result<(), NnError> {
    if expected == found { Ok(()) } else { Err(NnError::Length { what, expected, found }) }
}

pub(crate) fn expect_range(
    option: &'static str,
    value: f64,
    inside: bool,
    range: &'static str,
) -> Result<(), NnError> {
    if inside { Ok(()) } else { Err(NnError::OutOfRange { option, value, range }) }
}
