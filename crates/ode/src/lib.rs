#![doc = include_str!("../README.md")]

mod adams;
#[cfg(feature = "batch")]
mod batch;
mod cde;
mod chord;
mod combine;
mod control;
mod drive;
mod error;
mod event;
mod explicit;
mod extra;
mod first_step;
#[cfg(doctest)]
mod guide;
mod implicit;
mod jacobian;
mod linear;
mod methods;
mod piece;
mod report;
mod save;
mod slope;
mod solve;
mod steady;
mod stepper;
#[cfg(feature = "serde")]
mod stored;
mod structure;
mod switching;
mod tableau;

pub use adams::{Adams, AdamsMemory, AdamsPiece};
#[cfg(feature = "batch")]
pub use batch::{
    Batch, BatchError, BatchSolve, Crossing, Hit, Lane, LaneField, NetworkRows, PerRow, RowEnd, RowEvent,
    RowSteps, Rows, RowsField, Steps, Then,
};
pub use cde::{
    Branch, Cde, CdeError, ControlPath, ControlledField, DataPath, DataPaths, Observations, PathError,
    PinnedCde,
};
pub use chord::Chord;
#[cfg(feature = "batch")]
pub use chreode_core::simd::Element;
pub use control::{
    Arrival, Below, Filter, Fixed, FixedMemory, Jumps, Landing, Limits, MinStep, MinStepMemory, Pi, PiMemory,
    Pid, PidMemory, Predictive, PredictiveMemory, StepControl, StopsMemory, Trial, Verdict,
};
pub use drive::{Driver, Step};
pub use error::{SolveError, StepError};
pub use event::{Action, Direction, Event, Events, Halt, Logged, Occurrence, When};
pub use explicit::{ExplicitRk, RkMemory};
pub use first_step::first_step;
pub use implicit::{
    Bdf, BdfMemory, BdfPiece, Converged, Dirk, DirkMemory, DirkPiece, ESDIRK32, ESDIRK43, ESDIRK54,
    IMPLICIT_EULER, IMPLICIT_MIDPOINT, Imex, ImexMemory, ImexTableau, ImplicitCoefficients, ImplicitTableau,
    KENCARP3, KENCARP4, KENCARP5, KVAERNO3, KVAERNO4, KVAERNO5, Linearised, Newton, NewtonMemory, RODAS4,
    RODAS5P, Radau, RadauMemory, RadauPiece, Rosenbrock, RosenbrockCoefficients, RosenbrockMemory,
    RosenbrockPiece, Split, Stage, TRAPEZOID, TRBDF2,
};
pub use jacobian::{
    Autonomous, DifferenceWorkspace, Dual, Formula, Forward, ForwardWorkspace, Jacobian, Known, Scalar,
    WithJacobian, WithMass, WithStructure,
};
pub use linear::{Factor, Matrix, Number, Pattern, PatternError, Singular, Structure};
pub use methods::{
    BOSH3, CASH_KARP, DOPRI5, DOPRI8, EULER, FEHLBERG2, FEHLBERG5, HEUN, HEUN3, METHODS, MIDPOINT, RALSTON,
    RK4, SSPRK3, THREE_EIGHTHS, TSIT5, VERNER6, VERNER7, VERNER8, VERNER9,
};
pub use piece::Piece;
pub use report::{End, Report, Span, Stats, Work};
pub use save::{At, Every, Last, Map, Observe, Progress, Save, Segment, Stream, Trajectory};
pub use slope::DenseSlope;
pub use solve::Solve;
pub use steady::SteadyState;
pub use stepper::{About, BadStage, Dense, Stepper};
pub use structure::{
    AsynchronousLeapfrog, BLANES_MOAN4, BLANES_MOAN6, Cubic, FOREST_RUTH, LeapfrogMemory, LeapfrogMidpoint,
    Paired, PairedMemory, PairedPiece, RUTH3, Reversible, ReversibleHeun, ReversibleHeunMemory,
    ReversiblePiece, ReversibleRk, ReversibleRkMemory, SPLITTINGS, SYMPLECTIC_EULER, SecondOrder, Separable,
    Separated, Splitting, SplittingError, Symplectic, SymplecticMemory, SymplecticPiece, VERLET,
};
pub use switching::{SwitchPiece, Switching, SwitchingMemory};
pub use tableau::{Coefficients, Embedded, Extra, Interpolant, Tableau, TableauError};
