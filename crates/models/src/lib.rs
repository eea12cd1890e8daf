#![doc = include_str!("../README.md")]

mod backend;
mod cfm;
mod chains;
mod checkpoint;
mod clock;
mod conditional;
mod conditions;
mod couples;
mod crowd;
mod cumulative;
mod density;
mod dynamics;
mod error;
mod evaluate;
mod fates;
mod fit;
mod flow;
mod frame;
mod groups;
mod growth;
mod made;
mod matcher;
mod memory_plan;
mod metric;
mod metric_flow;
mod minibatches;
mod multi_marginal;
mod net;
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
mod timeless;
mod trainer;
mod transport_path;
mod zoo;

pub use backend::{Backend, Device};
pub use cfm::{Cfm, FlowConfig};
pub use chains::{Chained, Chains};
pub use checkpoint::{Checkpoint, Header};
pub use clock::Clock;
pub use conditional::{
    ConditionInput, Conditional, ConditionalBatch, ConditionalConfig, ConditionalFlow, ConditionalRegression,
    Guided, JointMatcher, Matching, Mixed, WithinMatcher,
};
pub use conditions::{Condition, ConditionError, Conditioned, Conditions, Covariate};
pub use couples::{Couples, Moment};
pub use crowd::Crowd;
pub use density::{
    Base, BaseDensity, Cnf, CnfConfig, DensityBatch, DensityFlow, Descendants, Likelihood, LikelihoodBatch,
    OtFlow, OtFlowConfig, Probe, TrajectoryBatch, TrajectoryLikelihood, TrajectoryNet, TrajectoryNetConfig,
};
pub use dynamics::{Dynamics, Trained};
pub use error::ModelError;
pub use evaluate::{
    Baselines, Bootstrap, CouplingBias, Distances, EulerPath, Fold, Forecast, GrowthScore, HeldOut,
    PairScore, PathEnergy, Protocol, Score, Scores, Statistic, Straightness, Summary, displacement, exact_w1,
    halves, normalised_path_energy, push_forward, score_growth, score_pair,
};
pub use fates::{Ending, FateShare, Fates, Futures, Terminal, Terminals};
pub use fit::Fit;
pub use flow::Flow;
pub use frame::Frame;
pub use growth::{
    DensityMatching, ExponentialPath, FitDistance, FittingBatch, Geodesic, GrowthBatch, GrowthFlow,
    GrowthMatcher, GrowthPath, LatentFlow, ManifoldFitting, Mass, MassRule, MioBatch, MioFlow, MioFlowConfig,
    Pair, PairPlan, Plans, SemiRelaxed, Tigon, TigonBatch, TigonConfig, UnbalancedPlanner, VelocityGrowth,
    VelocityGrowthFitting, Vgfm, VgfmConfig, WfrConfig, WfrFm, WfrPath, WfrPlanner,
};
pub use made::Made;
pub use matcher::{Batch, FlowMatcher};
pub use memory_plan::MemoryPlan;
pub use metric::{Land, Metric, Rbf, Shape};
pub use metric_flow::{BentBatch, BentMatcher, BentPaths, MetricFlowConfig, MetricKind};
pub use minibatches::Minibatches;
pub use multi_marginal::{MultiMarginalConfig, MultiMatcher};
pub use net::foreign::{ForeignMemory, ForeignNetwork};
pub use net::{Net, NetMemory};
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
pub use transport_path::{PathMatcher, Pulled, TransportPathConfig, Window};
pub use zoo::{Card, Dataset, ModelConfig, Needs};
