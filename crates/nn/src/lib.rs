#![doc = include_str!("../README.md")]

mod activation;
mod adamw;
mod buffer;
mod clip;
mod config;
mod ema;
mod error;
mod kernel;
mod layer;
mod memory;
mod mlp;
mod schedule;

pub use activation::Activation;
pub use adamw::{AdamW, Moments};
pub use chreode_core::simd::Element;
pub use clip::clip_norm;
pub use config::MlpConfig;
pub use ema::{Ema, EmaStart};
pub use error::NnError;
pub use memory::MlpMemory;
pub use mlp::Mlp;
pub use schedule::Schedule;
