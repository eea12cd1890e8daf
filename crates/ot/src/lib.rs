#![doc = include_str!("../README.md")]

mod assignment;
mod barycenter;
mod batch;
mod cost;
mod coupling;
mod dense;
mod distance;
mod error;
mod geometry;
mod greenkhorn;
mod gromov;
mod low_rank;
mod multimarginal;
mod permutation;
mod problem;
mod simplex;
mod sinkhorn;
mod sparse;
mod stop;

pub use assignment::{Assignment, AssignmentPlan};
pub use barycenter::{
    Barycenter, DebiasedBarycenter, EntropicBarycenter, FreeBarycenter, FreeSupportBarycenter,
};
pub use batch::solve_all;
pub use cost::{CostFunction, Euclidean, SquaredEuclidean};
pub use coupling::{Certificate, Coupling};
pub use dense::DensePlan;
pub use distance::{Bandwidth, Mmd, Order, Wasserstein, energy_distance, mmd, wasserstein};
pub use error::OtError;
pub use geometry::{Geometry, PointCloud};
pub use greenkhorn::Greenkhorn;
pub use gromov::{
    EntropicGromovWasserstein, GromovLoss, GromovPlan, GromovStep, GromovTransport, GromovWasserstein,
    LowRankGromovWasserstein, SemiRelaxedGromovWasserstein, Structure, UnbalancedGromovWasserstein,
};
pub use low_rank::{FactoredCost, LowRankPlan, LowRankSinkhorn, LowRankStart};
pub use multimarginal::{MultiMarginal, TensorPlan, TreePlan, TreeTransport};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use simplex::NetworkSimplex;
pub use sinkhorn::{EntropicPlan, EpsilonScaling, Sinkhorn};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
