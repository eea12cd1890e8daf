//! Velocity and score, regressed together.

use super::ScoreBatch;
use crate::{ModelError, Objective, Parts, Regression};
use chreode_core::{Network, ParameterView};
use ndarray::Array2;

/// `mean |v_θ − u|² + mean |λ s_φ + ε|²`.
pub struct ScoreMatching<N: Network<Scalar = f32>> {
    velocity: Regression<N>,
    score: N,
    memory: N::Memory,
    output: Array2<f32>,
    parts: Parts,
}

impl<N: Network<Scalar = f32>> ScoreMatching<N> {
    /// The loss of two networks of one shape.
    pub fn new(velocity: N, score: N) -> Self {
        let parts = Parts::default().with("velocity", &velocity).with("score", &score);
        let (memory, output) = (N::Memory::default(), Array2::zeros((0, 0)));
        Self { velocity: Regression::new(velocity), score, memory, output, parts }
    }

    /// The two networks.
    pub fn into_networks(self) -> (N, N) {
        (self.velocity.network, self.score)
    }
}

impl<N: Network<Scalar = f32>> Objective for ScoreMatching<N> {
    type Batch = ScoreBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.velocity.read_parameters(&mut flat[self.parts.range(0)]);
        self.score.read_parameters(&mut flat[self.parts.range(1)]);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.velocity.write_parameters(&flat[self.parts.range(0)]);
        self.score.write_parameters(&flat[self.parts.range(1)]);
    }

    fn loss(&mut self, stage: usize, batch: &ScoreBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let velocity = self.velocity.loss(stage, &batch.flow, &mut gradient[self.parts.range(0)])?;
        if self.output.raw_dim() != batch.noise.raw_dim() {
            self.output = Array2::zeros(batch.noise.raw_dim());
        }
        let Self { score, memory, output, parts, .. } = self;
        score.forward(&batch.flow.t, batch.flow.x.view(), output.view_mut(), memory);
        let denoising = denoise(output, &batch.noise, &batch.weight);
        if denoising.is_finite() {
            score.pullback(output.view(), None, Some(&mut gradient[parts.range(1)]), memory);
        }
        Ok(velocity + denoising)
    }
}

/// Turns scores `s` into the cotangent `2 λ (λ s + ε) / size` of `mean |λ s + ε|²`; returns that mean.
fn denoise(scores: &mut Array2<f32>, noise: &Array2<f32>, weight: &[f32]) -> f64 {
    let size = scores.len() as f64;
    let mut sum = 0.0;
    for ((mut row, noise), &weight) in scores.rows_mut().into_iter().zip(noise.rows()).zip(weight) {
        let scale = (2.0 / size) as f32 * weight;
        for (s, &e) in row.iter_mut().zip(noise) {
            let r = weight * *s + e;
            sum += f64::from(r) * f64::from(r);
            *s = scale * r;
        }
    }
    sum / size
}
