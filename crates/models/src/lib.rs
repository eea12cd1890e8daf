#![doc = include_str!("../README.md")]

mod cfm;
mod checkpoint;
mod clock;
mod density;
mod dynamics;
mod error;
mod evaluate;
mod fit;
mod flow;
mod frame;
mod growth;
mod matcher;
mod objective;
mod pairing;
mod parts;
mod path;
mod pool;
mod recipe;
mod run;
mod sampler;
mod simulate;
mod space;
mod stage;
mod trainer;
mod zoo;

pub use cfm::{Cfm, FlowConfig};
pub use checkpoint::{Checkpoint, Header};
pub use clock::Clock;
pub use density::{
    Base, BaseDensity, Cnf, CnfConfig, DensityFlow, Likelihood, LikelihoodBatch, OtFlow, OtFlowConfig,
    Potential, PotentialMemory, Probe, Rate,
};
pub use dynamics::{Dynamics, Trained};
pub use error::ModelError;
pub use evaluate::{
    Baselines, Bootstrap, Distances, EulerPath, Fold, Forecast, GrowthScore, HeldOut, PairScore, PathEnergy,
    Protocol, Score, Scores, Statistic, Summary, displacement, halves, normalised_path_energy, push_forward,
    score_growth, score_pair,
};
pub use fit::Fit;
pub use flow::Flow;
pub use frame::Frame;
pub use growth::{
    DensityMatching, ExponentialPath, GrowthBatch, GrowthFlow, GrowthMatcher, GrowthPath, Mass, MassRule,
    Pair, PairPlan, PlanCache, Plans, SemiRelaxed, Tigon, TigonBatch, TigonConfig, UnbalancedPlanner,
    VelocityGrowth, Vgfm, VgfmConfig, WfrConfig, WfrFm, WfrPath, WfrPlanner,
};
pub use matcher::{Batch, FlowMatcher};
pub use objective::{Objective, Regression};
pub use pairing::{Coupling, Entropic, Exact, Independent, Pairing, Sampling};
pub use parts::Parts;
pub use path::{Path, Straight};
pub use pool::{BatchSource, Pool};
pub use recipe::{Batches, Recipe};
pub use run::{Run, Training};
pub use sampler::{Sampler, Steps};
pub use simulate::{
    Bifurcation, Branch, Circuit, Growth, Measurement, Planar, PlanarDensity, Simulation, Toggle, Truth,
};
pub use space::{Data, Space};
pub use stage::{Rule, Stage};
pub use trainer::{Progress, Trainer};
pub use zoo::{Card, Dataset, ModelConfig, Needs};
