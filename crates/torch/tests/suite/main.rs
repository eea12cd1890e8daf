//! Everything on libtorch: every test in one program, so that it links once.

mod checkpoint;
mod common;
mod cuda;
mod device;
mod field;
mod group;
mod module;
mod network;
mod state;
mod tape;
mod twice;
