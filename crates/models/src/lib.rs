#![doc = include_str!("../README.md")]

mod cfm;
mod checkpoint;
mod clock;
mod config;
mod error;
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
pub use flow::Flow;
pub use frame::Frame;
pub use matcher::{Batch, FlowMatcher};
pub use pairing::{Entropic, Exact, Independent, Pairing, Sampling};
pub use path::{Path, Straight};
pub use pool::{BatchSource, Pool};
pub use sampler::{Sampler, Steps};
pub use simulate::{Bifurcation, Branch, Circuit, Growth, Measurement, Planar, Simulation, Toggle, Truth};
pub use trainer::{Progress, Trainer};
