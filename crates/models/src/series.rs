//! Models of individuals measured at irregular times.

mod data;
mod epochs;
mod error;
mod forecaster;
mod latent;
mod modules;
mod score;
mod split;
mod walk;

pub use data::{Individual, Series};
pub use error::SeriesError;
pub use forecaster::{Forecaster, Predicted};
pub use latent::{
    Arrivals, Generation, LatentBatch, LatentConfig, LatentObjective, LatentSeries, Recognition,
};
pub use score::{SeriesScore, area_under_curve};
