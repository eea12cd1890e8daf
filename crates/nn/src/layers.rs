//! Layers of graphs.

mod dense;
mod gradient;
mod packed;

pub use dense::{Bias, Dense};
