//! Implicit methods, and the parts they share.

mod linearised;
mod newton;

pub use linearised::Linearised;
pub use newton::{Converged, Newton, NewtonMemory, Stage};
