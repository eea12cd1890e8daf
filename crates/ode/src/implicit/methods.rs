//! The implicit methods, one file each.

mod euler;
mod kencarp3;
mod kencarp4;
mod kencarp5;
mod kvaerno3;
mod kvaerno4;
mod kvaerno5;
mod midpoint;
mod rodas4;
mod rodas5p;
mod trapezoid;
mod trbdf2;

pub use euler::IMPLICIT_EULER;
pub use kencarp3::{ESDIRK32, KENCARP3};
pub use kencarp4::{ESDIRK43, KENCARP4};
pub use kencarp5::{ESDIRK54, KENCARP5};
pub use kvaerno3::KVAERNO3;
pub use kvaerno4::KVAERNO4;
pub use kvaerno5::KVAERNO5;
pub use midpoint::IMPLICIT_MIDPOINT;
pub use rodas4::RODAS4;
pub use rodas5p::RODAS5P;
pub use trapezoid::TRAPEZOID;
pub use trbdf2::TRBDF2;
