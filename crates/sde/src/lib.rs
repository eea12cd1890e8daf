#![doc = include_str!("../README.md")]

mod error;
mod noise;
mod normal;
mod path;
mod philox;
mod tree;

pub use error::SdeError;
pub use noise::Noise;
pub use path::{BrownianPath, LevyPath};
pub use tree::{BrownianTree, Detail, Increments, SpaceTime, TreeCursor};
