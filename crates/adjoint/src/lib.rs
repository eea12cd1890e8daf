#![doc = include_str!("../README.md")]

mod adjoint;
mod backsolve;
mod backwards;
mod binomial;
mod discrete;
mod error;
mod gauss;
mod gradient;
mod interpolating;
mod outputs;
mod pull;
mod pull_stages;
mod quadrature;
mod record;
mod recorder;
mod retracing;
mod stages;
mod sweep;

pub use adjoint::Adjoint;
pub use backsolve::{Augmented, Backsolve, BacksolveTape};
pub use binomial::{advances, binomial};
pub use discrete::{Discrete, DiscreteTape, Times};
pub use error::AdjointError;
pub use gradient::{Gradient, WithGradient, gradient};
pub use interpolating::{Interpolating, SolutionTape};
pub use quadrature::Quadrature;
pub use retracing::{Retraced, RetracedStep, Retracing, RetracingTape, Way};
