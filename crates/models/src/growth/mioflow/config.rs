//! Settings of MIOFlow.

use super::batches::Stages;
use super::{Geodesic, LatentFlow, ManifoldFitting};
use crate::crowd::Crowd;
use crate::error::require;
use crate::growth::pushed::Push;
use crate::{Batches, Fit, Made, Minibatches, ModelError, Net, Parts, Recipe, Run, Space, Stage};
use chreode_core::{Populations, Seed};
use chreode_nn::MlpConfig;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A training run of MIOFlow.
pub type MioFlow = Run<MioFlowConfig>;

/// Settings of MIOFlow: a flow in latent coordinates whose distances are geodesic, fitted by optimal transport between
/// carried and measured cells.
///
/// Huguet et al., *Manifold interpolating optimal-transport flows for trajectory inference*, NeurIPS 2022,
/// arXiv:2206.14928.
///
/// The released program differs: its distances are those of multiscale diffusion or of PHATE, and its density loss is a mean over
/// the nearest cells where [`Crowd`] is a sum.
///
/// | name | default | range |
/// |---|---|---|
/// | `latent` | 2 | ≥ 1; latent coordinates |
/// | `geodesic` | `graph` | `graph`, `heat`, see [`Geodesic`] |
/// | `neighbours` | 10 | ≥ 1; of a cell in the graph |
/// | `reconstruction` | 1 | > 0; what the way back from the latent coordinates counts beside their distances |
/// | `encoding` | 1500 | ≥ 1; updates of the autoencoder, the first stage |
/// | `local` | 300 | ≥ 1; updates in which neighbouring snapshots are joined, the second stage |
/// | `energy` | 1e-3 | ≥ 0; what the energy of the paths counts |
/// | `crowd` | 1, 5, 0.1 | see [`Crowd`]; the distances are latent |
/// | `solver_steps` | 5 | 1 to 1000; steps of RK4 a unit of network time while training |
/// | `fit` | 500 steps, batch 128, lr 3e-3, ema 0.99 | the settings of training, see [`Fit`]; `steps` are those of the last stage, through all times |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MioFlowConfig {
    /// Latent coordinates.
    pub latent: usize,
    /// How distances are measured.
    pub geodesic: Geodesic,
    /// Neighbours of a cell.
    pub neighbours: usize,
    /// What the reconstruction counts.
    pub reconstruction: f64,
    /// Updates of the autoencoder.
    pub encoding: u64,
    /// Updates between neighbouring snapshots.
    pub local: u64,
    /// What the energy counts.
    pub energy: f64,
    /// Steps a unit of network time while training.
    pub solver_steps: usize,
    /// Staying where cells are.
    pub crowd: Crowd,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for MioFlowConfig {
    fn default() -> Self {
        let fit = Fit { steps: 500, batch: 128, lr: 3e-3, ema: 0.99, ..Fit::default() };
        Self {
            latent: 2,
            geodesic: Geodesic::Graph,
            neighbours: 10,
            reconstruction: 1.0,
            encoding: 1500,
            local: 300,
            energy: 1e-3,
            solver_steps: 5,
            crowd: Crowd::default(),
            fit,
        }
    }
}

impl Recipe for MioFlowConfig {
    type Data = Populations;
    type Objective = ManifoldFitting<Net>;
    type Trained = LatentFlow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("encoding", &mut self.encoding), ("local", &mut self.local), ("fit.steps", &mut self.fit.steps)]
    }

    fn check(&self) -> Result<(), ModelError> {
        for (name, value) in [
            ("latent", self.latent as u64),
            ("neighbours", self.neighbours as u64),
            ("encoding", self.encoding),
            ("local", self.local),
        ] {
            require(name, value as f64, value > 0, "1 or more")?;
        }
        require("reconstruction", self.reconstruction, self.reconstruction > 0.0, "a number above 0")?;
        require("energy", self.energy, self.energy >= 0.0, "a number of 0 or more")?;
        self.crowd.check()?;
        require(
            "solver_steps",
            self.solver_steps as f64,
            (1..=1000).contains(&self.solver_steps),
            "1 to 1000",
        )
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let (dims, latent) = (space.frame.dims(), self.latent);
        let encoder = self.fit.network("encoder", MlpConfig::new(dims).output(latent))?;
        let decoder = self.fit.network("decoder", MlpConfig::new(latent).output(dims))?;
        let velocity = self.fit.network("velocity", MlpConfig::new(latent))?;
        let parts =
            Parts::default().with("encoder", &encoder).with("decoder", &decoder).with("velocity", &velocity);
        Ok(ManifoldFitting {
            encoder,
            decoder,
            velocity,
            reconstruction: self.reconstruction,
            energy: self.energy,
            crowd: self.crowd,
            push: Push::new(self.solver_steps),
            times: space.times.iter().map(|&t| space.clock.network(t)).collect(),
            parts,
            memory: Default::default(),
        })
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
        let cells = data.snapshots().iter().map(chreode_core::Snapshot::len).sum::<usize>();
        let enough = self.neighbours < cells;
        require("neighbours", self.neighbours as f64, enough, "below the number of cells")?;
        let seed = Seed(self.fit.seed);
        Ok(Box::new(Stages {
            minibatches: Minibatches::new(data, self.fit.batch, seed)?,
            encoding: self.encoding,
            geodesic: self.geodesic,
            neighbours: self.neighbours,
            seed,
            landmarks: made.or(OnceLock::new),
        }))
    }

    /// The autoencoder, then the velocity between neighbouring snapshots, then through all of them.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        let [autoencoder, velocity] = objective.ranges();
        let stage = |steps, parameters| -> Result<Stage, ModelError> {
            Ok(Stage { steps, parameters, rule: self.fit.rule(steps)? })
        };
        Ok(vec![
            stage(self.encoding, autoencoder)?,
            stage(self.local, velocity.clone())?,
            self.fit.stage(velocity)?,
        ])
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        let ManifoldFitting { encoder, decoder, velocity, .. } = objective;
        LatentFlow { encoder, decoder, velocity, space }
    }
}
