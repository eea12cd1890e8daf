//! The methods, one file each: its coefficients, its interpolant, its source.

mod bosh3;
mod cash_karp;
mod dopri5;
mod dopri8;
mod euler;
mod fehlberg2;
mod fehlberg5;
mod heun;
mod heun3;
mod midpoint;
mod ralston;
mod rk4;
mod ssprk3;
mod three_eighths;
mod tsit5;
mod verner6;
mod verner7;
mod verner8;
mod verner9;

pub use bosh3::BOSH3;
pub use cash_karp::CASH_KARP;
pub use dopri5::DOPRI5;
pub use dopri8::DOPRI8;
pub use euler::EULER;
pub use fehlberg2::FEHLBERG2;
pub use fehlberg5::FEHLBERG5;
pub use heun::HEUN;
pub use heun3::HEUN3;
pub use midpoint::MIDPOINT;
pub use ralston::RALSTON;
pub use rk4::RK4;
pub use ssprk3::SSPRK3;
pub use three_eighths::THREE_EIGHTHS;
pub use tsit5::TSIT5;
pub use verner6::VERNER6;
pub use verner7::VERNER7;
pub use verner8::VERNER8;
pub use verner9::VERNER9;

use crate::Tableau;

/// Every method of this crate, by order; [`Tableau::named`] finds one by its name.
pub const METHODS: &[Tableau] = &[
    EULER,
    MIDPOINT,
    HEUN,
    RALSTON,
    FEHLBERG2,
    HEUN3,
    SSPRK3,
    BOSH3,
    RK4,
    THREE_EIGHTHS,
    FEHLBERG5,
    CASH_KARP,
    DOPRI5,
    TSIT5,
    VERNER6,
    VERNER7,
    DOPRI8,
    VERNER8,
    VERNER9,
];
