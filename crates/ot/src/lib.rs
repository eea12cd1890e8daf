#![doc = include_str!("../README.md")]

mod assignment;
mod batch;
mod cost;
mod coupling;
mod distance;
mod error;
mod geometry;
mod graph;
mod line;
mod permutation;
mod problem;
mod simplex;
mod sinkhorn;
mod sparse;
mod stop;

pub use assignment::{Assignment, AssignmentPlan};
pub use batch::{assign_all, assign_all_points, solve_all};
pub use cost::{CostFunction, Euclidean, SquaredEuclidean};
pub use coupling::{Certificate, Coupling};
pub use distance::{Bandwidth, Mmd, Order, Wasserstein, energy_distance, mmd, wasserstein};
pub use error::OtError;
pub use geometry::{Geometry, PointCloud};
pub use graph::{Moves, SparseCosts};
pub use line::{Circle, Line};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::{AtCap, NetworkSimplex};
pub use sinkhorn::{Acceleration, EntropicPlan, EpsilonScaling, Form, Sinkhorn};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
