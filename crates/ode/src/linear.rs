//! The linear algebra of implicit methods: matrices with a structure, and their LU factors.

mod banded;
mod dense;
mod factor;
mod matrix;
mod number;
mod order;
mod sparse;
mod structure;

pub use factor::{Factor, Singular};
pub use matrix::Matrix;
pub use number::Number;
pub use structure::{Pattern, PatternError, Structure};
