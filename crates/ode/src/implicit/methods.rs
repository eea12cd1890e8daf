//! The diagonally implicit methods, one file each.

mod euler;
mod kvaerno5;
mod midpoint;
mod rodas4;
mod rodas5p;
mod trapezoid;

pub use euler::IMPLICIT_EULER;
pub use kvaerno5::KVAERNO5;
pub use midpoint::IMPLICIT_MIDPOINT;
pub use rodas4::RODAS4;
pub use rodas5p::RODAS5P;
pub use trapezoid::TRAPEZOID;
