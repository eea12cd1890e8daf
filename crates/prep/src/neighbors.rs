//! Nearest neighbours and the graphs made of them.

#[cfg(feature = "hnsw")]
mod approximate;
mod exact;
mod fuzzy;
mod gaussian;
mod graph;
mod points;
mod search;

pub use exact::nearest;
pub use fuzzy::fuzzy_connectivities;
pub use gaussian::gaussian_connectivities;
pub use graph::Nearest;
pub(crate) use graph::components;
pub use search::{Hnsw, NeighborSearch, nearest_by};
