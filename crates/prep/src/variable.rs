//! Highly variable genes.

mod batches;
mod dispersion;
mod loess;
mod pearson;
mod rank;
mod vst;

pub use dispersion::{Binning, Dispersions, Selection, dispersions};
pub use loess::Loess;
pub use pearson::{ResidualClip, ResidualVariances, residual_variances};
pub use rank::BatchOrder;
pub use vst::{StandardizedVariances, standardized_variances};
