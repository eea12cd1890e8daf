#![doc = include_str!("../README.md")]

mod conditions;
mod laws;
mod problems;
mod sde;
mod slope;
mod tree;

pub use conditions::{dense_residual, order_residual};
pub use laws::stepper_laws;
pub use problems::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, Solution,
};
pub use sde::{
    ARCTAN, ARSINH, ARSINH_STRATONOVICH, Convergence, DAMPED, GEOMETRIC, GEOMETRIC_STRATONOVICH, SdeProblem,
    Slope, convergence, sde_convergence,
};
pub use slope::measured_order;
pub use tree::{Tree, trees};
