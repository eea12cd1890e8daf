//! Every model by its name.

mod card;
mod pairing;
mod shares;

pub use card::{Card, Needs};

use crate::{
    CdeConfig, Checkpoint, CnfConfig, ConditionalConfig, Conditioned, Data, FilterConfig, FlowConfig, Frame,
    LatentConfig, MetricFlowConfig, MioFlowConfig, ModelError, MultiMarginalConfig, NeuralOdeConfig,
    OtFlowConfig, Recipe, RectifiedConfig, RescaledFlowConfig, Run, ScoreFlowConfig, Series, TigonConfig,
    Trained, Training, TrajectoryNetConfig, TransportPathConfig, VgfmConfig, WfrConfig,
};
use chreode_core::Populations;
use serde::{Deserialize, Serialize};

/// What a model can be trained on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Dataset {
    /// Snapshots of populations of cells.
    Populations(Populations),
    /// Individuals measured at irregular times.
    Series(Series),
    /// Snapshots of populations of cells, with the condition of each.
    Conditioned(Conditioned),
}

/// The settings of a model of the zoo; in a file, the table `[model.flow-matching]`, by the name of the variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ModelConfig {
    /// Conditional flow matching: [`Cfm`](crate::Cfm).
    FlowMatching(FlowConfig),
    /// Flow matching under conditions, with guidance: [`ConditionalFlow`](crate::ConditionalFlow).
    Conditional(ConditionalConfig),
    /// Score and flow matching: \[SF\]²M.
    ScoreFlow(ScoreFlowConfig),
    /// Multi-marginal flow matching: curves through all times.
    MultiMarginal(MultiMarginalConfig),
    /// Metric flow matching: paths that stay where cells are.
    MetricFlow(MetricFlowConfig),
    /// Unbalanced flow matching with rescaling.
    RescaledFlow(RescaledFlowConfig),
    /// Rectified flow with reflow.
    Rectified(RectifiedConfig),
    /// Flow matching along optimal-transport paths over all times.
    TransportPath(TransportPathConfig),
    /// Continuous normalising flows: [`Cnf`](crate::Cnf).
    Cnf(CnfConfig),
    /// Normalising flows along the gradient of a potential: [`OtFlow`](crate::OtFlow).
    OtFlow(OtFlowConfig),
    /// Velocity and growth along Wasserstein-Fisher-Rao geodesics: [`WfrFm`](crate::WfrFm).
    WfrFm(WfrConfig),
    /// Velocity and growth by semi-relaxed transport: [`Vgfm`](crate::Vgfm).
    Vgfm(VgfmConfig),
    /// Velocity and growth of least action between densities: [`Tigon`](crate::Tigon).
    Tigon(TigonConfig),
    /// A normalising flow through all snapshots: [`TrajectoryNet`](crate::TrajectoryNet).
    #[serde(rename = "trajectorynet")]
    TrajectoryNet(TrajectoryNetConfig),
    /// Populations carried in geodesic coordinates: [`MioFlow`](crate::MioFlow).
    #[serde(rename = "mioflow")]
    MioFlow(MioFlowConfig),
    /// Latent ODEs and their recurrent kin: [`LatentSeries`](crate::LatentSeries).
    LatentOde(LatentConfig),
    /// Neural ODEs on series: [`NeuralOde`](crate::NeuralOde).
    NeuralOde(NeuralOdeConfig),
    /// ODE-RNN, GRU-ODE-Bayes and an RNN with gaps: [`Filter`](crate::Filter).
    OdeRnn(FilterConfig),
    /// Neural controlled differential equations: [`NeuralCde`](crate::NeuralCde).
    NeuralCde(CdeConfig),
}

/// What all models do alike, for each of them: the variant, its settings, and what it learns from.
macro_rules! zoo {
    ($($variant:ident($config:ty) of $data:ident),* $(,)?) => {
        $(
            impl From<$config> for ModelConfig {
                fn from(config: $config) -> Self {
                    Self::$variant(config)
                }
            }

            impl TryFrom<ModelConfig> for $config {
                type Error = ModelConfig;
                fn try_from(config: ModelConfig) -> Result<Self, ModelConfig> {
                    #[allow(unreachable_patterns, reason = "a zoo of one model has no other")]
                    match config {
                        ModelConfig::$variant(config) => Ok(config),
                        other => Err(other),
                    }
                }
            }
        )*

        impl ModelConfig {
            /// A run at step 0, on data in the coordinates of the file; `frame` is where the networks live.
            ///
            /// # Errors
            /// As [`Run::new`]; and [`ModelError::Data`] for a data set of another kind than the model learns from.
            pub fn start(&self, data: &Dataset, frame: Frame) -> Result<Box<dyn Training>, ModelError> {
                match (self, data) {
                    $((Self::$variant(c), Dataset::$data(d)) => Ok(Box::new(Run::new(d, frame, c.clone())?)),)*
                    #[allow(unreachable_patterns, reason = "there may be one kind of data")]
                    _ => Err(self.unsuited()),
                }
            }

            /// Continues the run of `checkpoint` towards `steps` updates in its last stage.
            ///
            /// # Errors
            /// As [`Run::resume`]; and [`ModelError::Data`] for a data set of another kind.
            pub fn resume(
                data: &Dataset,
                checkpoint: &Checkpoint,
                steps: u64,
            ) -> Result<Box<dyn Training>, ModelError> {
                match (&checkpoint.header.config, data) {
                    $((Self::$variant(_), Dataset::$data(d)) => {
                        Ok(Box::new(Run::<$config>::resume(d, checkpoint, steps)?))
                    })*
                    #[allow(unreachable_patterns, reason = "there may be one kind of data")]
                    (config, _) => Err(config.unsuited()),
                }
            }

            /// What it learns from.
            pub fn needs(&self) -> Needs {
                match self { $(Self::$variant(_) => <<$config as Recipe>::Data as Data>::NEEDS,)* }
            }

            /// Times that the data must have.
            pub fn least_times(&self) -> usize {
                match self { $(Self::$variant(config) => crate::Recipe::least_times(config),)* }
            }

            /// The settings of training.
            pub fn fit(&self) -> &crate::Fit {
                match self { $(Self::$variant(config) => crate::Recipe::fit(config),)* }
            }

            /// As [`Recipe::stage_steps`].
            pub fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
                match self { $(Self::$variant(config) => crate::Recipe::stage_steps(config),)* }
            }

            /// The settings of training, to be changed.
            pub fn fit_mut(&mut self) -> &mut crate::Fit {
                match self { $(Self::$variant(config) => crate::Recipe::fit_mut(config),)* }
            }
        }

        impl Checkpoint {
            /// The model to predict with.
            ///
            /// # Errors
            /// A header whose settings no network can be made of.
            pub fn trained(&self) -> Result<Trained, ModelError> {
                match &self.header.config {
                    $(ModelConfig::$variant(_) => Ok(self.model_of::<$config>()?.into()),)*
                }
            }
        }
    };
}

zoo! {
    FlowMatching(FlowConfig) of Populations,
    Conditional(ConditionalConfig) of Conditioned,
    ScoreFlow(ScoreFlowConfig) of Populations,
    MultiMarginal(MultiMarginalConfig) of Populations,
    MetricFlow(MetricFlowConfig) of Populations,
    RescaledFlow(RescaledFlowConfig) of Populations,
    Rectified(RectifiedConfig) of Populations,
    TransportPath(TransportPathConfig) of Populations,
    Cnf(CnfConfig) of Populations,
    OtFlow(OtFlowConfig) of Populations,
    WfrFm(WfrConfig) of Populations,
    Vgfm(VgfmConfig) of Populations,
    Tigon(TigonConfig) of Populations,
    TrajectoryNet(TrajectoryNetConfig) of Populations,
    MioFlow(MioFlowConfig) of Populations,
    LatentOde(LatentConfig) of Series,
    NeuralOde(NeuralOdeConfig) of Series,
    OdeRnn(FilterConfig) of Series,
    NeuralCde(CdeConfig) of Series,
}

impl Default for ModelConfig {
    /// OT-CFM.
    fn default() -> Self {
        FlowConfig::default().into()
    }
}

impl ModelConfig {
    /// The settings of the model called `name` in [`Card::all`].
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`] with the names there are.
    pub fn named(name: &str) -> Result<Self, ModelError> {
        Card::named(name).map(|card| (card.config)())
    }

    /// The settings for the snapshots at `times` without the one at `time`, e.g. because it is held out: of a list with one
    /// mass a time that mass is left out.
    #[must_use]
    pub fn without(mut self, times: &[f64], time: f64) -> Self {
        if let Self::WfrFm(WfrConfig { mass, .. })
        | Self::Vgfm(VgfmConfig { mass, .. })
        | Self::Tigon(TigonConfig { mass, .. })
        | Self::TrajectoryNet(TrajectoryNetConfig { mass, .. }) = &mut self
        {
            *mass = std::mem::take(mass).without(times, time);
        }
        self
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> String {
        match self {
            Self::FlowMatching(config) => config.method().into(),
            Self::Conditional(config) => config.method(),
            Self::ScoreFlow(config) => config.method().into(),
            Self::MultiMarginal(config) => config.method().into(),
            Self::MetricFlow(config) => config.method().into(),
            Self::RescaledFlow(config) => config.method().into(),
            Self::Rectified(_) => "2-RF".into(),
            Self::TransportPath(_) => "OTP-FM".into(),
            Self::Cnf(config) => config.method().into(),
            Self::OtFlow(_) => "OT-Flow".into(),
            Self::WfrFm(_) => "WFR-FM".into(),
            Self::Vgfm(_) => "VGFM".into(),
            Self::Tigon(_) => "TIGON".into(),
            Self::TrajectoryNet(_) => "TrajectoryNet".into(),
            Self::MioFlow(_) => "MIOFlow".into(),
            Self::LatentOde(config) => config.method().into(),
            Self::NeuralOde(config) => config.method().into(),
            Self::OdeRnn(config) => config.method().into(),
            Self::NeuralCde(config) => config.method().into(),
        }
    }

    /// The error for data of another kind.
    fn unsuited(&self) -> ModelError {
        ModelError::Data { model: self.method(), needs: self.needs().to_string() }
    }
}
