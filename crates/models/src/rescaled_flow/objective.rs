//! The flow and the rescaling, learnt together.

use super::RescaledBatch;
use crate::{ModelError, Objective, Parts, Regression};
use chreode_core::{Network, ParameterView};
use ndarray::Array2;

/// `mean |v_θ − u|² + mean (exp f_φ − n f_φ)` over rows and over shares n.
pub struct Rescaling<N: Network<Scalar = f32>> {
    velocity: Regression<N>,
    rescaling: N,
    memory: N::Memory,
    output: Array2<f32>,
    parts: Parts,
}

/// Above this logarithm the exponential goes on as its tangent: an early step must not overflow.
const STEEP: f32 = 5.0;

impl<N: Network<Scalar = f32>> Rescaling<N> {
    /// The loss of a network of velocities and one of the two logarithms.
    pub fn new(velocity: N, rescaling: N) -> Self {
        let parts = Parts::default().with("velocity", &velocity).with("rescaling", &rescaling);
        let (memory, output) = (N::Memory::default(), Array2::zeros((0, 0)));
        Self { velocity: Regression::new(velocity), rescaling, memory, output, parts }
    }

    /// The two networks.
    pub fn into_networks(self) -> (N, N) {
        (self.velocity.network, self.rescaling)
    }
}

impl<N: Network<Scalar = f32>> Objective for Rescaling<N> {
    type Batch = RescaledBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.velocity.read_parameters(&mut flat[self.parts.range(0)]);
        self.rescaling.read_parameters(&mut flat[self.parts.range(1)]);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.velocity.write_parameters(&flat[self.parts.range(0)]);
        self.rescaling.write_parameters(&flat[self.parts.range(1)]);
    }

    fn loss(&mut self, stage: usize, batch: &RescaledBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let velocity = self.velocity.loss(stage, &batch.flow, &mut gradient[self.parts.range(0)])?;
        if self.output.raw_dim() != batch.shares.raw_dim() {
            self.output = Array2::zeros(batch.shares.raw_dim());
        }
        let Self { rescaling, memory, output, parts, .. } = self;
        rescaling.forward(&batch.t, batch.x.view(), output.view_mut(), memory);
        let counting = divergence(output, &batch.shares);
        if counting.is_finite() {
            rescaling.pullback(output.view(), None, Some(&mut gradient[parts.range(1)]), memory);
        }
        Ok(velocity + counting)
    }
}

/// Turns logarithms f into the cotangent of `mean (exp f − n f)` over the shares n there are; returns that mean.
fn divergence(logarithms: &mut Array2<f32>, shares: &Array2<Option<f32>>) -> f64 {
    let size = shares.iter().flatten().count() as f64;
    let mut sum = 0.0;
    for (f, &n) in logarithms.iter_mut().zip(shares) {
        let Some(n) = n else {
            *f = 0.0;
            continue;
        };
        let slope = f.min(STEEP).exp();
        let value = slope * (1.0 + (*f - STEEP).max(0.0));
        sum += f64::from(value - n * *f);
        *f = (slope - n) / size as f32;
    }
    sum / size
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_cotangent_is_the_slope_and_absent_shares_weigh_nothing() {
        let shares = array![[Some(2.0), None], [Some(0.0), Some(1.0)]];
        let at = array![[0.3_f32, 9.0], [-0.5, 6.0]];
        let mut cotangent = at.clone();
        divergence(&mut cotangent, &shares);
        assert_eq!(cotangent[[0, 1]], 0.0);
        for place in [[0, 0], [1, 0], [1, 1]] {
            let value = |h: f32| {
                let mut moved = at.clone();
                moved[place] += h;
                divergence(&mut moved, &shares)
            };
            let slope = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!(
                (slope - f64::from(cotangent[place])).abs() < 2e-3 * (1.0 + slope.abs()),
                "{place:?} {slope}"
            );
        }
        // The minimum over f is at exp f = n.
        let mut least = array![[2.0_f32.ln(), 0.0], [-20.0, 0.0]];
        divergence(&mut least, &shares);
        assert!(least.iter().all(|c| c.abs() < 1e-6), "{least}");
        // A share that is no number is not one that is absent.
        assert!(divergence(&mut at.clone(), &array![[Some(f32::NAN), None], [None, None]]).is_nan());
    }
}
