//! The one place that knows the HDF5 library.
//!
//! Everything above this module sees groups, datasets and attributes as plain Rust values, so the
//! library can be exchanged here alone. Two promises are kept at this border: a declared size is held
//! against the stored bytes before memory is asked for, and no panic of the library gets through.

mod dtype;
mod reader;
mod records;
mod tree;

pub use dtype::Dtype;
pub(crate) use reader::{Container, NodeKind};
pub(crate) use records::{Field, FieldValues};
pub(crate) use tree::{Attribute, Data, Dataset, Group, Node, copy, write};
