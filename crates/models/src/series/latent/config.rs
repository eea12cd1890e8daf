//! The settings of the latent-variable models of series, and what a run of them consists of.

use super::batch::LatentBatches;
use super::model::LatentSeries;
use super::nets::LatentNets;
use super::objective::LatentObjective;
use crate::error::require;
use crate::series::{Series, SeriesError};
use crate::{Batches, Clock, Fit, ModelError, Recipe, Space};
use chreode_core::Tolerance;
use chreode_nn::Activation;
use serde::{Deserialize, Serialize};

/// What reads the measurements, from the last to the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Recognition {
    /// A GRU whose state moves by an ODE between measurements (ODE-RNN).
    #[default]
    OdeRnn,
    /// A GRU that is told the gaps between measurements.
    Rnn,
}

/// What moves the latent state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Generation {
    /// dz/dt = f(z).
    #[default]
    Ode,
    /// A GRU that is told the gaps between the times asked for (RNN-VAE).
    Rnn,
}

/// Whether when something was measured is modelled beside what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Arrivals {
    /// Measurement times are given.
    #[default]
    Given,
    /// The measurements of feature j arrive as a Poisson process of rate λⱼ(z(t)). The published model has further latent
    /// columns for the rates; here they are read from the same z as the values.
    Poisson,
}

/// What a path is trained on where an individual is shown up to `until` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Learns {
    /// All that was measured, so that the path comes through what was shown: what few individuals need.
    #[default]
    Whole,
    /// What comes after, as published.
    Rest,
}

/// What the divergence from the prior is divided by, where the log-likelihood is a mean over measured values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PriorShare {
    /// The individual's measured values: the evidence lower bound a value, where its features are measured equally often.
    /// Where they are not, the log-likelihood is the mean over features that the published score takes, each value of a
    /// rare feature weighs more than one of a frequent one, and the prior has the weight it has in the bound of as many
    /// values.
    #[default]
    Values,
    /// The latent columns, as in the program of Rubanova et al.: of individuals with hundreds of values the prior then
    /// weighs many times too much, unless `noise` is small.
    Latents,
}

/// Settings of latent ODEs and their kin.
///
/// | name | default | range |
/// |---|---|---|
/// | `recognition` | `ode-rnn` | `ode-rnn`, `rnn` |
/// | `generation` | `ode` | `ode`, `rnn` |
/// | `arrivals` | `given` | `given`, `poisson` (with `generation` `ode`) |
/// | `latents` | 10 | columns of z, 1 to 4096 |
/// | `state` | 40 | columns of the recognition's state, 1 to 4096 |
/// | `noise` | 0.1 | > 0; standard deviation of a measurement, in network units |
/// | `kl_wait` | 10 | epochs before the KL term enters, as 1 − 0.99ᵉ |
/// | `prior` | `values` | `values`, `latents`; what the KL term is divided by |
/// | `label_weight` | 0 | ≥ 0; of the cross-entropy of the labels; 0 for none, 100 as published |
/// | `classifier` | [300, 300] | widths of the layers between z₀ and the log-odds of a label, 1 to 4096 |
/// | `decoder` | [] | widths of the layers between z and what is measured, 1 to 4096; none is an affine map |
/// | `shown` | 1 | (0, 1]; the random fraction of its times that an individual is recognised from |
/// | `until` | 1 | (0, 1]; the fraction of the whole span that is shown |
/// | `learns` | `whole` | `whole`, `rest`; what a path is trained on where `until` is below 1 |
/// | `span` | 5 | > 0; network time from the first to the last measurement of all; fast courses need more |
/// | `longest` | 0.02 | > 0; the longest Euler step of the recognition, in whole spans |
/// | `rtol`, `atol` | 1e-3, 1e-4 | > 0; of the generating solve |
/// | `fit` | 3 × 50 tanh, batch 50, lr 5e-3 | `hidden` are the layers of both ODEs, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LatentConfig {
    /// What reads the measurements.
    pub recognition: Recognition,
    /// What moves the latent state.
    pub generation: Generation,
    /// Whether times are modelled.
    pub arrivals: Arrivals,
    /// Columns of the latent state.
    pub latents: usize,
    /// Columns of the recognition's state.
    pub state: usize,
    /// Standard deviation of a measurement.
    pub noise: f64,
    /// Epochs before the KL term enters.
    pub kl_wait: u64,
    /// What the KL term is divided by.
    pub prior: PriorShare,
    /// Weight of the labels' cross-entropy.
    pub label_weight: f64,
    /// Widths of the classifier's hidden layers.
    pub classifier: Vec<usize>,
    /// Widths of the decoder's hidden layers.
    pub decoder: Vec<usize>,
    /// Fraction of times that are shown.
    pub shown: f64,
    /// Fraction of the span that is shown.
    pub until: f64,
    /// What is learnt where `until` is below 1.
    pub learns: Learns,
    /// Network time of the whole span.
    pub span: f64,
    /// The longest Euler step of the recognition.
    pub longest: f64,
    /// Relative tolerance of the generating solve.
    pub rtol: f64,
    /// Absolute tolerance of the generating solve.
    pub atol: f64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for LatentConfig {
    fn default() -> Self {
        Self {
            recognition: Recognition::default(),
            generation: Generation::default(),
            arrivals: Arrivals::default(),
            latents: 10,
            state: 40,
            noise: 0.1,
            kl_wait: 10,
            prior: PriorShare::default(),
            label_weight: 0.0,
            classifier: vec![300, 300],
            decoder: Vec::new(),
            shown: 1.0,
            until: 1.0,
            learns: Learns::default(),
            span: 5.0,
            longest: 0.02,
            rtol: 1e-3,
            atol: 1e-4,
            fit: Fit {
                hidden: vec![50; 3],
                activation: Activation::Tanh,
                batch: 50,
                steps: 5000,
                lr: 5e-3,
                ..Fit::default()
            },
        }
    }
}

impl LatentConfig {
    /// An RNN-VAE: both sides recurrent.
    pub fn rnn_vae() -> Self {
        Self { recognition: Recognition::Rnn, generation: Generation::Rnn, ..Self::default() }
    }

    /// The name of the method the settings amount to.
    pub fn method(&self) -> &'static str {
        match (self.generation, self.recognition, self.arrivals) {
            (Generation::Ode, Recognition::OdeRnn, Arrivals::Given) => "Latent ODE",
            (Generation::Ode, Recognition::OdeRnn, Arrivals::Poisson) => "Latent ODE (Poisson)",
            (Generation::Ode, Recognition::Rnn, Arrivals::Given) => "Latent ODE (RNN encoder)",
            (Generation::Ode, Recognition::Rnn, Arrivals::Poisson) => "Latent ODE (RNN encoder, Poisson)",
            (Generation::Rnn, Recognition::Rnn, _) => "RNN-VAE",
            (Generation::Rnn, Recognition::OdeRnn, _) => "RNN-VAE (ODE-RNN encoder)",
        }
    }

    /// The clock on which the whole span takes `span`.
    pub(super) fn clock(&self, clock: Clock) -> Clock {
        Clock { unit: clock.unit / self.span, ..clock }
    }

    pub(super) fn tolerance(&self) -> Tolerance {
        Tolerance { rtol: self.rtol, atol: self.atol }
    }
}

impl Recipe for LatentConfig {
    type Data = Series;
    type Objective = LatentObjective;
    type Trained = LatentSeries;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn check(&self) -> Result<(), ModelError> {
        let fraction = |name, value: f64| require(name, value, value > 0.0 && value <= 1.0, "in (0, 1]");
        let positive = |name, value: f64| require(name, value, value > 0.0, "a number above 0");
        let width = |name, n: usize| require(name, n as f64, (1..=4096).contains(&n), "1 to 4096");
        width("latents", self.latents)?;
        width("state", self.state)?;
        positive("noise", self.noise)?;
        require("label_weight", self.label_weight, self.label_weight >= 0.0, "a number of 0 or more")?;
        self.classifier.iter().try_for_each(|&n| width("classifier", n))?;
        self.decoder.iter().try_for_each(|&n| width("decoder", n))?;
        fraction("shown", self.shown)?;
        fraction("until", self.until)?;
        require("longest", self.longest, self.longest >= 1e-5, "1e-5 or more")?;
        positive("span", self.span)?;
        positive("rtol", self.rtol)?;
        positive("atol", self.atol)?;
        match (self.arrivals, self.generation) {
            (Arrivals::Poisson, Generation::Rnn) => {
                Err(ModelError::Setting { name: "arrivals", rule: "given where the generation is rnn" })
            }
            _ => Ok(()),
        }
    }

    fn objective(&self, space: &Space) -> Result<LatentObjective, ModelError> {
        Ok(LatentObjective::new(LatentNets::new(self, space.frame.dims())?, self))
    }

    fn batches<'d>(
        &self,
        data: &'d Series,
        space: &Space,
    ) -> Result<Batches<'d, LatentObjective>, ModelError> {
        if self.label_weight > 0.0 && data.labelled() == 0 {
            return Err(SeriesError::NoLabels { model: self.method() }.into());
        }
        Ok(Box::new(LatentBatches::new(data, self.clock(space.clock), self)))
    }

    fn trained(&self, objective: LatentObjective, space: Space) -> LatentSeries {
        LatentSeries { nets: objective.nets, config: self.clone(), space }
    }
}
