#![doc = include_str!("../README.md")]

mod convert;
mod diffusion;
mod error;
mod halves;
mod memory;
mod methods;
mod noise;
mod normal;
mod path;
mod philox;
mod sde;
mod tree;

pub use convert::Corrected;
pub use diffusion::{
    Additive, AdditiveDiffusion, CommutativeDiffusion, Diagonal, Diffusion, General, Scalar,
    UncoupledDiffusion, WithJvp,
};
pub use error::SdeError;
pub use halves::{Halves, HalvesMemory};
pub use memory::{OneStep, SdeMemory};
pub use methods::{
    EulerHeun, EulerMaruyama, Milstein, ReversibleHeun, ReversibleMemory, RungeKuttaMilstein, Sea, Shark,
    SlowRk, Spark, Sra1, Sriw1, StochasticHeun, StochasticMidpoint,
};
pub use noise::Noise;
pub use path::{BrownianPath, LevyPath};
pub use sde::{Calculus, Ito, Sde, Stratonovich};
pub use tree::{BrownianTree, Detail, Increments, SpaceTime, TreeCursor};
