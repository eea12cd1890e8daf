//! Neural controlled differential equations: a hidden state driven by the path of what was measured.
//!
//! `z(t₀) = ζ(X(t₀)),   dz = F(z) dX`, with X through time and the measurements of an individual, and F a network that says a
//! matrix, one column a channel of X. A readout of z and of the time since forecasts the next measurement, another says the
//! label. Missing values are filled by those before them, so that nothing looks ahead (but the natural cubic spline).
//!
//! Between two measurements the equation is solved in the fraction of the way from one to the next, all individuals of a
//! batch together: the solution of such an equation does not depend on how fast its path is run through.
//!
//! Kidger, Morrill, Foster & Lyons, *Neural controlled differential equations for irregular time series*, NeurIPS 2020,
//! arXiv:2005.08926; Morrill et al. 2021, arXiv:2106.11028, for Hermite paths.

mod batch;
mod config;
mod control;
mod model;
mod objective;

pub use batch::ControlBatch;
pub use config::{CdeConfig, ControlKind};
pub use model::NeuralCde;
pub use objective::CdeObjective;
