#![doc = include_str!("../README.md")]

mod activation;
mod buffer;
mod config;
mod error;
mod kernel;
mod layer;
mod memory;
mod mlp;

pub use activation::Activation;
pub use config::MlpConfig;
pub use error::NnError;
pub use kernel::Lane;
pub use memory::MlpMemory;
pub use mlp::Mlp;
