//! Populations whose mass changes: velocity and growth rate learnt together.

mod flow;
mod mass;
mod matcher;
mod matching;
mod meeting;
mod mioflow;
mod pairs;
mod path;
mod pushed;
mod tigon;
mod vgfm;
mod wfr;

pub use flow::GrowthFlow;
pub use mass::{Mass, MassRule};
pub use matcher::{GrowthMatcher, Plans};
pub(crate) use matching::regress;
pub use matching::{GrowthBatch, VelocityGrowth};
pub use mioflow::{Geodesic, LatentFlow, ManifoldFitting, MioBatch, MioFlow, MioFlowConfig};
pub use pairs::{Pair, PairPlan, SemiRelaxed, UnbalancedPlanner, WfrPlanner};
pub use path::{ExponentialPath, GrowthPath, WfrPath};
pub use tigon::{DensityMatching, Tigon, TigonBatch, TigonConfig};
pub use vgfm::{FitDistance, FittingBatch, VelocityGrowthFitting, Vgfm, VgfmConfig};
pub use wfr::{WfrConfig, WfrFm};
