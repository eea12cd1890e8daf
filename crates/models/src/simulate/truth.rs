//! What a simulation knows and a measurement does not.

use super::Circuit;
use chreode_core::Populations;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// Where a cell is bound, by its fate probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// The first fate with probability 0.95 or more.
    First,
    /// The second fate with probability 0.95 or more.
    Second,
    /// Neither.
    Undecided,
}

impl Branch {
    /// The branch of a cell that ends in the first fate with probability `p`.
    pub fn from_probability(p: f32) -> Self {
        if p >= 0.95 {
            Self::First
        } else if p <= 0.05 {
            Self::Second
        } else {
            Self::Undecided
        }
    }
}

/// The truth on one snapshot, row by row as in its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The snapshot's time.
    pub time: f64,
    /// Concentrations, one cell a row.
    pub states: Array2<f64>,
    /// The drift of the circuit at these states, as a velocity of the noise-free measurement
    /// (the chain rule through its logarithm where there is one).
    pub drift: Array2<f64>,
    /// The probability that the cell's own line, without division or death, has its first master
    /// on top at the last time: the share of simulated futures.
    pub fate: Array1<f32>,
    /// The branch by [`fate`](Self::fate).
    pub branch: Vec<Branch>,
    /// Division rate minus death rate.
    pub growth: Array1<f64>,
    /// Living cells at this time, sampled or not.
    pub living: usize,
    /// Living cells per founder.
    pub mass: f64,
}

/// A simulated experiment: what is measured, and the truth behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The measured snapshots; features are named `M1`, `M2` (the masters), `G3`, `G4`, …
    pub populations: Populations,
    /// The truth on each snapshot, in the same order.
    pub truth: Vec<Truth>,
    /// The circuit the cells ran on.
    pub circuit: Circuit,
}
