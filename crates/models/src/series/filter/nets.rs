//! The networks of a filter.

use super::config::{FilterConfig, Update};
use crate::series::modules::{Modules, gru_input, gru_state, perceptron};
use crate::series::walk::Walk;
use crate::{ModelError, Net};
use chreode_core::{Network, Seed};
use chreode_nn::{Activation, Columns, Dense, Field, Function, GraphBuilder, Join, Masked, Pointwise};
use ndarray::Array2;
use rand::Rng;

/// All of them.
#[derive(Debug)]
pub(super) struct FilterNets {
    pub(super) features: usize,
    pub(super) walk: Walk<Net>,
    /// h to the expected values; of GRU-ODE-Bayes, and then to s with deviation e⁻ˢ.
    pub(super) readout: Net,
    /// Where the readout's parameters are those of the jump: its first ones.
    pub(super) tied: bool,
    /// The log-odds of the label, of the last h.
    pub(super) classifier: Option<Net>,
}

impl FilterNets {
    pub(super) fn new(config: &FilterConfig, features: usize) -> Result<Self, ModelError> {
        let rng = &mut Seed(config.fit.seed).stream("networks", 0);
        let FilterConfig { state, update, .. } = *config;
        let (hidden, activation) = (&config.fit.hidden[..], config.fit.activation);
        let net = |field: Field<f32>| config.fit.device.network(field);
        let tied = update == Update::GruOdeBayes;
        let walk = match update {
            Update::OdeRnn => Walk {
                input: Some(net(gru_input(2 * features, state, rng)?)?),
                flow: Some(net(perceptron(state, hidden, activation, state, rng)?)?),
                jump: net(gru_state(state, rng)?)?,
                state,
            },
            Update::Rnn => Walk {
                input: Some(net(gru_input(2 * features + 1, state, rng)?)?),
                flow: None,
                jump: net(gru_state(state, rng)?)?,
                state,
            },
            Update::GruOdeBayes => {
                let mut build = GraphBuilder::new(state);
                let h = build.input();
                let flow = build.gru_flow("gru", h, rng)?;
                let flow = Some(net(Field::autonomous(build.finish(flow)?))?);
                Walk { input: None, flow, jump: net(bayesian(features, config, rng)?)?, state }
            }
        };
        let outputs = if tied { 2 * features } else { features };
        let hidden = if tied { &[config.readout][..] } else { &[][..] };
        let readout = net(perceptron(state, hidden, Activation::Relu, outputs, rng)?)?;
        let classifier = (config.label_weight > 0.0)
            .then(|| net(perceptron(state, &[config.readout], Activation::Relu, 1, rng)?))
            .transpose()?;
        let mut nets = Self { features, walk, readout, tied, classifier };
        nets.tie();
        Ok(nets)
    }

    fn tie(&mut self) {
        if self.tied {
            let flat = self.walk.jump.parameters();
            self.readout.write_parameters(&flat[..self.readout.parameter_count()]);
        }
    }
}

impl Modules for FilterNets {
    fn modules(&self) -> Vec<(String, &Net)> {
        let mut all: Vec<(String, &Net)> = Vec::new();
        all.extend(self.walk.modules().into_iter().map(|(name, net)| (name.to_string(), net)));
        if !self.tied {
            all.push(("readout".into(), &self.readout));
        }
        all.extend(self.classifier.iter().map(|net| ("classifier".to_string(), net)));
        all
    }

    fn modules_mut(&mut self) -> Vec<&mut Net> {
        let mut all = self.walk.modules_mut();
        if !self.tied {
            all.push(&mut self.readout);
        }
        all.extend(self.classifier.iter_mut());
        all
    }

    fn write_all(&mut self, flat: &[f32]) {
        let parts = self.parts();
        for (k, net) in self.modules_mut().into_iter().enumerate() {
            net.write_parameters(&flat[parts.range(k)]);
        }
        self.tie();
    }
}

/// The jump of GRU-ODE-Bayes on rows `[x, mask a prepared column, h]` (equations 4 and 5 there).
///
/// The forecast m, s of h comes first; the error is (x − m) eˢ; x, m, s and the error of a feature make its `prep` columns,
/// which are 0 where the feature was not measured; a GRU cell takes them all.
fn bayesian(features: usize, config: &FilterConfig, rng: &mut impl Rng) -> Result<Field<f32>, ModelError> {
    let FilterConfig { state, prep, readout, .. } = *config;
    let prepared = features * prep;
    let width = features + prepared + state;
    let mut build = GraphBuilder::new(width);
    let row = build.input();
    let h = build.layer("h", Columns::new(width, features + prepared..width), row)?;
    let hidden = build.layer("p.layers.0", Dense::new(state, readout, rng).then(Activation::Relu), h)?;
    let p = build.layer("p.layers.1", Dense::new(readout, 2 * features, rng), hidden)?;
    let x = build.layer("x", Columns::new(width, 0..features), row)?;
    let mask = build.layer("mask", Columns::new(width, features..features + prepared), row)?;
    let mean = build.layer("mean", Columns::new(2 * features, 0..features), p)?;
    let s = build.layer("s", Columns::new(2 * features, features..2 * features), p)?;
    let precision = build.layer("precision", Pointwise::new(features, Function::Exp), s)?;
    let error = build.join(Join::Subtract, x, mean)?;
    let error = build.join(Join::Multiply, error, precision)?;
    let all = build.join(Join::Concatenate, x, p)?;
    let all = build.join(Join::Concatenate, all, error)?;
    // Column j of each of x, m, s and the error belongs to feature j.
    let own =
        Array2::from_shape_fn(
            (prepared, 4 * features),
            |(to, from)| {
                if from % features == to / prep { 1.0 } else { 0.0 }
            },
        );
    let columns = build.layer("prep", Masked::new(own.view(), rng)?, all)?;
    let columns = build.layer("prep relu", Pointwise::new(prepared, Activation::Relu), columns)?;
    let columns = build.join(Join::Multiply, columns, mask)?;
    let next = build.gru_cell("gru", columns, h, rng)?;
    Ok(Field::autonomous(build.finish(next)?))
}
