#![doc = include_str!("../README.md")]

mod anndata;
mod codec;
mod column;
mod doctor;
mod error;
mod file;
mod formats;
mod h5ad;
mod hdf5;
mod memory;
mod populations;
mod sparse;
mod zarr;

pub use anndata::{AnnData, Annotation, Raw, Uns};
pub use column::{Categories, CategoryOrder, Column, Frame};
pub use doctor::{Finding, Severity, diagnose};
pub use error::IoError;
pub use file::{DataHash, data_hash, write_atomically};
pub use formats::{Format, convert, read, read_bytes};
pub use h5ad::{
    Additions, BackedMatrix, Batch, Batches, ColumnInfo, ColumnKind, ElementInfo, ElementKind, H5ad, Join,
    LeftOut, Loaded, RowSink, Subset, Summary, concatenate, shuffled, write_h5ad, write_h5ad_as, write_rows,
};
pub use hdf5::{Compression, Dtype};
pub use populations::{Columns, TimeSeries, column_names, read_populations};
pub use sparse::{Csc, Csr, Matrix, SparseProblem};
pub use zarr::{ZarrVersion, write_zarr};
