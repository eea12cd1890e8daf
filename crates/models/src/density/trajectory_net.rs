//! TrajectoryNet: one normalising flow through all snapshots, kept economical.

mod batches;
mod config;
mod objective;

pub use batches::TrajectoryBatch;
pub use config::{Descendants, TrajectoryNet, TrajectoryNetConfig};
pub use objective::TrajectoryLikelihood;
