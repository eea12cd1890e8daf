//! The settings of neural controlled differential equations.

use super::batch::ControlBatches;
use super::model::NeuralCde;
use super::objective::{CdeNets, CdeObjective};
use crate::error::require;
use crate::series::{Series, SeriesError};
use crate::{Batches, Fit, ModelError, Recipe, Space};
use chreode_nn::Activation;
use serde::{Deserialize, Serialize};

/// How the path goes from measurement to measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ControlKind {
    /// Straight.
    Linear,
    /// Cubics with the slopes of the lines before: smooth, and nothing looks ahead.
    #[default]
    Hermite,
    /// The natural cubic spline, which looks ahead: for labels, not for forecasts.
    Cubic,
}

/// Settings of neural controlled differential equations.
///
/// | name | default | range |
/// |---|---|---|
/// | `path` | `hermite` | `linear`, `hermite`, `cubic` |
/// | `state` | 32 | columns of z, 1 to 1024 |
/// | `substeps` | 1 | midpoint steps between two measurements, 1 to 1000 |
/// | `label_weight` | 0 | ≥ 0; of the cross-entropy of the labels, 0 for none |
/// | `fit` | 1 × 64 relu, batch 50 | `hidden` are the layers of F, and of the readout of forecasts, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CdeConfig {
    /// How the path goes.
    pub path: ControlKind,
    /// Columns of z.
    pub state: usize,
    /// Steps between two measurements.
    pub substeps: usize,
    /// Weight of the labels' cross-entropy.
    pub label_weight: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for CdeConfig {
    fn default() -> Self {
        Self {
            path: ControlKind::default(),
            state: 32,
            substeps: 1,
            label_weight: 0.0,
            fit: Fit {
                hidden: vec![64],
                activation: Activation::Relu,
                batch: 50,
                steps: 2000,
                lr: 2e-3,
                ..Fit::default()
            },
        }
    }
}

impl CdeConfig {
    /// The name of the method.
    pub fn method(&self) -> &'static str {
        "Neural CDE"
    }
}

impl Recipe for CdeConfig {
    type Data = Series;
    type Objective = CdeObjective;
    type Trained = NeuralCde;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("state", self.state as f64, (1..=1024).contains(&self.state), "1 to 1024")?;
        require("substeps", self.substeps as f64, (1..=1000).contains(&self.substeps), "1 to 1000")?;
        require("label_weight", self.label_weight, self.label_weight >= 0.0, "a number of 0 or more")
    }

    fn objective(&self, space: &Space) -> Result<CdeObjective, ModelError> {
        Ok(CdeObjective::new(CdeNets::new(self, space.frame.dims())?, self))
    }

    fn batches<'d>(&self, data: &'d Series, space: &Space) -> Result<Batches<'d, CdeObjective>, ModelError> {
        if self.label_weight > 0.0 && data.labelled() == 0 {
            return Err(SeriesError::NoLabels { model: self.method() }.into());
        }
        Ok(Box::new(ControlBatches::new(data, space.clock, self)?))
    }

    fn trained(&self, objective: CdeObjective, space: Space) -> NeuralCde {
        NeuralCde { nets: objective.nets, config: self.clone(), space }
    }
}
