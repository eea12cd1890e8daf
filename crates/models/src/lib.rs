#![doc = include_str!("../README.md")]

mod error;
mod simulate;

pub use error::ModelError;
pub use simulate::{Bifurcation, Branch, Circuit, Growth, Measurement, Planar, Simulation, Toggle, Truth};
