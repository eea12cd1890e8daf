//! The networks of a latent-variable model of series.

use super::config::{Arrivals, Generation, LatentConfig, Recognition};
use crate::series::modules::{Modules, autonomous, gru_input, gru_state, perceptron};
use crate::series::walk::Walk;
use crate::{ModelError, Net};
use chreode_core::{Network, ParameterView, Seed};
use chreode_nn::{Activation, Columns, Dense, Field, Function, GraphBuilder, Join};
use rand::Rng;

/// Width of the hidden layer between the recognition's state and q(z₀), as published.
const HEAD: usize = 100;

/// What moves z.
#[derive(Debug)]
pub(crate) enum Motion {
    /// dz/dt = f(z); with Poisson arrivals, the integrals of the rates are further columns of the state.
    Ode(Net),
    /// z' = GRU(gap, z).
    Rnn(Walk<Net>),
}

/// ln λ(z), whose parameters are those of the rates within the motion.
#[derive(Debug)]
pub(crate) struct Rates {
    pub(crate) log: Net,
    /// Where its parameters begin in those of the motion.
    pub(crate) offset: usize,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct LatentNets {
    pub(crate) features: usize,
    pub(crate) latents: usize,
    pub(crate) encoder: Walk<Net>,
    /// The recognition's last state to the mean of q(z₀) and what the softplus of is its deviation.
    pub(crate) head: Net,
    pub(crate) motion: Motion,
    pub(crate) rates: Option<Rates>,
    pub(crate) decoder: Net,
    /// The log-odds of the label, of z₀.
    pub(crate) classifier: Option<Net>,
}

impl LatentNets {
    pub(crate) fn new(config: &LatentConfig, features: usize) -> Result<Self, ModelError> {
        let rng = &mut Seed(config.fit.seed).stream("networks", 0);
        let LatentConfig { latents, state, .. } = *config;
        let (hidden, activation) = (&config.fit.hidden[..], config.fit.activation);
        let net = |field: Field<f32>| config.fit.device.network(field);
        let gap = usize::from(config.recognition == Recognition::Rnn);
        let encoder = Walk {
            input: Some(net(gru_input(2 * features + gap, state, rng)?)?),
            flow: match config.recognition {
                Recognition::OdeRnn => Some(net(perceptron(state, hidden, activation, state, rng)?)?),
                Recognition::Rnn => None,
            },
            jump: net(gru_state(state, rng)?)?,
            state,
        };
        let head = net(perceptron(state, &[HEAD], Activation::Tanh, 2 * latents, rng)?)?;
        let (motion, rates) = match (config.generation, config.arrivals) {
            (Generation::Ode, Arrivals::Given) => {
                (Motion::Ode(net(autonomous(latents, hidden, activation, rng)?)?), None)
            }
            (Generation::Ode, Arrivals::Poisson) => {
                let field = with_rates(latents, features, hidden, activation, rng)?;
                let view = |view: &&ParameterView| view.name == "rates.weight";
                let offset = Network::layout(&field).iter().find(view).map_or(0, |view| view.offset);
                let log = net(perceptron(latents, &[], Activation::Tanh, features, rng)?)?;
                (Motion::Ode(net(field)?), Some(Rates { log, offset }))
            }
            (Generation::Rnn, _) => {
                let input = Some(net(gru_input(1, latents, rng)?)?);
                let jump = net(gru_state(latents, rng)?)?;
                (Motion::Rnn(Walk { input, flow: None, jump, state: latents }), None)
            }
        };
        let classifier = (config.label_weight > 0.0)
            .then(|| net(perceptron(latents, &config.classifier, Activation::Relu, 1, rng)?))
            .transpose()?;
        let decoder = net(perceptron(latents, &config.decoder, activation, features, rng)?)?;
        let mut nets = Self { features, latents, encoder, head, motion, rates, decoder, classifier };
        nets.tie();
        Ok(nets)
    }

    /// Gives the log-rates the parameters of the rates in the motion.
    fn tie(&mut self) {
        if let (Motion::Ode(field), Some(rates)) = (&self.motion, &mut self.rates) {
            let flat = field.parameters();
            rates.log.write_parameters(&flat[rates.offset..][..rates.log.parameter_count()]);
        }
    }

    /// Columns of the state that the motion moves.
    pub(crate) fn width(&self) -> usize {
        self.latents + if self.rates.is_some() { self.features } else { 0 }
    }
}

impl Modules for LatentNets {
    fn modules(&self) -> Vec<(String, &Net)> {
        let mut all: Vec<(String, &Net)> = Vec::new();
        all.extend(self.encoder.modules().into_iter().map(|(name, net)| (format!("encoder.{name}"), net)));
        all.push(("head".into(), &self.head));
        match &self.motion {
            Motion::Ode(field) => all.push(("motion".into(), field)),
            Motion::Rnn(walk) => {
                all.extend(walk.modules().into_iter().map(|(name, net)| (format!("motion.{name}"), net)));
            }
        }
        all.push(("decoder".into(), &self.decoder));
        all.extend(self.classifier.iter().map(|net| ("classifier".to_string(), net)));
        all
    }

    fn modules_mut(&mut self) -> Vec<&mut Net> {
        let mut all = self.encoder.modules_mut();
        all.push(&mut self.head);
        match &mut self.motion {
            Motion::Ode(field) => all.push(field),
            Motion::Rnn(walk) => all.extend(walk.modules_mut()),
        }
        all.push(&mut self.decoder);
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

/// d[z, Λ]/dt = [f(z), exp(W z + b)]: the motion and the integrals of the rates.
fn with_rates(
    latents: usize,
    features: usize,
    hidden: &[usize],
    activation: Activation,
    rng: &mut impl Rng,
) -> Result<Field<f32>, ModelError> {
    let width = 1 + latents + features;
    let mut build = GraphBuilder::new(width);
    let input = build.input();
    let z = build.layer("z", Columns::new(width, 1..1 + latents), input)?;
    let mut level = z;
    for (k, &units) in hidden.iter().enumerate() {
        let layer = Dense::new(build.width(level), units, rng).then(activation);
        level = build.layer(&format!("layers.{k}"), layer, level)?;
    }
    let last = Dense::new(build.width(level), latents, rng);
    let f = build.layer(&format!("layers.{}", hidden.len()), last, level)?;
    let rates = build.layer("rates", Dense::new(latents, features, rng).then(Function::Exp), z)?;
    let both = build.join(Join::Concatenate, f, rates)?;
    Ok(Field::new(build.finish(both)?))
}
