#![doc = include_str!("../README.md")]

mod error;
mod evaluate;
mod simulate;

pub use error::ModelError;
pub use evaluate::{
    Baselines, Bootstrap, Distances, EulerPath, Fold, Forecast, HeldOut, PairScore, PathEnergy, Protocol,
    Score, Scores, Statistic, Summary, displacement, halves, normalised_path_energy, push_forward,
    score_pair,
};
pub use simulate::{Bifurcation, Branch, Circuit, Growth, Measurement, Planar, Simulation, Toggle, Truth};
