#![doc = include_str!("../README.md")]

mod callback;
mod checkpoint;
mod convert;
mod device;
mod error;
mod ffi;
mod field;
mod found;
mod group;
#[cfg(doctest)]
mod guide;
mod module;
mod network;
mod placement;
mod potential;
mod shared;
mod state;
mod tape_adjoint;
mod tape_solve;

pub use checkpoint::{read_safetensors, to_safetensors};
pub use convert::{array, tensor};
pub use device::{DeviceBatch, DeviceSolve};
pub use error::TorchError;
pub use field::{Recorded, TensorField};
pub use found::{CudaFound, Found, found};
pub use group::Group;
pub use module::{ModuleMemory, ModuleNetwork};
pub use network::network;
pub use placement::device;
pub use potential::potential;
pub use shared::SharedNetwork;
pub use state::TorchState;
pub use tape_adjoint::{Second, TapeAdjoint};
pub use tape_solve::TapeSolve;
