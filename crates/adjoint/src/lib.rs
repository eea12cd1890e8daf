#![doc = include_str!("../README.md")]

mod adjoint;
mod backsolve;
mod backwards;
mod binomial;
mod discrete;
mod error;
mod gauss;
mod gmres;
mod gradient;
mod implicit;
mod integral;
mod interpolating;
mod outputs;
mod pull;
mod pull_stages;
mod quadrature;
mod record;
mod recorder;
mod retracing;
mod sensitivity;
mod stages;
mod sweep;
mod tangent;

pub use adjoint::Adjoint;
pub use backsolve::{Augmented, Backsolve, BacksolveTape};
pub use binomial::{advances, binomial};
pub use discrete::{Discrete, DiscreteTape, Times};
pub use error::AdjointError;
pub use gradient::{Gradient, WithGradient, gradient};
pub use implicit::Implicit;
pub use integral::{Integrand, WithEnergy, WithIntegral};
pub use interpolating::{Interpolating, SolutionTape};
pub use quadrature::Quadrature;
pub use retracing::{Retraced, RetracedStep, Retracing, RetracingTape, Way};
pub use sensitivity::{Direction, Sensitive, sensitivities};
pub use tangent::{ParameterJvp, Transposed};
