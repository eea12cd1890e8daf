#![doc = include_str!("../README.md")]

mod activation;
mod adamw;
mod buffer;
mod clip;
mod config;
mod ema;
mod error;
mod field;
mod function;
mod graph;
mod kernel;
mod layer;
mod layers;
mod mlp;
mod rows;
mod schedule;

pub use activation::Activation;
pub use adamw::{AdamW, Moments};
pub use chreode_core::simd::Element;
pub use clip::clip_norm;
pub use config::MlpConfig;
pub use ema::{Ema, EmaStart};
pub use error::NnError;
pub use field::Field;
pub use function::Function;
pub use graph::{Graph, GraphBuilder, GraphMemory, Join, Level};
pub use layer::{Along, At, Cotangent, Duplicate, Layer};
pub use layers::{Bias, Dense};
pub use mlp::Mlp;
pub use rows::{Rows, RowsMut};
pub use schedule::Schedule;
