#![doc = include_str!("../README.md")]

mod assignment;
mod batch;
mod cost;
mod coupling;
mod distance;
mod error;
mod geometry;
#[cfg(doctest)]
mod guide;
mod kernel;
mod memory;
mod permutation;
mod problem;
mod simplex;
mod sinkhorn;
mod sparse;
mod stop;

pub use assignment::{Assignment, AssignmentPlan};
pub use batch::solve_all;
pub use cost::{Cosine, CostFunction, Euclidean, Lp, LpPower, NegativeDot, SquaredEuclidean};
pub use coupling::{Certificate, Composed, Coupling, DensePlan, Keep, SparseCoupling};
pub use distance::{Bandwidth, Mmd, Order, Wasserstein, energy_distance, mmd, wasserstein};
pub use error::OtError;
pub use geometry::{Affinity, Geometry, Graph, Grid, HeatKernel, Laplacian, PointCloud, Scaled, Unit};
pub use kernel::{Kernel, KernelPlan, KernelSinkhorn};
pub use memory::{Estimate, Memory, Storage, Work};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::NetworkSimplex;
pub use sinkhorn::{EntropicPlan, EpsilonScaling, Sinkhorn};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
