//! Settings of TIGON.

use super::DensityMatching;
use super::batches::{Densities, Narrowing, smeared};
use crate::error::require;
use crate::growth::{GrowthFlow, Mass};
use crate::{Batches, Fit, ModelError, Net, Recipe, Run, Space};
use chreode_core::{Populations, Seed};
use chreode_nn::{Activation, MlpConfig};
use serde::{Deserialize, Serialize};

/// A training run of TIGON.
pub type Tigon = Run<TigonConfig>;

/// Settings of TIGON: the velocity and the growth rate of least Wasserstein-Fisher-Rao action whose density meets those
/// of the snapshots.
///
/// Sha, Qiu, Zhou and Nie, *Reconstructing growth and dynamic trajectories from single-cell transcriptomics data*, Nature
/// Machine Intelligence 6, 2024, doi 10.1038/s42256-023-00763-w. The error of a density is measured relative to the mean
/// square of the snapshot's, so that λ does not depend on the units. As in the released program, densities are compared
/// over each interval besides back to the first time, and the kernels narrow while it trains: there when the loss
/// allows, from 1 to about 0.02; here over the first half of the steps. The program also multiplies the action by the total
/// time.
///
/// | name | default | range |
/// |---|---|---|
/// | `alpha` | 1 | > 0; what growth costs beside motion |
/// | `lambda` | 100 | > 0; what the error of the densities counts beside the action |
/// | `width` | 0.1 | > 0; standard deviation of the kernel around a cell, in the networks' coordinates, from half of the steps on |
/// | `wide` | 1 | > 0; its standard deviation in the first step |
/// | `mass` | `counts` | `counts`, `equal`, `weights`, or a list with one mass a time, see [`Mass`] |
/// | `steps` | 5 | 1 to 1000; steps of RK4 a unit of network time while training |
/// | `fit` | 3 × 32 tanh, batch 128, lr 3e-3 | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TigonConfig {
    /// What growth costs.
    pub alpha: f64,
    /// What the error of the densities counts.
    pub lambda: f64,
    /// Width of the kernels in the end.
    pub width: f64,
    /// Width of the kernels in the beginning.
    pub wide: f64,
    /// The masses of the snapshots.
    pub mass: Mass,
    /// Steps a unit of network time while training.
    pub steps: usize,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for TigonConfig {
    fn default() -> Self {
        let fit = Fit {
            hidden: vec![32, 32, 32],
            activation: Activation::Tanh,
            batch: 128,
            lr: 3e-3,
            ..Fit::default()
        };
        Self { alpha: 1.0, lambda: 100.0, width: 0.1, wide: 1.0, mass: Mass::default(), steps: 5, fit }
    }
}

impl Recipe for TigonConfig {
    type Data = Populations;
    type Objective = DensityMatching<Net, Net>;
    type Trained = GrowthFlow<Net, Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("alpha", self.alpha, self.alpha > 0.0, "a number above 0")?;
        require("lambda", self.lambda, self.lambda > 0.0, "a number above 0")?;
        require("width", self.width, self.width > 0.0, "a number above 0")?;
        require("wide", self.wide, self.wide > 0.0, "a number above 0")?;
        require("steps", self.steps as f64, (1..=1000).contains(&self.steps), "1 to 1000")
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let shape = MlpConfig::new(space.frame.dims());
        let velocity = self.fit.network("velocity", shape.clone())?;
        let growth = self.fit.network("growth", shape.output(1))?;
        let times = space.times.iter().map(|&t| space.clock.network(t)).collect();
        Ok(DensityMatching::new((velocity, growth), (self.alpha, self.lambda), self.steps, times))
    }

    fn prepare(&self, objective: &mut Self::Objective, data: &Populations) -> Result<(), ModelError> {
        objective.densities = smeared(data, &self.mass)?;
        Ok(())
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let narrowing = Narrowing { widths: [self.wide, self.width], steps: self.fit.steps / 2 };
        let kernels = (&self.mass, narrowing);
        Ok(Box::new(Densities::new(data, space.clock, kernels, self.fit.batch, Seed(self.fit.seed))?))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        GrowthFlow { velocity: objective.velocity, growth: objective.growth, space }
    }
}
