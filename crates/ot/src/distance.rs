//! Distances between two populations.

mod energy;
mod mmd;
mod pairs;
mod wasserstein;

pub use energy::energy_distance;
pub use mmd::{Bandwidth, Mmd, mmd};
pub use wasserstein::{Order, Wasserstein, wasserstein};
