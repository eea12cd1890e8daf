//! Maps and paths made from plans.

mod energy;
mod entropic;
mod interpolation;

pub use energy::{field_energy, path_energy};
pub use entropic::EntropicMap;
pub use interpolation::{Interpolant, displacement, sample_displacement};
