//! Settings of TrajectoryNet.

use super::TrajectoryLikelihood;
use super::batches::Stages;
use crate::crowd::Crowd;
use crate::density::likelihood::Regularisers;
use crate::density::{Base, BaseDensity, DensityFlow};
use crate::error::require;
use crate::growth::{GrowthFlow, Mass, SemiRelaxed};
use crate::{Batches, Fit, Flow, Made, ModelError, Net, Recipe, Run, Space, Stage, Trained};
use chreode_core::{Populations, Seed};
use chreode_nn::{Activation, MlpConfig};
use serde::{Deserialize, Serialize};

/// A training run of TrajectoryNet.
pub type TrajectoryNet = Run<TrajectoryNetConfig>;

/// Whether cells have descendants in different numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Descendants {
    /// All alike: a normalising flow, whose density predicts.
    #[default]
    Alike,
    /// As an auxiliary network says, fitted first to unbalanced transport between neighbouring snapshots: moved cells have
    /// weights.
    Transported,
}

/// Settings of TrajectoryNet: a continuous normalising flow from a standard normal distribution through all snapshots, whose
/// paths are short and stay near cells.
///
/// Tong, Huang, Wolf, van Dijk and Krishnaswamy, *TrajectoryNet: a dynamic optimal transport network for modeling cellular
/// dynamics*, ICML 2020, arXiv:2002.04461: its likelihood with the energy (eq. 7), the Jacobian, the density regulariser and the
/// auxiliary growth network. Left out is the regulariser by RNA velocities, which asks for velocities in the data. The released
/// program keeps cells near the nearest of all cells of a time; here they are the nearest of its minibatch.
///
/// | name | default | range |
/// |---|---|---|
/// | `kinetic` | 1e-4 | ≥ 0; what the energy ∫ \|v\|² dt counts beside the log-likelihood |
/// | `jacobian` | 1e-4 | ≥ 0; what ∫ \|∂v/∂x\|² dt counts |
/// | `crowd` | 0.1, 5, 0.1 | see [`Crowd`] |
/// | `descendants` | `alike` | `alike`, `transported`, see [`Descendants`] |
/// | `mass` | `counts` | with growth: as for [`WfrConfig`](crate::WfrConfig) |
/// | `lambda`, `epsilon` | 1, 0.005 | > 0; with growth: the price of growth and the plan's regularisation, as for [`VgfmConfig`](crate::VgfmConfig) |
/// | `growing` | 1000 | ≥ 1; with growth: updates of its network, before those of `fit` |
/// | `steps` | 5 | 1 to 1000; steps of RK4 a unit of network time while training |
/// | `fit` | 3 × 64 tanh, 2000 steps | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrajectoryNetConfig {
    /// What the energy counts.
    pub kinetic: f64,
    /// What the squared Jacobian counts.
    pub jacobian: f64,
    /// Whether cells have descendants in different numbers.
    pub descendants: Descendants,
    /// The masses of the snapshots.
    pub mass: Mass,
    /// The price of growth.
    pub lambda: f64,
    /// The plan's regularisation.
    pub epsilon: f64,
    /// Updates of the growth network.
    pub growing: u64,
    /// Steps a unit of network time while training.
    pub steps: usize,
    /// Staying where cells are.
    pub crowd: Crowd,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for TrajectoryNetConfig {
    fn default() -> Self {
        Self {
            kinetic: 1e-4,
            jacobian: 1e-4,
            descendants: Descendants::Alike,
            mass: Mass::default(),
            lambda: 1.0,
            epsilon: 0.005,
            growing: 1000,
            steps: 5,
            crowd: Crowd { weight: 0.1, ..Crowd::default() },
            fit: Fit { activation: Activation::Tanh, steps: 2000, ..Fit::default() },
        }
    }
}

impl TrajectoryNetConfig {
    /// Updates of the growth network, 0 without growth.
    fn growing(&self) -> u64 {
        if self.descendants == Descendants::Transported { self.growing } else { 0 }
    }
}

impl Recipe for TrajectoryNetConfig {
    type Data = Populations;
    type Objective = TrajectoryLikelihood<Net>;
    type Trained = Trained;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        let mut stages = vec![("fit.steps", &mut self.fit.steps)];
        if self.descendants == Descendants::Transported {
            stages.insert(0, ("growing", &mut self.growing));
        }
        stages
    }

    fn check(&self) -> Result<(), ModelError> {
        require("kinetic", self.kinetic, self.kinetic >= 0.0, "a number of 0 or more")?;
        require("jacobian", self.jacobian, self.jacobian >= 0.0, "a number of 0 or more")?;
        require("lambda", self.lambda, self.lambda > 0.0, "a number above 0")?;
        require("epsilon", self.epsilon, self.epsilon > 0.0, "a number above 0")?;
        require("growing", self.growing as f64, self.growing > 0, "1 or more")?;
        self.crowd.check()?;
        require("steps", self.steps as f64, (1..=1000).contains(&self.steps), "1 to 1000")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let shape = MlpConfig::new(space.frame.dims());
        let velocity = self.fit.network("velocity", shape.clone())?;
        let growth = match self.descendants {
            Descendants::Alike => None,
            Descendants::Transported => Some(self.fit.network("growth", shape.output(1))?),
        };
        let mut times = vec![Base::Normal.start(space)];
        times.extend(space.times.iter().map(|&t| space.clock.network(t)));
        let weights = Regularisers { kinetic: self.kinetic, jacobian: self.jacobian, hjb: 0.0 };
        Ok(TrajectoryLikelihood::new((velocity, growth), (weights, self.crowd), self.steps, times))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        self.batches_with(data, space, &Made::default())
    }

    fn batches_with<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
        made: &Made,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let planner = SemiRelaxed { lambda: self.lambda, epsilon: self.epsilon };
        let growth = (self.growing(), &self.mass, planner);
        Ok(Box::new(Stages::new(data, self.fit.batch, growth, Seed(self.fit.seed), made)?))
    }

    /// First the growth, if any, then the flow.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        let (velocity, growth) = objective.ranges();
        let last = self.fit.stage(velocity)?;
        Ok(match growth {
            Some(parameters) => {
                vec![Stage { steps: self.growing, parameters, rule: self.fit.rule(self.growing)? }, last]
            }
            None => vec![last],
        })
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Trained {
        let TrajectoryLikelihood { velocity, growth, .. } = objective;
        match growth {
            Some(growth) => GrowthFlow { velocity, growth, space }.into(),
            None => {
                let (base, start) = (BaseDensity::Normal(space.frame.dims()), Base::Normal.start(&space));
                DensityFlow { flow: Flow { network: velocity, space }, base, start }.into()
            }
        }
    }
}
