#![doc = include_str!("../README.md")]

mod cfm;
mod checkpoint;
mod clock;
mod dynamics;
mod error;
mod evaluate;
mod fit;
mod flow;
mod frame;
mod matcher;
mod objective;
mod pairing;
mod parts;
mod path;
mod pool;
mod recipe;
mod run;
mod sampler;
mod series;
mod simulate;
mod space;
mod stage;
mod trainer;
mod zoo;

pub use cfm::{Cfm, FlowConfig};
pub use checkpoint::{Checkpoint, Header};
pub use clock::Clock;
pub use dynamics::{Dynamics, Trained};
pub use error::ModelError;
pub use evaluate::{
    Baselines, Bootstrap, Distances, EulerPath, Fold, Forecast, HeldOut, PairScore, PathEnergy, Protocol,
    Score, Scores, Statistic, Summary, displacement, halves, normalised_path_energy, push_forward,
    score_pair,
};
pub use fit::Fit;
pub use flow::Flow;
pub use frame::Frame;
pub use matcher::{Batch, FlowMatcher};
pub use objective::{Objective, Regression};
pub use pairing::{Coupling, Entropic, Exact, Independent, Pairing, Sampling};
pub use parts::Parts;
pub use path::{Path, Straight};
pub use pool::{BatchSource, Pool};
pub use recipe::{Batches, Recipe};
pub use run::{Run, Training};
pub use sampler::{Sampler, Steps};
pub use series::{
    Arrivals, CdeConfig, CdeObjective, ControlBatch, Filter, FilterBatch, FilterConfig, FilterObjective,
    Forecaster, Generation, Individual, LatentBatch, LatentConfig, LatentObjective, LatentSeries, NeuralCde,
    NeuralOde, NeuralOdeConfig, Order, PathBatch, PathKind, PathObjective, Predicted, Recognition, Series,
    SeriesError, SeriesScore, Update, area_under_curve,
};
pub use simulate::{
    Bifurcation, Branch, Circuit, Course, Growth, Measurement, Planar, Simulation, Toggle, Truth,
};
pub use space::{Data, Space};
pub use stage::{Rule, Stage};
pub use trainer::{Progress, Trainer};
pub use zoo::{Card, Dataset, ModelConfig, Needs};
