#![doc = include_str!("../README.md")]

mod cfm;
mod checkpoint;
mod clock;
mod config;
mod error;
mod evaluate;
mod flow;
mod frame;
mod matcher;
mod pairing;
mod path;
mod pool;
mod sampler;
mod simulate;
mod trainer;

pub use cfm::Cfm;
pub use checkpoint::{Checkpoint, Header};
pub use clock::Clock;
pub use config::{Coupling, FlowConfig};
pub use error::ModelError;
pub use evaluate::{
    Baselines, Bootstrap, Distances, EulerPath, Fold, Forecast, HeldOut, PairScore, PathEnergy, Protocol,
    Score, Scores, Statistic, Summary, displacement, halves, normalised_path_energy, push_forward,
    score_pair,
};
pub use flow::Flow;
pub use frame::Frame;
pub use matcher::{Batch, FlowMatcher};
pub use pairing::{Entropic, Exact, Independent, Pairing, Sampling};
pub use path::{Path, Straight};
pub use pool::{BatchSource, Pool};
pub use sampler::{Sampler, Steps};
pub use simulate::{Bifurcation, Branch, Circuit, Growth, Measurement, Planar, Simulation, Toggle, Truth};
pub use trainer::{Progress, Rule, Trainer};
