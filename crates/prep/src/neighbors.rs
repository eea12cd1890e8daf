//! Nearest neighbours and the graphs made of them.

mod exact;
mod fuzzy;
mod gaussian;
mod graph;

pub use exact::nearest;
pub use fuzzy::fuzzy_connectivities;
pub use gaussian::gaussian_connectivities;
pub use graph::Nearest;
pub(crate) use graph::components;
