//! Implicit methods, and the parts they share.

mod bdf;
mod dirk;
mod guess;
mod imex;
mod imex_tableau;
mod linearised;
mod methods;
mod newton;
mod policy;
mod radau;
mod rosenbrock;
mod start;
mod tableau;

pub use bdf::{Bdf, BdfMemory, BdfPiece};
pub use dirk::{Dirk, DirkMemory, DirkPiece};
pub use imex::{Imex, ImexMemory, Split};
pub use imex_tableau::ImexTableau;
pub use linearised::Linearised;
pub use methods::{
    ESDIRK32, ESDIRK43, ESDIRK54, IMPLICIT_EULER, IMPLICIT_MIDPOINT, KENCARP3, KENCARP4, KENCARP5, KVAERNO3,
    KVAERNO4, KVAERNO5, RODAS4, RODAS5P, TRAPEZOID, TRBDF2,
};
pub use newton::{Converged, Newton, NewtonMemory, Stage};
pub use radau::{Radau, RadauMemory, RadauPiece};
pub use rosenbrock::{Rosenbrock, RosenbrockCoefficients, RosenbrockMemory, RosenbrockPiece};
pub use tableau::{ImplicitCoefficients, ImplicitTableau};
