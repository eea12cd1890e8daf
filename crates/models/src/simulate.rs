//! Data with a known truth: a branching differentiation, and the planar sets of the literature.

mod bifurcation;
mod circuit;
mod course;
mod fate;
mod genes;
mod growth;
mod known;
mod measurement;
mod planar;
mod toggle;
mod truth;

pub use bifurcation::Bifurcation;
pub use circuit::Circuit;
pub use course::Course;
pub use growth::Growth;
pub use known::PlanarDensity;
pub use measurement::Measurement;
pub use planar::Planar;
pub use toggle::Toggle;
pub use truth::{Branch, Simulation, Truth};
