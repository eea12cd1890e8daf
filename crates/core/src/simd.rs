//! Vector instructions, chosen at run time, under one name for `f32` and `f64`: what every fast kernel is written in.
//!
//! An operation is a [`pulp::WithSimd`], compiled for each instruction set and run by [`Machine::run`] on the widest
//! that the machine has. Numbers in vectors are [`Element`]s, and [`Vectors`] has their operations.

mod element;
mod elementary;
mod machine;

pub use element::{Element, LINE_BYTES, Vectors};
pub use elementary::{exp, exp_below, exp_m1_below, ln_1p, polynomial, power_of_two};
pub use machine::Machine;
