#![doc = include_str!("../README.md")]

mod assignment;
mod cost;
mod coupling;
mod error;
mod geometry;
mod permutation;
mod problem;
mod simplex;
mod sparse;

pub use assignment::{Assignment, AssignmentPlan};
pub use cost::{CostFunction, Euclidean, SquaredEuclidean};
pub use coupling::{Certificate, Coupling};
pub use error::OtError;
pub use geometry::{Geometry, PointCloud};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::NetworkSimplex;
pub use sparse::{Entry, SparsePlan};
