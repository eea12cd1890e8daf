//! Distances between two populations.

mod energy;
mod gradient;
mod kernel;
mod mmd;
mod pairs;
mod wasserstein;

pub use energy::energy_distance;
pub use gradient::{CloudGradient, energy_distance_gradient, mmd_gradient, wasserstein_gradient};
pub use mmd::{Bandwidth, Mmd, mmd};
pub use wasserstein::{Order, Wasserstein, wasserstein};
