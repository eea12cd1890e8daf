//! What is done to a matrix before a model sees it.

mod counts;
mod pca;
mod standardizer;

pub use counts::{TargetSum, log1p, normalize_total};
pub use pca::Pca;
pub use standardizer::Standardizer;
