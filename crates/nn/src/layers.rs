//! Layers of graphs.

mod columns;
mod dense;
mod gradient;
mod masked;
mod multipliers;
mod norm;
mod packed;
mod pointwise;
mod time;

pub use columns::Columns;
pub use dense::{Bias, Dense};
pub use masked::Masked;
pub use multipliers::Multipliers;
pub use norm::LayerNorm;
pub use pointwise::Pointwise;
pub use time::TimeEmbedding;
