//! Controlled differential equations dz = f(t, z) dX, driven by data.

mod batch;
mod equation;
mod error;
mod observations;
mod path;
mod piece_by_piece;
mod spline;

pub use batch::DataPaths;
pub use equation::{Branch, Cde, ControlPath, ControlledField, PinnedCde};
pub use error::{CdeError, PathError};
pub use observations::Observations;
pub use path::DataPath;
