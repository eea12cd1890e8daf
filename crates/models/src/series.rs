//! Models of individuals measured at irregular times.

mod controlled;
mod data;
mod epochs;
mod error;
mod filter;
mod forecaster;
mod latent;
mod modules;
mod neural;
mod picks;
mod score;
mod split;
mod walk;

pub use controlled::{CdeConfig, CdeObjective, ControlBatch, ControlKind, NeuralCde};
pub use data::{Individual, Series};
pub use error::SeriesError;
pub use filter::{Filter, FilterBatch, FilterConfig, FilterObjective, Update};
pub use forecaster::{Forecaster, Predicted};
pub use latent::{
    Arrivals, Generation, LatentBatch, LatentConfig, LatentObjective, LatentSeries, Learns, PriorShare,
    Recognition,
};
pub use neural::{NeuralOde, NeuralOdeConfig, Order, PathBatch, PathObjective};
pub use score::{SeriesScore, area_under_curve};
