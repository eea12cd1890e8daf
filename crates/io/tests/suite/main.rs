//! Files: every test in one program, so that it links once.

mod anndata_reads;
mod common;
mod data;
mod elements;
mod exotic;
mod files;
mod mutation;
mod odd;
mod populations;
mod reprogramming;
mod roundtrip;
mod streaming;
