#![doc = include_str!("../README.md")]

mod ivp;
mod nonstiff;
mod point;
mod pollution;
mod stiff;
mod timing;

pub use ivp::Ivp;
pub use nonstiff::{Arenstorf, Brusselator, LotkaVolterra, LotkaVolterraLong, RigidBody, TwoBody};
pub use point::{HEADER, Point};
pub use pollution::Pollution;
pub use stiff::{Hires, Rober, VanDerPol};
pub use timing::{Timing, time};
