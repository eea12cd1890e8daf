//! The interpolant of whichever method took the step.

use crate::Dense;

/// One step of a [`Switching`](crate::Switching).
#[derive(Clone, Debug, PartialEq)]
pub enum SwitchPiece<A, B> {
    /// Of the explicit method.
    Explicit(A),
    /// Of the implicit method.
    Implicit(B),
}

impl<Y, A: Dense<Y>, B: Dense<Y>> Dense<Y> for SwitchPiece<A, B> {
    fn at(&self, t: f64) -> Y {
        match self {
            Self::Explicit(piece) => piece.at(t),
            Self::Implicit(piece) => piece.at(t),
        }
    }
}
