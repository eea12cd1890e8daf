//! The settings of neural ODEs on series.

use super::batch::PathBatches;
use super::model::NeuralOde;
use super::objective::{PathNets, PathObjective};
use crate::error::require;
use crate::series::Series;
use crate::{Batches, Fit, ModelError, Recipe, Space};
use chreode_core::Tolerance;
use chreode_nn::Activation;
use serde::{Deserialize, Serialize};

/// The order of the equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// dx/dt = f(x).
    #[default]
    First,
    /// d²x/dt² = f(x, dx/dt): the first two measurements say where it starts and how fast.
    Second,
}

/// Settings of neural ODEs on series.
///
/// | name | default | range |
/// |---|---|---|
/// | `order` | `first` | `first`, `second` |
/// | `augment` | 0 | columns that start at 0 and are not measured, 0 to 4096 |
/// | `window` | 0 | measurements of a random stretch that a step learns from; 0 for the whole individual |
/// | `rtol`, `atol` | 1e-4, 1e-5 | > 0; of the solve |
/// | `fit` | 2 × 50 tanh, batch 50 | see [`Fit`]; without hidden layers the field is affine |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NeuralOdeConfig {
    /// The order of the equation.
    pub order: Order,
    /// Columns that are not measured.
    pub augment: usize,
    /// Measurements of a stretch.
    pub window: usize,
    /// Relative tolerance of the solve.
    pub rtol: f64,
    /// Absolute tolerance of the solve.
    pub atol: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for NeuralOdeConfig {
    fn default() -> Self {
        Self {
            order: Order::First,
            augment: 0,
            window: 0,
            rtol: 1e-4,
            atol: 1e-5,
            fit: Fit {
                hidden: vec![50; 2],
                activation: Activation::Tanh,
                batch: 50,
                steps: 2000,
                lr: 5e-3,
                ..Fit::default()
            },
        }
    }
}

impl NeuralOdeConfig {
    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match (self.order, self.augment) {
            (Order::First, 0) => "Neural ODE",
            (Order::First, _) => "augmented Neural ODE",
            (Order::Second, 0) => "second-order Neural ODE",
            (Order::Second, _) => "augmented second-order Neural ODE",
        }
    }

    pub(super) fn tolerance(&self) -> Tolerance {
        Tolerance { rtol: self.rtol, atol: self.atol }
    }

    /// Measurements that an individual starts from.
    pub(super) fn starts(&self) -> usize {
        match self.order {
            Order::First => 1,
            Order::Second => 2,
        }
    }
}

impl Recipe for NeuralOdeConfig {
    type Data = Series;
    type Objective = PathObjective;
    type Trained = NeuralOde;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        require("augment", self.augment as f64, self.augment <= 4096, "0 to 4096")?;
        require("window", self.window as f64, self.window != 1, "0, or 2 or more")?;
        require("rtol", self.rtol, self.rtol > 0.0, "a number above 0")?;
        require("atol", self.atol, self.atol > 0.0, "a number above 0")
    }

    fn objective(&self, space: &Space) -> Result<PathObjective, ModelError> {
        Ok(PathObjective::new(PathNets::new(self, space.frame.dims())?, self.tolerance()))
    }

    fn batches<'d>(&self, data: &'d Series, space: &Space) -> Result<Batches<'d, PathObjective>, ModelError> {
        Ok(Box::new(PathBatches::new(data, space.clock, self)?))
    }

    fn trained(&self, objective: PathObjective, space: Space) -> NeuralOde {
        NeuralOde { nets: objective.nets, config: self.clone(), space }
    }
}
