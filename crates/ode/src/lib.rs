#![doc = include_str!("../README.md")]

mod adams;
mod chord;
mod combine;
mod control;
mod error;
mod explicit;
mod first_step;
mod methods;
mod piece;
mod report;
mod save;
mod solve;
mod stepper;
mod tableau;

pub use adams::{Adams, AdamsMemory, AdamsPiece};
pub use chord::Chord;
pub use control::{Fixed, FixedMemory, Pi, PiMemory, StepControl, Trial, Verdict};
pub use error::{SolveError, StepError};
pub use explicit::{ExplicitRk, RkMemory};
pub use first_step::first_step;
pub use methods::{
    BOSH3, CASH_KARP, DOPRI5, DOPRI8, EULER, FEHLBERG2, FEHLBERG5, HEUN, HEUN3, METHODS, MIDPOINT, RALSTON,
    RK4, SSPRK3, THREE_EIGHTHS, TSIT5, VERNER6, VERNER7, VERNER8, VERNER9,
};
pub use piece::Piece;
pub use report::{End, Report, Span, Stats};
pub use save::{At, Every, Last, Save, Segment, Trajectory};
pub use solve::Solve;
pub use stepper::{About, Dense, Stepper};
pub use tableau::{Coefficients, Embedded, Extra, Interpolant, Tableau, TableauError};
