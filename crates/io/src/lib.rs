#![doc = include_str!("../README.md")]

mod anndata;
mod column;
mod error;
mod file;
mod h5ad;
mod hdf5;
mod populations;
mod sparse;

pub use anndata::{AnnData, Annotation, Uns};
pub use column::{Categories, CategoryOrder, Column, Frame};
pub use error::IoError;
pub use file::{DataHash, data_hash, write_atomically};
pub use h5ad::{
    Additions, ColumnInfo, ColumnKind, ElementInfo, ElementKind, H5ad, LeftOut, Loaded, Summary, write_h5ad,
};
pub use hdf5::Dtype;
pub use populations::{Columns, TimeSeries, column_names, read_populations};
pub use sparse::{Csc, Csr, Matrix, SparseProblem};
