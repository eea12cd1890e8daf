#![doc = include_str!("../README.md")]

mod adjoint;
mod binomial;
mod discrete;
mod error;
mod gradient;
mod outputs;
mod pull;
mod record;
mod recorder;
mod stages;
mod sweep;

pub use adjoint::Adjoint;
pub use binomial::{advances, binomial};
pub use discrete::{Discrete, DiscreteTape, Times};
pub use error::AdjointError;
pub use gradient::{Gradient, WithGradient, gradient};
