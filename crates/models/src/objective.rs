//! What a training step minimises.

use crate::{Batch, ModelError};
use chreode_core::{Network, ParameterView};
use ndarray::Array2;

/// A loss of a batch and its gradient: what a model adds to the one training loop.
///
/// The parameters of all networks of a model are one flat vector with named parts. A loss is a function of the
/// parameters and the batch alone: random numbers, such as a Hutchinson probe or the noise of a latent state, are
/// drawn with the batch, so that a resumed run is the uninterrupted one.
pub trait Objective {
    /// What a step consumes.
    type Batch: Send;

    /// The named parts of the flat parameter vector, in order, without gaps.
    fn layout(&self) -> Vec<ParameterView>;

    /// Copies the parameters into `flat`.
    fn read_parameters(&self, flat: &mut [f32]);

    /// Sets the parameters from `flat`.
    fn write_parameters(&mut self, flat: &[f32]);

    /// The loss of `batch` in stage `stage` of training; sets `gradient`, of the length of the parameters. Only the
    /// entries of the parameters that the stage moves are used.
    ///
    /// # Errors
    /// Whatever keeps the loss from being computed, e.g. a failed solve.
    fn loss(&mut self, stage: usize, batch: &Self::Batch, gradient: &mut [f32]) -> Result<f64, ModelError>;

    /// Bytes that the solves of the last loss kept for its gradient: states, stages, and what the networks left at each of
    /// them. 0 where no equation is solved.
    fn solve_bytes(&self) -> usize {
        0
    }

    /// The number of parameters.
    fn parameter_count(&self) -> usize {
        self.layout().last().map_or(0, |last| last.offset + last.size())
    }
}

/// `L(θ) = mean |v_θ(t, x) − u|²` over rows and columns: every matching loss.
pub struct Regression<N: Network<Scalar = f32>> {
    /// The network that is regressed.
    pub network: N,
    memory: N::Memory,
    output: Array2<f32>,
}

impl<N: Network<Scalar = f32>> Regression<N> {
    /// The regression of `network`.
    pub fn new(network: N) -> Self {
        Self { network, memory: N::Memory::default(), output: Array2::zeros((0, 0)) }
    }
}

impl<N: Network<Scalar = f32>> Objective for Regression<N> {
    type Batch = Batch;

    fn layout(&self) -> Vec<ParameterView> {
        self.network.layout().to_vec()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.network.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.network.write_parameters(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &Batch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        if self.output.raw_dim() != batch.u.raw_dim() {
            self.output = Array2::zeros(batch.u.raw_dim());
        }
        let Self { network, memory, output } = self;
        network.forward(&batch.t, batch.x.view(), output.view_mut(), memory);
        let loss = residual(output, &batch.u);
        if loss.is_finite() {
            network.pullback(output.view(), None, Some(gradient), memory);
        }
        Ok(loss)
    }
}

/// Turns predictions `v` into the cotangent `2 (v − u) / size` of the mean square; returns it, summed in `f64`.
pub(crate) fn residual(v: &mut Array2<f32>, u: &Array2<f32>) -> f64 {
    let size = v.len() as f64;
    let scale = (2.0 / size) as f32;
    let mut sum = 0.0;
    let v = v.as_slice_mut().expect("the objective's own array is contiguous");
    let u = u.as_slice().expect("a batch's arrays are contiguous");
    for (v, u) in v.iter_mut().zip(u) {
        let r = *v - *u;
        sum += f64::from(r) * f64::from(r);
        *v = scale * r;
    }
    sum / size
}
