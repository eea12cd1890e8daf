//! Models that follow an individual forwards in time: at each measurement a forecast, and then an update.
//!
//! Between measurements a hidden state h flows, at each it jumps, and a readout says what is expected:
//!
//! * **ODE-RNN** (Rubanova, Chen & Duvenaud 2019, arXiv:1907.03907, algorithm 1): dh/dt = f(h), a GRU cell at measurements,
//!   a forecast of fixed noise.
//! * **RNN** with gaps: the same cell, told the time since the last measurement; nothing flows.
//! * **GRU-ODE-Bayes** (De Brouwer et al. 2019, arXiv:1905.12374): the GRU in continuous time between measurements,
//!   `dh/dt = (1 − z)(u − h)`; at measurements a GRU cell of what is measured, what was expected, how surely, and the error;
//!   the forecast has a deviation of its own. Its loss asks that the forecast after the jump be the Bayesian posterior.
//!
//! A forecast of time t has seen what was measured before t and nothing else.

mod batch;
mod bayes;
mod config;
mod model;
mod nets;
mod objective;

pub use batch::FilterBatch;
pub use config::{FilterConfig, Update};
pub use model::Filter;
pub use objective::FilterObjective;
