//! The one place that knows the HDF5 library.
//!
//! Everything above this module sees groups, datasets and attributes as plain Rust values, so the
//! library can be exchanged here alone. Two promises are kept at this border: a declared size is held
//! against the stored bytes before memory is asked for, and no panic of the library gets through.

mod dtype;
mod filters;
mod grid;
mod heap;
mod library;
mod place;
mod reader;
mod records;
mod rows;
mod scalar;
mod storage;
mod store;
mod tree;
mod values;
mod write;

pub use dtype::Dtype;
pub(crate) use grid::{Fault, Grid};
pub(crate) use reader::{Container, NodeKind};
pub(crate) use records::{Field, FieldValues};
pub(crate) use rows::Rows;
pub(crate) use scalar::{NO_INDEX, Number, Scalar, StoredNumber};
pub(crate) use tree::{Attribute, Data, Dataset, Group, Node, Stream, Writer, write};
pub use write::Compression;
pub(crate) use write::{Address, Shape, Sink, Stored};

/// The enumeration that h5py reads as `numpy.bool_`.
fn boolean() -> hdf5_pure::Datatype {
    hdf5_pure::EnumTypeBuilder::with_base(hdf5_pure::make_i8_type())
        .value("FALSE", 0)
        .value("TRUE", 1)
        .build()
        .expect("two names with a value each")
}
