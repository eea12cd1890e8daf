#![doc = include_str!("../README.md")]

mod coordinates;
mod error;
mod field;
mod kept;
mod network;
mod norm;
mod populations;
mod real;
#[cfg(feature = "simd")]
pub mod simd;
mod space;
mod stream;

pub use coordinates::Coordinates;
pub use error::CoreError;
pub use field::{FiniteDifference, Jvp, Pullback, VectorField, Vjp};
pub use kept::{Kept, Pulled};
pub use network::{DensityField, Network, NetworkField, NetworkJvp, ParameterView, Probes, TangentPullback};
pub use norm::{MaxNorm, Norm, PerEntry, ToleranceError};
pub use num_complex::Complex;
pub use populations::{Populations, Snapshot};
pub use real::Real;
pub use space::{Passenger, Tolerance, VectorSpace};
pub use stream::{Seed, Stream};
