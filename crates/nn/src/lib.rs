#![doc = include_str!("../README.md")]

mod activation;
mod adamw;
mod buffer;
mod clip;
mod conditioned;
mod config;
mod ema;
mod error;
mod field;
mod formula;
mod function;
mod graph;
#[cfg(doctest)]
mod guide;
mod kernel;
mod layer;
mod layers;
mod lion;
mod mlp;
mod optimiser;
mod recipes;
mod rows;
mod schedule;
mod sgd;
mod stack;

pub use activation::Activation;
pub use adamw::{AdamW, Moments};
pub use chreode_core::simd::Element;
pub use clip::{clip_norm, clip_value};
pub use conditioned::{Conditioned, Conditioning};
pub use config::{Connection, MlpConfig, Normalisation, Shortcut, TimeInput};
pub use ema::{Ema, EmaStart};
pub use error::NnError;
pub use field::{Field, Reads};
pub use formula::Formula;
pub use function::Function;
pub use graph::{Graph, GraphBuilder, GraphMemory, Join, Level, Step};
pub use layer::{Along, At, Cotangent, Duplicate, Layer};
pub use layers::{Bias, Columns, Dense, LayerNorm, Masked, Multipliers, Pointwise, TimeEmbedding};
pub use lion::Lion;
pub use mlp::Mlp;
pub use optimiser::{Optimiser, OptimiserState};
pub use rows::{Rows, RowsMut};
pub use schedule::Schedule;
pub use sgd::{Momentum, Sgd, Velocity};
