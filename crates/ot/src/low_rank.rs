//! Transport with plans of low nonnegative rank.

mod cost;
mod dykstra;
mod mirror;
mod plan;
mod solver;
mod start;
mod sums;

pub use cost::FactoredCost;
pub use plan::LowRankPlan;
pub use solver::LowRankSinkhorn;
pub use start::LowRankStart;

pub(crate) use cost::squared_euclidean_factors;
pub(crate) use mirror::{Mirror, Slopes};
pub(crate) use plan::Factors;
pub(crate) use solver::check_settings;
