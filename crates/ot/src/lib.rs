#![doc = include_str!("../README.md")]

mod assignment;
mod batch;
mod cost;
mod coupling;
mod distance;
mod error;
mod geometry;
mod growth;
mod partial;
mod permutation;
mod problem;
mod simplex;
mod sinkhorn;
mod sparse;
mod stop;
mod unbalanced;
mod wfr;

pub use assignment::{Assignment, AssignmentPlan};
pub use batch::solve_all;
pub use cost::{CostFunction, Euclidean, SquaredEuclidean};
pub use coupling::{Certificate, Coupling};
pub use distance::{Bandwidth, Mmd, Order, Wasserstein, energy_distance, mmd, wasserstein};
pub use error::OtError;
pub use geometry::{Geometry, PointCloud};
pub use growth::{GrowthPlan, ScaledGeometry, WaddingtonOt, ancestors, descendants};
pub use partial::{PartialSimplex, PartialSinkhorn, PartialTransport};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::NetworkSimplex;
pub use sinkhorn::{EntropicPlan, EpsilonScaling, Sinkhorn};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
pub use unbalanced::{
    EntropicRelaxedPlan, Form, MajorizeMinimize, Marginal, Reference, RelaxedPlan, RelaxedSolver,
    RelaxedTransport, UnbalancedFrankWolfe, UnbalancedLbfgs, UnbalancedLine, UnbalancedSimplex,
    UnbalancedSinkhorn,
};
pub use wfr::{ConeCost, DiracGeodesic, DiracState, TravellingDirac, WassersteinFisherRao};
