//! The multilayer perceptron as a [`Network`].

mod backward;
mod forward;
mod gradient;
#[cfg(test)]
mod tests;

use crate::kernel::{Element, Machine};
use crate::layer::Layer;
use crate::memory::Plan;
use crate::{MlpConfig, MlpMemory, NnError};
use chreode_core::{Network, ParameterView};
use forward::Keep;
use gradient::Task;
use ndarray::{ArrayView2, ArrayViewMut2};
use rand::{Rng, RngExt};
use rayon::prelude::*;

/// Multiply-adds from which a pass is shared between threads: waking another costs tens of microseconds.
const SHARED: usize = 1 << 23;

/// Multiply-adds of the smallest share.
const SHARE: usize = 1 << 20;

/// v(t, x) = W_L φ(… φ(W₁ [t, x] + b₁) …) + b_L, on rows.
///
/// Time is the first input, as a raw scalar. Parameters are named as in PyTorch: `layers.0.weight` of
/// shape `[out, in]`, `layers.0.bias`, `layers.1.weight`, and so on. Rows are computed in fixed tiles
/// and every sum has a fixed order: a row gives the same bits in any batch, and a gradient the same
/// bits for any number of threads. On another instruction set results agree to rounding.
///
/// # Panics
/// [`forward`](Network::forward) and [`pullback`](Network::pullback) if the shapes of their arguments
/// contradict [`width`](Network::width), [`layout`](Network::layout) or each other.
#[derive(Clone, Debug)]
pub struct Mlp<A> {
    config: MlpConfig,
    layout: Vec<ParameterView>,
    layers: Vec<Layer<A>>,
    plan: Plan,
    tasks: Vec<Task>,
    machine: Machine,
}

impl<A: Element> Mlp<A> {
    /// A network with PyTorch's default initialisation: weights and biases uniform on ±1/√fan_in.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`] and [`NnError::TooWide`].
    pub fn new(config: MlpConfig, rng: &mut impl Rng) -> Result<Self, NnError> {
        let mut network = Self::zeros(config)?;
        let mut flat = network.parameters();
        for layer in &network.layers {
            let bound = 1.0 / (layer.inputs as f64).sqrt();
            for p in &mut flat[layer.weight..layer.bias + layer.outputs] {
                *p = A::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0));
            }
        }
        network.write_parameters(&flat);
        Ok(network)
    }

    /// A network whose parameters are all zero, to be filled from a checkpoint.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn zeros(config: MlpConfig) -> Result<Self, NnError> {
        config.check()?;
        let widths = config.widths();
        let mut offset = 0;
        let mut layout = Vec::new();
        let mut layers = Vec::new();
        for (i, pair) in widths.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let layer = Layer::new(inputs, outputs, usize::from(i == 0), offset);
            let (weight, bias) = (format!("layers.{i}.weight"), format!("layers.{i}.bias"));
            layout.push(ParameterView { name: weight, shape: vec![outputs, inputs], offset });
            layout.push(ParameterView { name: bias, shape: vec![outputs], offset: layer.bias });
            offset = layer.bias + outputs;
            layers.push(layer);
        }
        let plan = Plan::new::<A>(&config);
        let tasks = gradient::tasks(&layers);
        Ok(Self { config, layout, layers, plan, tasks, machine: Machine::detect() })
    }

    /// Its shape.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    fn expect_parameters(&self, flat: &[A]) {
        let count = self.parameter_count();
        assert_eq!(flat.len(), count, "the flat vector must have as many entries as there are parameters");
    }

    /// The same network on other instructions, to compare them.
    #[cfg(test)]
    pub(crate) fn on(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }
}

impl<A: Element> Network for Mlp<A> {
    type Scalar = A;
    type Memory = MlpMemory<A>;

    fn width(&self) -> (usize, usize) {
        (self.config.state, self.config.output)
    }

    fn layout(&self) -> &[ParameterView] {
        &self.layout
    }

    fn read_parameters(&self, flat: &mut [A]) {
        self.expect_parameters(flat);
        self.layers.iter().for_each(|layer| layer.unpack(flat));
    }

    fn write_parameters(&mut self, flat: &[A]) {
        self.expect_parameters(flat);
        // To pack an entry takes as long as tens of multiply-adds.
        if parallel(16 * flat.len()) {
            self.layers.par_iter_mut().for_each(|layer| layer.pack(flat));
        } else {
            self.layers.iter_mut().for_each(|layer| layer.pack(flat));
        }
    }

    fn forward(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut MlpMemory<A>) {
        self.run_forward(t, x, out, memory, Keep::Values);
    }

    fn velocity(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut MlpMemory<A>) {
        self.run_forward(t, x, out, memory, Keep::Nothing);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut MlpMemory<A>,
    ) {
        let wanted = if params.is_some() { gradient::entries(&self.tasks) } else { 0 };
        memory.prepare_pullback(&self.plan, wanted);
        self.run_backward(a, state, memory);
        if let Some(params) = params {
            self.run_gradient(params, memory);
        }
    }
}

/// Whether `multiply_adds` are worth a second thread.
fn parallel(multiply_adds: usize) -> bool {
    multiply_adds >= SHARED && rayon::current_num_threads() > 1
}
