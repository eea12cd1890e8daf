//! Populations whose mass changes: velocity and growth rate learnt together.

mod config;
mod flow;
mod mass;
mod matcher;
mod matching;
mod pairs;
mod path;
mod tigon;

pub use config::{Plans, Vgfm, VgfmConfig, WfrConfig, WfrFm};
pub use flow::GrowthFlow;
pub use mass::{Mass, MassRule};
pub use matcher::GrowthMatcher;
pub use matching::{GrowthBatch, VelocityGrowth};
pub use pairs::{Pair, PairPlan, SemiRelaxed, UnbalancedPlanner, WfrPlanner};
pub use path::{ExponentialPath, GrowthPath, WfrPath};
pub use tigon::{DensityMatching, Tigon, TigonBatch, TigonConfig};
