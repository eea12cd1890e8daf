//! The mean square of a path's distance from what was measured, and its gradient.

use super::batch::{PathBatch, Start};
use super::config::{NeuralOdeConfig, Order};
use crate::series::modules::{Modules, autonomous, perceptron};
use crate::timeless::timeless;
use crate::{ModelError, Net, NetMemory, Objective};
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{Network, NetworkField, ParameterView, Seed, Tolerance};
use chreode_nn::{Columns, Dense, Field, GraphBuilder, Join};
use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
use ndarray::{Array2, Zip, s};

/// The field, and for the second order the correction of the initial velocity.
#[derive(Debug)]
pub(super) struct PathNets {
    pub(super) features: usize,
    pub(super) width: usize,
    pub(super) field: Net,
    pub(super) velocity: Option<Net>,
}

impl PathNets {
    pub(super) fn new(config: &NeuralOdeConfig, features: usize) -> Result<Self, ModelError> {
        let rng = &mut Seed(config.fit.seed).stream("networks", 0);
        let (hidden, activation) = (&config.fit.hidden[..], config.fit.activation);
        let net = |field: Field<f32>| config.fit.device.network(field);
        let (field, velocity, width) = match config.order {
            Order::First => {
                let width = features + config.augment;
                (net(autonomous(width, hidden, activation, rng)?)?, None, width)
            }
            Order::Second => {
                let positions = features + config.augment;
                let width = 2 * positions;
                let mut build = GraphBuilder::new(1 + width);
                let input = build.input();
                let state = build.layer("state", Columns::new(1 + width, 1..1 + width), input)?;
                let v = build.layer("velocity", Columns::new(1 + width, 1 + positions..1 + width), input)?;
                let mut level = state;
                for (k, &units) in hidden.iter().enumerate() {
                    let layer = Dense::new(build.width(level), units, rng).then(activation);
                    level = build.layer(&format!("layers.{k}"), layer, level)?;
                }
                let last = Dense::new(build.width(level), positions, rng);
                let force = build.layer(&format!("layers.{}", hidden.len()), last, level)?;
                let both = build.join(Join::Concatenate, v, force)?;
                let velocity = perceptron(2 * features + 1, hidden, activation, features, rng)?;
                (net(Field::new(build.finish(both)?))?, Some(net(velocity)?), width)
            }
        };
        Ok(Self { features, width, field, velocity })
    }

    /// The first state: x₀, the initial velocity where there is one, and zeros.
    ///
    /// The velocity is `s + h g(x₀, s, h)` of the slope s to the second measurement and the time h until then: as h
    /// shrinks, the slope itself; g learns −x″/2 and what follows it in the expansion.
    pub(super) fn start(&self, start: &Start, memory: &mut NetMemory) -> Array2<f32> {
        let features = self.features;
        let mut y = Array2::zeros((start.x.nrows(), self.width));
        y.slice_mut(s![.., ..features]).assign(&start.x);
        if let (Some(net), Some(motion)) = (&self.velocity, &start.motion) {
            let mut velocity = timeless(net, motion.view(), memory);
            velocity *= &motion.slice(s![.., 2 * features..]);
            velocity += &motion.slice(s![.., features..2 * features]);
            let first = self.width / 2;
            y.slice_mut(s![.., first..first + features]).assign(&velocity);
        }
        y
    }
}

impl Modules for PathNets {
    fn modules(&self) -> Vec<(String, &Net)> {
        let mut all: Vec<(String, &Net)> = vec![("field".into(), &self.field)];
        all.extend(self.velocity.iter().map(|net| ("velocity".to_string(), net)));
        all
    }

    fn modules_mut(&mut self) -> Vec<&mut Net> {
        let mut all: Vec<&mut Net> = vec![&mut self.field];
        all.extend(self.velocity.iter_mut());
        all
    }
}

/// `mean (x(tᵢ) − xᵢ)²` over measured values, with the gradient through the steps of the solve.
pub struct PathObjective {
    pub(super) nets: PathNets,
    tolerance: Tolerance,
    memory: NetMemory,
    /// What the last solve kept.
    solved: usize,
}

impl PathObjective {
    pub(super) fn new(nets: PathNets, tolerance: Tolerance) -> Self {
        Self { nets, tolerance, memory: NetMemory::default(), solved: 0 }
    }
}

/// How paths are solved.
pub(super) fn solver(tolerance: Tolerance) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(DOPRI5), Pi::new(tolerance))
}

impl Objective for PathObjective {
    type Batch = PathBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.nets.parts().layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.nets.read_all(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.nets.write_all(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &PathBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let nets = &self.nets;
        let y0 = nets.start(&batch.start, &mut self.memory);
        let (solve, field) = (solver(self.tolerance), NetworkField::new(&nets.field));
        let adjoint = Discrete::default().times(Times::Constant);
        let (states, tape) = adjoint.forward(&solve, &field, y0, &batch.picks.grid)?;
        self.solved = tape.bytes(batch.start.x.nrows() * nets.width * size_of::<f32>());
        let mut x = batch.picks.gather(&states, nets.features);
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
        let found = adjoint.backward(&solve, &field, &tape, &batch.picks.scatter(&x, nets.width))?;
        let by_field = found.params.as_slice().expect("a flat gradient");
        gradient[..by_field.len()].copy_from_slice(by_field);
        if let Some(net) = &nets.velocity {
            let first = nets.width / 2;
            let mut by_velocity = found.y0.slice(s![.., first..first + nets.features]).to_owned();
            if let Some(motion) = &batch.start.motion {
                by_velocity *= &motion.slice(s![.., 2 * nets.features..]);
            }
            let into = Some(&mut gradient[by_field.len()..]);
            net.pullback(by_velocity.view(), None, into, &mut self.memory);
        }
        Ok(loss)
    }

    fn solve_bytes(&self) -> usize {
        self.solved
    }
}
