//! The methods, one file each: its coefficients, its interpolant, its source.

mod bosh3;
mod dopri5;
mod euler;
mod heun;
mod midpoint;
mod rk4;
mod tsit5;

pub use bosh3::BOSH3;
pub use dopri5::DOPRI5;
pub use euler::EULER;
pub use heun::HEUN;
pub use midpoint::MIDPOINT;
pub use rk4::RK4;
pub use tsit5::TSIT5;

use crate::Tableau;

/// Every method of this crate, by order; [`Tableau::named`] finds one by its name.
pub const METHODS: &[Tableau] = &[EULER, MIDPOINT, HEUN, BOSH3, RK4, DOPRI5, TSIT5];
