//! The published evaluation: leave one time out, exact distances, honest baselines.

mod baselines;
mod distances;
mod energy;
mod fold;
mod growing;
mod interpolate;
mod pairs;
mod protocol;
mod scores;

pub use baselines::Baselines;
pub use distances::{Bootstrap, Distances};
pub use energy::{EulerPath, PairScore, PathEnergy, normalised_path_energy, push_forward, score_pair};
pub use fold::{Fold, Forecast};
pub use growing::{GrowthScore, score_growth};
pub use interpolate::{displacement, halves};
pub use protocol::{HeldOut, Protocol};
pub use scores::{Score, Scores, Statistic, Summary};
