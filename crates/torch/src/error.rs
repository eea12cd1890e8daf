//! What can go wrong on libtorch.

use chreode_adjoint::AdjointError;
use chreode_ode::SolveError;
use thiserror::Error;

/// Why something on libtorch did not work.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TorchError {
    /// libtorch refused; its own words.
    #[error("libtorch could not {what}: {message}")]
    Torch {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        message: String,
    },
    /// A field or a module panicked, as tch's operations do when shapes do not fit.
    #[error("the field panicked: {message}")]
    Panic {
        /// What it said.
        message: String,
    },
    /// No gradient.
    #[error(transparent)]
    Adjoint(#[from] AdjointError),
    /// A tensor of another shape.
    #[error("{what} has shape {found:?} where {expected} is wanted")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// Its shape.
        found: Vec<i64>,
        /// What would do.
        expected: &'static str,
    },
    /// A tensor of numbers that are not floating-point, or of different kinds.
    #[error("{what} is of kind {found} where {expected} is wanted; convert it by to_kind")]
    Kind {
        /// Which tensor.
        what: &'static str,
        /// Its kind.
        found: String,
        /// What would do.
        expected: String,
    },
    /// Second derivatives that this adjoint does not have.
    #[error("this adjoint has no second derivatives; take Discrete for a solve that is differentiated twice")]
    FirstOrder,
    /// Second derivatives with respect to times.
    #[error(
        "second derivatives with respect to the times of a solve are not available; detach the times, or do \
         not ask for a graph of the gradient"
    )]
    TimesTwice,
    /// Gradients of times from an adjoint that was told to take them as constants.
    #[error(
        "the times of the solve want a gradient, and its adjoint takes them as constants; detach them, or let \
         the adjoint differentiate them"
    )]
    TimesConstant,
    /// A network of chreode-nn that has no counterpart on libtorch.
    #[error(
        "{what} is not built on libtorch; use the native network, or write the module and take ModuleNetwork"
    )]
    Unsupported {
        /// What was asked for.
        what: &'static str,
    },
    /// A device that is not there.
    #[error("there is no device {name}: {reason}")]
    Device {
        /// As it was named.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Third derivatives.
    #[error("third derivatives through a solve are not available; do not ask for a graph of the second ones")]
    ThirdOrder,
    /// A checkpoint that cannot be read, or does not fit.
    #[error("the checkpoint cannot be used: {reason}")]
    Checkpoint {
        /// What is wrong.
        reason: String,
    },
    /// A method without an error estimate, or settings that make no sense.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A variable of the environment that says nothing usable.
    #[error("the environment variable {name} {problem}; {example}")]
    Environment {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
        /// What would do.
        example: &'static str,
    },
    /// A variable without a gradient.
    #[error(
        "the variable at index {index}, of shape {shape:?}, has no gradient; let every process use every variable in \
         its loss, or leave this one out everywhere"
    )]
    NoGradient {
        /// Which one.
        index: usize,
        /// Its shape.
        shape: Vec<i64>,
    },
    /// A process of the group that is gone, late or elsewhere in the program.
    #[error(
        "rank {rank} of {world} could not {what}: {message}; another process has ended or does something else \
         (the wait is {seconds} s at most)"
    )]
    Group {
        /// This process.
        rank: usize,
        /// How many there are.
        world: usize,
        /// What was asked for.
        what: &'static str,
        /// What libtorch said.
        message: String,
        /// The longest wait, in seconds.
        seconds: u64,
    },
}

impl TorchError {
    /// An error of tch as one of ours, its first line only: the rest is a trace of C++.
    pub(crate) fn torch(what: &'static str, error: &impl std::fmt::Display) -> Self {
        Self::Torch { what, message: first_line(&error.to_string()) }
    }
}

/// The first line that says something.
pub(crate) fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given").to_string()
}
