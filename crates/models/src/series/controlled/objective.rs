//! What forecasts and labels lose, and the gradient.

use super::batch::{ControlBatch, Places};
use super::config::CdeConfig;
use super::control::{Control, Driven};
use crate::series::latent::cross_entropy;
use crate::series::modules::{Modules, perceptron};
use crate::timeless::{timeless, timeless_into};
use crate::{ModelError, Net, NetMemory, Objective};
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{Network, ParameterView, Seed};
use chreode_nn::{Activation, Dense, Field, GraphBuilder};
use chreode_ode::{ExplicitRk, Fixed, MIDPOINT, Solve};
use ndarray::{Array2, Axis, Zip, s};

/// The networks.
#[derive(Debug)]
pub(super) struct CdeNets {
    pub(super) features: usize,
    pub(super) state: usize,
    /// ζ: the path's start to z.
    start: Net,
    /// F: z to a matrix of `state` rows and a column a channel, between −1 and 1.
    pub(super) field: Net,
    /// z and a gap to the expected values, with the hidden layers of F.
    readout: Net,
    /// The log-odds of the label, of the last z.
    pub(super) classifier: Option<Net>,
}

impl CdeNets {
    pub(super) fn new(config: &CdeConfig, features: usize) -> Result<Self, ModelError> {
        let rng = &mut Seed(config.fit.seed).stream("networks", 0);
        let (state, channels) = (config.state, features + 1);
        let (hidden, activation) = (&config.fit.hidden[..], config.fit.activation);
        let net = |field: Field<f32>| config.fit.device.network(field);
        let start = net(perceptron(channels, &[], activation, state, rng)?)?;
        let mut build = GraphBuilder::new(state);
        let mut level = build.input();
        for (k, &units) in hidden.iter().enumerate() {
            let layer = Dense::new(build.width(level), units, rng).then(activation);
            level = build.layer(&format!("layers.{k}"), layer, level)?;
        }
        let last = Dense::new(build.width(level), state * channels, rng).then(Activation::Tanh);
        level = build.layer(&format!("layers.{}", hidden.len()), last, level)?;
        let field = net(Field::autonomous(build.finish(level)?))?;
        let readout = net(perceptron(state + 1, hidden, activation, features, rng)?)?;
        let classifier = (config.label_weight > 0.0)
            .then(|| net(perceptron(state, &[], activation, 1, rng)?))
            .transpose()?;
        Ok(Self { features, state, start, field, readout, classifier })
    }

    /// z where the paths start.
    fn first(&self, control: &Control, memory: &mut NetMemory) -> Array2<f32> {
        timeless(&self.start, control.start(self.features + 1).view(), memory)
    }

    /// The driven equation.
    fn driven<'n>(&'n self, control: &'n Control) -> Driven<'n> {
        Driven { net: &self.field, control, channels: self.features + 1 }
    }

    /// The forecasts at places, from the states of the grid.
    fn read(&self, states: &[Array2<f32>], places: &Places, memory: &mut NetMemory) -> Array2<f32> {
        let z = places.picks.gather(states, self.state);
        let gaps =
            Array2::from_shape_vec((places.gaps.len(), 1), places.gaps.clone()).expect("one gap a pick");
        let rows = ndarray::concatenate(Axis(1), &[z.view(), gaps.view()]).expect("as many rows");
        let mut x = Array2::zeros((rows.nrows(), self.features));
        if x.nrows() > 0 {
            timeless_into(&self.readout, rows.view(), x.view_mut(), memory);
        }
        x
    }

    /// Forecasts at places, and the log-odds of the labels.
    pub(super) fn predict(
        &self,
        control: &Control,
        places: &Places,
        substeps: usize,
    ) -> Result<(Array2<f32>, Option<Array2<f32>>), ModelError> {
        let z0 = self.first(control, &mut NetMemory::default());
        let states = solver(control, substeps).at(&self.driven(control), z0, &places.picks.grid)?;
        let x = self.read(&states, places, &mut NetMemory::default());
        let last = states.last().expect("the grid has a time");
        let odds = |net: &Net| timeless(net, last.view(), &mut NetMemory::default());
        let odds = self.classifier.as_ref().map(odds);
        Ok((x, odds))
    }
}

impl Modules for CdeNets {
    fn modules(&self) -> Vec<(String, &Net)> {
        let mut all: Vec<(String, &Net)> = vec![
            ("start".into(), &self.start),
            ("field".into(), &self.field),
            ("readout".into(), &self.readout),
        ];
        all.extend(self.classifier.iter().map(|net| ("classifier".to_string(), net)));
        all
    }

    fn modules_mut(&mut self) -> Vec<&mut Net> {
        let mut all: Vec<&mut Net> = vec![&mut self.start, &mut self.field, &mut self.readout];
        all.extend(self.classifier.iter_mut());
        all
    }
}

/// Midpoint steps, a whole number of them a piece: no stage of the method is at a step's end, where the path bends.
fn solver(control: &Control, substeps: usize) -> Solve<ExplicitRk, Fixed> {
    let steps = control.pieces() * substeps;
    Solve::new(ExplicitRk::new(MIDPOINT), Fixed::steps(steps)).max_steps(steps + 1)
}

/// The mean square of forecasts of the next measurement, over measured values, plus `label_weight` times the cross-entropy
/// of the labels.
pub struct CdeObjective {
    pub(super) nets: CdeNets,
    substeps: usize,
    label_weight: f64,
    start: NetMemory,
    readout: NetMemory,
    classifier: NetMemory,
    /// What the last solve kept.
    solved: usize,
}

impl CdeObjective {
    pub(super) fn new(nets: CdeNets, config: &CdeConfig) -> Self {
        Self {
            nets,
            substeps: config.substeps,
            label_weight: config.label_weight,
            start: NetMemory::default(),
            readout: NetMemory::default(),
            classifier: NetMemory::default(),
            solved: 0,
        }
    }
}

impl Objective for CdeObjective {
    type Batch = ControlBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.nets.parts().layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.nets.read_all(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.nets.write_all(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &ControlBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let nets = &self.nets;
        let parts = nets.parts();
        let z0 = nets.first(&batch.control, &mut self.start);
        let (solve, field) = (solver(&batch.control, self.substeps), nets.driven(&batch.control));
        let adjoint = Discrete::default().times(Times::Constant);
        let (states, tape) = adjoint.forward(&solve, &field, z0, &batch.places.picks.grid)?;
        self.solved = tape.bytes(batch.control.rows() * nets.state * size_of::<f32>());
        let mut x = nets.read(&states, &batch.places, &mut self.readout);
        let mut loss = 0.0;
        Zip::from(&mut x).and(&batch.targets).and(&batch.weights).for_each(|x, &target, &weight| {
            let error = *x - target;
            loss += f64::from(weight * error * error);
            *x = 2.0 * weight * error;
        });
        if !loss.is_finite() {
            return Ok(loss);
        }
        gradient.fill(0.0);
        let mut drows = Array2::zeros((x.nrows(), nets.state + 1));
        let into = Some(&mut gradient[parts.range(2)]);
        nets.readout.pullback(x.view(), Some(drows.view_mut()), into, &mut self.readout);
        let dz = drows.slice(s![.., ..nets.state]).to_owned();
        let mut cotangents = batch.places.picks.scatter(&dz, nets.state);
        if let (Some(net), Some(last), Some(by_last)) =
            (&nets.classifier, states.last(), cotangents.last_mut())
        {
            let known = batch.labels.iter().flatten().count().max(1) as f64;
            let scale = self.label_weight / known;
            let mut odds = timeless(net, last.view(), &mut self.classifier);
            for (odds, label) in odds.iter_mut().zip(&batch.labels) {
                let (value, slope) = label.map_or((0.0, 0.0), |label| cross_entropy(*odds, label));
                loss += scale * value;
                *odds = (scale * slope) as f32;
            }
            let mut more = Array2::zeros(last.raw_dim());
            let into = Some(&mut gradient[parts.range(3)]);
            net.pullback(odds.view(), Some(more.view_mut()), into, &mut self.classifier);
            *by_last += &more;
        }
        let found = adjoint.backward(&solve, &field, &tape, &cotangents)?;
        gradient[parts.range(1)].copy_from_slice(found.params.as_slice().expect("a flat gradient"));
        let into = Some(&mut gradient[parts.range(0)]);
        nets.start.pullback(found.y0.view(), None, into, &mut self.start);
        Ok(loss)
    }

    fn solve_bytes(&self) -> usize {
        self.solved
    }
}
