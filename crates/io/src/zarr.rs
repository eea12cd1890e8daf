//! Zarr stores of versions 2 and 3 in a folder: the part of the format that AnnData uses.
//!
//! Below the AnnData layer a store looks as an HDF5 file does: groups, attributes, arrays by rows. Codecs: gzip, zlib,
//! zstd, blosc, lz4, crc32c, shards, texts of variable length. Nothing but `serde_json` is needed for it.

mod array;
mod chunk;
mod codecs;
mod read;
mod write;

pub(crate) use array::Element;
pub(crate) use chunk::ZarrChunks;
pub(crate) use read::{Store, is_store};
pub use write::{ZarrVersion, write_zarr};
