//! Continuous normalising flows: densities by the change of variables along a flow.

mod base;
mod batches;
mod config;
mod field;
mod flow;
mod likelihood;
mod ot_flow;
mod trajectory_net;

pub use base::{Base, BaseDensity};
pub use batches::{DensityBatch, LikelihoodBatch, Probe};
pub use config::{Cnf, CnfConfig};
pub(crate) use field::unit_vectors;
pub use flow::DensityFlow;
pub use likelihood::Likelihood;
pub use ot_flow::{OtFlow, OtFlowConfig};
pub use trajectory_net::{
    Descendants, TrajectoryBatch, TrajectoryLikelihood, TrajectoryNet, TrajectoryNetConfig,
};
