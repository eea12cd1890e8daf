#![doc = include_str!("../README.md")]

mod conditions;
mod laws;
mod problems;
mod slope;
mod stiff;
mod tree;

pub use conditions::{dense_residual, order_residual};
pub use laws::stepper_laws;
pub use problems::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, Solution,
};
pub use slope::measured_order;
pub use stiff::{
    E5, HIRES, Hires, OREGONATOR, Oregonator, POLLUTION, Pollution, Pyrolysis, ROBERTSON, Robertson,
    StiffProblem, VAN_DER_POL, VanDerPol,
};
pub use tree::{Tree, trees};
