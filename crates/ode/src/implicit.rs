//! Implicit methods, and the parts they share.

mod bdf;
mod dirk;
mod guess;
mod linearised;
mod methods;
mod newton;
mod radau;
mod rosenbrock;
mod start;
mod tableau;

pub use bdf::{Bdf, BdfMemory, BdfPiece};
pub use dirk::{Dirk, DirkMemory, DirkPiece};
pub use linearised::Linearised;
pub use methods::{IMPLICIT_EULER, IMPLICIT_MIDPOINT, KVAERNO5, RODAS4, RODAS5P, TRAPEZOID};
pub use newton::{Converged, Newton, NewtonMemory, Stage};
pub use radau::{Radau, RadauMemory, RadauPiece};
pub use rosenbrock::{Rosenbrock, RosenbrockCoefficients, RosenbrockMemory, RosenbrockPiece};
pub use tableau::{ImplicitCoefficients, ImplicitTableau};
