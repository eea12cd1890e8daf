#![doc = include_str!("../README.md")]

mod counts;
mod diffusion;
mod error;
mod filter;
mod fold;
mod krylov;
mod moments;
mod neighbors;
mod normalize;
mod pca;
mod pearson;
mod quality;
mod recipe;
mod rows;
mod scale;
mod select;
mod standardizer;
mod tiles;
mod variable;
mod velocity;

pub use counts::check_counts;
pub use diffusion::{Density, DiffusionMap};
pub use error::PrepError;
pub use filter::{CellFilter, GeneFilter};
pub use moments::{GeneMoments, Values};
pub use neighbors::{
    Hnsw, Nearest, NeighborSearch, fuzzy_connectivities, gaussian_connectivities, nearest, nearest_by,
};
pub use normalize::{Exclusion, LibrarySizes, Logarithm, Normalized, TargetSum};
pub use pca::{Pca, PearsonResiduals, Solver};
pub use quality::{CellQuality, GeneQuality, genes_with_prefix};
pub use recipe::{VelocityCounts, VelocityFilter, filter_and_normalize};
pub use rows::{Block, Rows, SparseRows};
pub use scale::{Centre, Scaled};
pub use select::Select;
pub use standardizer::Standardizer;
pub use variable::{
    BatchOrder, Binning, Dispersions, Loess, ResidualClip, ResidualVariances, Selection,
    StandardizedVariances, dispersions, residual_variances, standardized_variances,
};
pub use velocity::{Moments, shared_counts};
