#![doc = include_str!("../README.md")]

mod conditions;
mod laws;
mod problems;
mod slope;
mod tree;

pub use conditions::{dense_residual, order_residual};
pub use laws::stepper_laws;
pub use problems::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, Solution,
};
pub use slope::measured_order;
pub use tree::{Tree, trees};
