//! The published evaluation: leave one time out, exact distances, honest baselines.

mod baselines;
mod coupling;
mod distances;
mod energy;
mod fold;
mod growing;
mod interpolate;
mod pairs;
mod protocol;
mod scores;
mod straightness;

pub use baselines::Baselines;
pub use coupling::CouplingBias;
pub use distances::{Bootstrap, Distances, exact_w1};
pub use energy::{EulerPath, PairScore, PathEnergy, normalised_path_energy, push_forward, score_pair};
pub use fold::{Fold, Forecast};
pub use growing::{GrowthScore, score_growth};
pub use interpolate::{displacement, halves};
pub use protocol::{HeldOut, Protocol};
pub use scores::{Score, Scores, Statistic, Summary};
pub use straightness::Straightness;
