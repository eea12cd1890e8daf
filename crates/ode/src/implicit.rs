//! Implicit methods, and the parts they share.

mod bdf;
mod linearised;
mod newton;
mod radau;

pub use bdf::{Bdf, BdfMemory, BdfPiece};
pub use linearised::Linearised;
pub use newton::{Converged, Newton, NewtonMemory, Stage};
pub use radau::{Radau, RadauMemory, RadauPiece};
