//! The diagonally implicit methods, one file each.

mod euler;
mod kvaerno5;
mod midpoint;
mod trapezoid;

pub use euler::IMPLICIT_EULER;
pub use kvaerno5::KVAERNO5;
pub use midpoint::IMPLICIT_MIDPOINT;
pub use trapezoid::TRAPEZOID;
