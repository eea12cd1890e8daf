//! Populations whose mass changes: velocity and growth rate learnt together.

mod cache;
mod flow;
mod mass;
mod matcher;
mod matching;
mod pairs;
mod path;
mod tigon;
mod vgfm;
mod wfr;

pub use cache::PlanCache;
pub use flow::GrowthFlow;
pub use mass::{Mass, MassRule};
pub use matcher::{GrowthMatcher, Plans};
pub use matching::{GrowthBatch, VelocityGrowth};
pub use pairs::{Pair, PairPlan, SemiRelaxed, UnbalancedPlanner, WfrPlanner};
pub use path::{ExponentialPath, GrowthPath, WfrPath};
pub use tigon::{DensityMatching, Tigon, TigonBatch, TigonConfig};
pub use vgfm::{Vgfm, VgfmConfig};
pub use wfr::{WfrConfig, WfrFm};
