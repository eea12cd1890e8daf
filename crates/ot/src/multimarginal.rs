//! Entropic transport between more than two measures.

mod tensor;
mod tree;

pub use tensor::{MultiMarginal, TensorPlan};
pub use tree::{TreePlan, TreeTransport};
