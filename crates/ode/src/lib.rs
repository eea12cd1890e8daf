#![doc = include_str!("../README.md")]

mod batch;
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

pub use batch::{
    Batch, BatchError, BatchSolve, Crossing, Entry, Hit, Lane, LaneField, NetworkRows, PerRow, RowEnd,
    RowEvent, Rows, RowsField, Steps, Then,
};
pub use chord::Chord;
pub use control::{Fixed, FixedMemory, Pi, PiMemory, StepControl, Trial, Verdict};
pub use error::{SolveError, StepError};
pub use explicit::{ExplicitRk, RkMemory};
pub use first_step::first_step;
pub use methods::{BOSH3, DOPRI5, EULER, HEUN, METHODS, MIDPOINT, RK4, TSIT5};
pub use piece::Piece;
pub use report::{End, Report, Span, Stats};
pub use save::{At, Every, Last, Save, Segment, Trajectory};
pub use solve::Solve;
pub use stepper::{About, Dense, Stepper};
pub use tableau::{Coefficients, Embedded, Interpolant, Tableau, TableauError};
