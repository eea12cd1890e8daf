#![doc = include_str!("../README.md")]

mod conditions;
mod detest;
mod laws;
mod problems;
mod sde;
mod slope;
mod stiff;
mod transport;
mod tree;

pub use conditions::{dense_residual, order_residual};
pub use detest::{
    DETEST_A1, DETEST_A2, DETEST_A3, DETEST_A4, DETEST_A5, DETEST_B1, DETEST_B2, DETEST_B3, DETEST_B4,
    DETEST_B5, DETEST_C1, DETEST_C2, DETEST_C3, DETEST_C4, DETEST_D1, DETEST_D2, DETEST_D3, DETEST_D4,
    DETEST_D5, DETEST_E1, DETEST_E2, DETEST_E3, DETEST_E4, DETEST_E5, Visit, detest,
};
pub use laws::{history_laws, stepper_laws};
pub use problems::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, Solution,
};
pub use sde::{
    ARCTAN, ARSINH, ARSINH_STRATONOVICH, Convergence, DAMPED, GEOMETRIC, GEOMETRIC_STRATONOVICH, SdeProblem,
    Slope, convergence, sde_convergence,
};
pub use slope::measured_order;
pub use stiff::{
    E5, HIRES, Hires, OREGONATOR, Oregonator, POLLUTION, Pollution, Pyrolysis, ROBERTSON, Robertson,
    StiffProblem, VAN_DER_POL, VanDerPol,
};
pub use transport::{
    Masses, TransportCase, cost_laws, coupling_laws, exact_laws, geometry_laws, metric_laws, sampling_laws,
    solver_laws,
};
pub use tree::{Tree, trees};
