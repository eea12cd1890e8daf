//! The regression of a velocity under conditions.

use super::{ConditionalBatch, rows};
use crate::objective::residual;
use crate::{ModelError, Net, NetMemory, Objective};
use chreode_core::{Network, ParameterView};
use ndarray::Array2;

/// `L(θ) = mean |v_θ(t, x | c) − u|²` over rows and columns.
pub struct ConditionalRegression {
    /// The network that is regressed, on rows `[x, c]`.
    pub network: Net,
    memory: NetMemory,
    output: Array2<f32>,
}

impl ConditionalRegression {
    /// The regression of `network`, on rows `[x, c]`.
    pub fn new(network: Net) -> Self {
        Self { network, memory: NetMemory::default(), output: Array2::zeros((0, 0)) }
    }
}

impl Objective for ConditionalRegression {
    type Batch = ConditionalBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.network.layout().to_vec()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.network.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.network.write_parameters(flat);
    }

    fn loss(
        &mut self,
        _stage: usize,
        batch: &ConditionalBatch,
        gradient: &mut [f32],
    ) -> Result<f64, ModelError> {
        let ConditionalBatch { flow, conditions } = batch;
        if self.output.raw_dim() != flow.u.raw_dim() {
            self.output = Array2::zeros(flow.u.raw_dim());
        }
        let Self { network, memory, output } = self;
        let rows = rows(flow.x.view(), conditions.view());
        network.forward(&flow.t, rows.view(), output.view_mut(), memory);
        let loss = residual(output, &flow.u);
        if loss.is_finite() {
            network.pullback(output.view(), None, Some(gradient), memory);
        }
        Ok(loss)
    }
}
