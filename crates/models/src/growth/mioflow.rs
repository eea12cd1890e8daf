//! MIOFlow: populations carried to populations, in coordinates whose distances are geodesic.

mod batches;
mod config;
mod distances;
mod flow;
mod objective;

pub use batches::MioBatch;
pub use config::{MioFlow, MioFlowConfig};
pub use distances::Geodesic;
pub use flow::LatentFlow;
pub use objective::ManifoldFitting;
