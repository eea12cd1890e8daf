//! One Brownian motion an entry.

use super::{CommutativeDiffusion, Diffusion, UncoupledDiffusion};
use crate::Noise;
use chreode_core::{Jvp, VectorField, VectorSpace};
use chreode_ode::StepError;

/// Diagonal noise: entry i moves by gᵢ(t, y) dWᵢ, so the noise has the shape of the state.
///
/// Strong orders above 1/2 hold when gᵢ depends on yᵢ (and t) alone.
///
/// ```
/// use chreode_sde::{Diagonal, Diffusion};
///
/// let g = Diagonal(|_t: f64, y: &[f64; 2]| [0.5 * y[0], 2.0]);
/// assert_eq!(g.product(0.0, &[2.0, 9.0], &[0.25, 0.5]), [0.25, 1.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Diagonal<G>(pub G);

impl<Y: Noise, G: VectorField<Y>> Diffusion<Y> for Diagonal<G> {
    type Noise = Y;

    #[inline]
    fn product(&self, t: f64, y: &Y, dw: &Y) -> Y {
        let mut out = self.0.eval(t, y);
        out.update(dw, |g, w| g * w);
        out
    }

    #[inline]
    fn product_into(&self, t: f64, y: &Y, dw: &Y, out: &mut Y) {
        self.0.eval_into(t, y, out);
        out.update(dw, |g, w| g * w);
    }

    fn check(&self, y: &Y, noise: &Y) -> Result<(), StepError> {
        let (noise, state) = (noise.shape(), y.shape());
        if noise == state { Ok(()) } else { Err(StepError::NoiseShape { kind: "diagonal", noise, state }) }
    }
}

impl<Y: Noise, G: VectorField<Y>> UncoupledDiffusion<Y> for Diagonal<G> {
    #[inline]
    fn coefficients_into(&self, t: f64, y: &Y, out: &mut Y) {
        self.0.eval_into(t, y, out);
    }

    #[inline]
    fn weigh(&self, g: &Y, w: &Y, out: &mut Y) {
        out.update(g, |_, g| g);
        out.update(w, |g, w| g * w);
    }
}

impl<Y: Noise + VectorSpace, G: Jvp<Y>> CommutativeDiffusion<Y> for Diagonal<G> {
    #[inline]
    fn iterated(&self, t: f64, y: &Y, dw: &Y, gdw: &Y) -> Y {
        let mut out = self.0.jvp(t, y, gdw);
        out.update(dw, |v, w| 0.5 * v * w);
        out
    }

    #[inline]
    fn correction(&self, t: f64, y: &Y) -> Y {
        let slope = self.0.jvp(t, y, &self.0.eval(t, y));
        slope.zeros_like().plus(&[(0.5, &slope)])
    }
}
