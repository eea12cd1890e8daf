#![doc = include_str!("../README.md")]

mod cde;
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
mod structure;
mod tableau;

pub use cde::{
    Branch, Cde, CdeError, ControlPath, ControlledField, DataPath, DataPaths, Observations, PathError,
    PinnedCde,
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
pub use structure::{
    AsynchronousLeapfrog, BLANES_MOAN4, BLANES_MOAN6, Cubic, FOREST_RUTH, LeapfrogMemory, LeapfrogMidpoint,
    Paired, PairedMemory, PairedPiece, RUTH3, Reversible, ReversibleHeun, ReversibleHeunMemory,
    ReversiblePiece, ReversibleRk, ReversibleRkMemory, SPLITTINGS, SYMPLECTIC_EULER, SecondOrder, Separable,
    Split, Splitting, SplittingError, Symplectic, SymplecticMemory, SymplecticPiece, VERLET,
};
pub use tableau::{Coefficients, Embedded, Interpolant, Tableau, TableauError};
