//! The settings of models that follow an individual forwards in time.

use super::batch::FilterBatches;
use super::model::Filter;
use super::nets::FilterNets;
use super::objective::FilterObjective;
use crate::error::require;
use crate::series::{Series, SeriesError};
use crate::{Batches, Clock, Fit, ModelError, Recipe, Space};
use chreode_nn::Activation;
use serde::{Deserialize, Serialize};

/// How the hidden state moves and jumps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Update {
    /// dh/dt = f(h) between measurements, a GRU cell at them.
    #[default]
    OdeRnn,
    /// A GRU cell that is told the gaps.
    Rnn,
    /// The GRU in continuous time, and a cell of the forecast's error.
    GruOdeBayes,
}

/// Settings of models that follow an individual forwards in time.
///
/// | name | default | range |
/// |---|---|---|
/// | `update` | `ode-rnn` | `ode-rnn`, `rnn`, `gru-ode-bayes` |
/// | `state` | 40 | columns of h, 1 to 4096 |
/// | `readout` | 25 | width of the hidden layer between h and a forecast (`gru-ode-bayes`; that of the others is affine) and between h and a label, 1 to 4096 |
/// | `prep` | 10 | columns a feature of the prepared error (`gru-ode-bayes`), 1 to 256 |
/// | `noise` | 0.1 | > 0; deviation of a measurement: of forecasts of `ode-rnn` and `rnn`, of the Bayesian update else |
/// | `mixing` | 1e-4 | ≥ 0; weight of the Bayesian update (`gru-ode-bayes`) |
/// | `span` | 5 | > 0; network time from the first to the last measurement of all; 50 of `gru-ode-bayes`, whose state moves by less than 2 in a unit |
/// | `longest` | 0.02 | > 0; the longest Euler step, in whole spans |
/// | `label_weight` | 0 | ≥ 0; of the cross-entropy of the labels, 0 for none |
/// | `fit` | 2 × 50 tanh, batch 50 | `hidden` are the layers of f (`ode-rnn`), see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilterConfig {
    /// How the state moves and jumps.
    pub update: Update,
    /// Columns of the state.
    pub state: usize,
    /// Width of the hidden layer of GRU-ODE-Bayes' readout, and of the classifier's.
    pub readout: usize,
    /// Columns a feature of the prepared error.
    pub prep: usize,
    /// Deviation of a measurement.
    pub noise: f64,
    /// Weight of the Bayesian update.
    pub mixing: f64,
    /// Network time of the whole span.
    pub span: f64,
    /// The longest Euler step.
    pub longest: f64,
    /// Weight of the labels' cross-entropy.
    pub label_weight: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for FilterConfig {
    fn default() -> Self {
        Self {
            update: Update::OdeRnn,
            state: 40,
            readout: 25,
            prep: 10,
            noise: 0.1,
            mixing: 1e-4,
            span: 5.0,
            longest: 0.02,
            label_weight: 0.0,
            fit: Fit {
                hidden: vec![50; 2],
                activation: Activation::Tanh,
                batch: 50,
                steps: 3000,
                lr: 3e-3,
                ..Fit::default()
            },
        }
    }
}

impl FilterConfig {
    /// GRU-ODE-Bayes.
    pub fn gru_ode_bayes() -> Self {
        Self {
            update: Update::GruOdeBayes,
            state: 50,
            noise: 0.01,
            span: 50.0,
            longest: 0.002,
            ..Self::default()
        }
    }

    /// The clock on which the whole span takes `span`.
    pub(super) fn clock(&self, clock: Clock) -> Clock {
        Clock { unit: clock.unit / self.span, ..clock }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match self.update {
            Update::OdeRnn => "ODE-RNN",
            Update::Rnn => "RNN with gaps",
            Update::GruOdeBayes => "GRU-ODE-Bayes",
        }
    }
}

impl Recipe for FilterConfig {
    type Data = Series;
    type Objective = FilterObjective;
    type Trained = Filter;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        let width =
            |name, n: usize, most: usize, rule| require(name, n as f64, (1..=most).contains(&n), rule);
        width("state", self.state, 4096, "1 to 4096")?;
        width("readout", self.readout, 4096, "1 to 4096")?;
        width("prep", self.prep, 256, "1 to 256")?;
        require("noise", self.noise, self.noise > 0.0, "a number above 0")?;
        require("mixing", self.mixing, self.mixing >= 0.0, "a number of 0 or more")?;
        require("span", self.span, self.span > 0.0, "a number above 0")?;
        require("longest", self.longest, self.longest >= 1e-5, "1e-5 or more")?;
        require("label_weight", self.label_weight, self.label_weight >= 0.0, "a number of 0 or more")
    }

    fn objective(&self, space: &Space) -> Result<FilterObjective, ModelError> {
        Ok(FilterObjective::new(FilterNets::new(self, space.frame.dims())?, self))
    }

    fn batches<'d>(
        &self,
        data: &'d Series,
        space: &Space,
    ) -> Result<Batches<'d, FilterObjective>, ModelError> {
        if self.label_weight > 0.0 && data.labelled() == 0 {
            return Err(SeriesError::NoLabels { model: self.method() }.into());
        }
        Ok(Box::new(FilterBatches::new(data, self.clock(space.clock), self)))
    }

    fn trained(&self, objective: FilterObjective, space: Space) -> Filter {
        Filter { nets: objective.nets, config: self.clone(), space }
    }
}
