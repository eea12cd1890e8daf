#![doc = include_str!("../README.md")]

mod cfm;
mod chains;
mod checkpoint;
mod clock;
mod couples;
mod density;
mod dynamics;
mod error;
mod evaluate;
mod fit;
mod flow;
mod frame;
mod groups;
mod growth;
mod matcher;
mod metric;
mod metric_flow;
mod minibatches;
mod multi_marginal;
mod objective;
mod pairing;
mod parts;
mod path;
mod pool;
mod recipe;
mod rectified;
mod rescaled_flow;
mod run;
mod sampler;
mod score_flow;
mod series;
mod simulate;
mod space;
mod spline;
mod stage;
mod trainer;
mod transport_path;
mod zoo;

pub use cfm::{Cfm, FlowConfig};
pub use chains::{Chained, Chains};
pub use checkpoint::{Checkpoint, Header};
pub use clock::Clock;
pub use couples::{Couples, Moment};
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
pub use metric::{Land, Metric, Rbf, Shape};
pub use metric_flow::{BentBatch, BentMatcher, BentPaths, MetricFlowConfig, MetricKind};
pub use minibatches::Minibatches;
pub use multi_marginal::{MultiMarginalConfig, MultiMatcher};
pub use objective::{Objective, Regression};
pub use pairing::{Coupling, Entropic, Epsilon, Exact, Independent, Pairing, Sampling, Unbalanced};
pub use parts::Parts;
pub use path::{Bridge, Ends, Path, PathKind, Straight, Target, VariancePreserving};
pub use pool::{BatchSource, Pool};
pub use recipe::{Batches, Recipe};
pub use rectified::{RectifiedConfig, Reflow, ReflowBatch};
pub use rescaled_flow::{Relax, RescaledBatch, RescaledFlow, RescaledFlowConfig, RescaledMatcher, Rescaling};
pub use run::{Run, Training};
pub use sampler::{Sampler, Steps};
pub use score_flow::{Motion, ScoreBatch, ScoreFlow, ScoreFlowConfig, ScoreMatcher, ScoreMatching};
pub use series::{
    Arrivals, CdeConfig, CdeObjective, ControlBatch, ControlKind, Filter, FilterBatch, FilterConfig,
    FilterObjective, Forecaster, Generation, Individual, LatentBatch, LatentConfig, LatentObjective,
    LatentSeries, Learns, NeuralCde, NeuralOde, NeuralOdeConfig, Order, PathBatch, PathObjective, Predicted,
    PriorShare, Recognition, Series, SeriesError, SeriesScore, Update, area_under_curve,
};
pub use simulate::{
    Bifurcation, Branch, Circuit, Course, Growth, Measurement, Planar, PlanarDensity, Simulation, Toggle,
    Truth,
};
pub use space::{Data, Space};
pub use spline::{Curve, Spline};
pub use stage::{Rule, Stage};
pub use trainer::{Progress, Trainer};
pub use transport_path::{PathMatcher, Pulled, TransportPathConfig};
pub use zoo::{Card, Dataset, ModelConfig, Needs};
