#![doc = include_str!("../README.md")]

mod assignment;
mod batch;
mod cost;
mod coupling;
mod distance;
mod error;
mod geometry;
mod graph;
#[cfg(doctest)]
mod guide;
mod kernel;
mod line;
mod memory;
mod permutation;
mod problem;
mod simplex;
mod sinkhorn;
mod sparse;
mod stop;

pub use assignment::{Assignment, AssignmentPlan};
pub use batch::{assign_all, assign_all_points, solve_all};
pub use cost::{Cosine, CostFunction, Euclidean, Lp, LpPower, NegativeDot, SquaredEuclidean};
pub use coupling::{Certificate, Composed, Coupling, DensePlan, Keep, SparseCoupling};
pub use distance::{Bandwidth, Mmd, Order, Wasserstein, energy_distance, mmd, wasserstein};
pub use error::OtError;
pub use geometry::{Affinity, Geometry, Graph, Grid, HeatKernel, Laplacian, PointCloud, Scaled, Unit};
pub use graph::{Moves, SparseCosts};
pub use kernel::{Kernel, KernelPlan, KernelSinkhorn};
pub use line::{Circle, Line};
pub use memory::{Estimate, Memory, Storage, Work};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::{AtCap, NetworkSimplex};
pub use sinkhorn::{Acceleration, EntropicPlan, EpsilonScaling, Form, Sinkhorn};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
