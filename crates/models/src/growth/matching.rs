//! The loss of velocity and growth together.

use crate::{Fit, ModelError, Net, Objective, Parts, Space};
use chreode_core::{Network, ParameterView};
use chreode_nn::MlpConfig;
use ndarray::Array2;

/// Rows to regress on: `v(t[i], x[i])` should be `u[i]` and `g(t[i], x[i])` be `g[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthBatch {
    /// Network time of each row.
    pub t: Vec<f32>,
    /// A point on a path a row.
    pub x: Array2<f32>,
    /// The target velocity, per unit of network time, a row.
    pub u: Array2<f32>,
    /// The target growth rate, per unit of network time, a row; one column.
    pub g: Array2<f32>,
    /// What each row counts.
    pub weight: Vec<f32>,
}

/// `L(θ, φ) = Σᵢ wᵢ (|v_θ − uᵢ|² + κ |g_φ − gᵢ|²) / n`, two networks in one parameter vector.
///
/// With the mass of a row's path for its weight, the minimisers are the velocity and the growth rate of the population
/// that all paths make up together (Peng et al., ICLR 2026, arXiv:2601.06810).
pub struct VelocityGrowth<V: Network<Scalar = f32>, G: Network<Scalar = f32>> {
    /// The network of the velocity.
    pub velocity: V,
    /// The network of the growth rate; one output.
    pub growth: G,
    kappa: f64,
    parts: Parts,
    memory: (V::Memory, G::Memory),
    out: [Array2<f32>; 2],
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> VelocityGrowth<V, G> {
    /// The regression of both, growth counted `kappa` times.
    pub fn new(velocity: V, growth: G, kappa: f64) -> Self {
        let parts = Parts::default().with("velocity", &velocity).with("growth", &growth);
        let memory = Default::default();
        let out = [Array2::zeros((0, 0)), Array2::zeros((0, 0))];
        Self { velocity, growth, kappa, parts, memory, out }
    }
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> Objective for VelocityGrowth<V, G> {
    type Batch = GrowthBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.velocity.read_parameters(&mut flat[self.parts.range(0)]);
        self.growth.read_parameters(&mut flat[self.parts.range(1)]);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.velocity.write_parameters(&flat[self.parts.range(0)]);
        self.growth.write_parameters(&flat[self.parts.range(1)]);
    }

    fn loss(&mut self, _stage: usize, batch: &GrowthBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let Self { velocity, growth, kappa, parts, memory, out } = self;
        let (to_velocity, to_growth) = gradient.split_at_mut(parts.range(0).end);
        let moving = regress(velocity, batch, &batch.u, 1.0, (&mut memory.0, &mut out[0]), to_velocity);
        let growing = regress(growth, batch, &batch.g, *kappa, (&mut memory.1, &mut out[1]), to_growth);
        Ok(moving + growing)
    }
}

/// `factor Σᵢ wᵢ |f(t[i], x[i]) − target[i]|² / n` with its gradient.
pub(crate) fn regress<N: Network<Scalar = f32>>(
    network: &N,
    batch: &GrowthBatch,
    target: &Array2<f32>,
    factor: f64,
    (memory, out): (&mut N::Memory, &mut Array2<f32>),
    gradient: &mut [f32],
) -> f64 {
    if out.raw_dim() != target.raw_dim() {
        *out = Array2::zeros(target.raw_dim());
    }
    network.forward(&batch.t, batch.x.view(), out.view_mut(), memory);
    let scale = factor / batch.t.len() as f64;
    let mut loss = 0.0;
    for ((mut row, target), &weight) in out.rows_mut().into_iter().zip(target.rows()).zip(&batch.weight) {
        let weight = scale * f64::from(weight);
        for (v, u) in row.iter_mut().zip(target) {
            let r = f64::from(*v - *u);
            loss += weight * r * r;
            *v = (2.0 * weight * r) as f32;
        }
    }
    if loss.is_finite() {
        network.pullback(out.view(), None, Some(gradient), memory);
    }
    loss
}

/// New networks of the velocity and of the growth rate.
pub(super) fn networks(fit: &Fit, space: &Space, kappa: f64) -> Result<VelocityGrowth<Net, Net>, ModelError> {
    let shape = MlpConfig::new(space.frame.dims());
    let velocity = fit.network("velocity", shape.clone())?;
    let growth = fit.network("growth", shape.output(1))?;
    Ok(VelocityGrowth::new(velocity, growth, kappa))
}
