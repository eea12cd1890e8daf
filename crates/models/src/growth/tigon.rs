//! TIGON: velocity and growth by dynamic unbalanced transport, with the densities of the snapshots to meet.

mod batches;
mod config;
mod field;
mod loss;

pub use batches::TigonBatch;
pub use config::{Tigon, TigonConfig};
pub use loss::DensityMatching;
