//! Latent ODEs, and their recurrent kin.
//!
//! An individual is a path z(t) from a random start z₀, seen through a linear map and Gaussian noise where and when
//! something was measured:
//!
//! `z₀ ~ N(0, 1),   dz/dt = f(z),   xᵢⱼ ~ N((W z(tᵢ) + b)ⱼ, σ²)`
//!
//! A recognition network reads the measurements from the last to the first and says q(z₀ | x); both are trained on the
//! evidence lower bound. Rubanova, Chen & Duvenaud, *Latent ODEs for irregularly-sampled time series*, NeurIPS 2019,
//! arXiv:1907.03907, algorithms 1 and 2 and section 3; Chen et al., NeurIPS 2018, arXiv:1806.07366, for the recurrent
//! recognition. Each individual is recognised at its own times, so that its result does not depend on the others of its
//! batch; the paths of a batch are solved together on the union of their times.

mod batch;
mod config;
mod model;
mod nets;
mod objective;
mod path;

pub use batch::LatentBatch;
pub(crate) use batch::measured;
pub use config::{Arrivals, Generation, LatentConfig, Learns, PriorShare, Recognition};
pub use model::LatentSeries;
pub use objective::LatentObjective;
pub(crate) use objective::{cross_entropy, walk_gradient};
