//! Entropic transport between more than two measures.

mod graph;
mod plan;
mod tensor;
mod tree;

pub use plan::TreePlan;
pub use tensor::{MultiMarginal, TensorPlan};
pub use tree::TreeTransport;
