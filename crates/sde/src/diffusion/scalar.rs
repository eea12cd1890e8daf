//! One Brownian motion for the whole state.

use super::{CommutativeDiffusion, Diffusion, UncoupledDiffusion};
use chreode_core::{Jvp, VectorField, VectorSpace};

/// Scalar noise: the whole state moves by g(t, y) dW with one Brownian motion W.
///
/// ```
/// use chreode_sde::{Diffusion, Scalar};
///
/// let g = Scalar(|_t: f64, y: &[f64; 2]| [y[1], -y[0]]);
/// assert_eq!(g.product(0.0, &[2.0, 3.0], &0.5), [1.5, -1.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scalar<G>(pub G);

impl<Y: VectorSpace, G: VectorField<Y>> Diffusion<Y> for Scalar<G> {
    type Noise = f64;

    #[inline]
    fn product(&self, t: f64, y: &Y, dw: &f64) -> Y {
        let g = self.0.eval(t, y);
        g.zeros_like().plus(&[(*dw, &g)])
    }
}

impl<Y: VectorSpace, G: VectorField<Y>> UncoupledDiffusion<Y> for Scalar<G> {
    #[inline]
    fn coefficients_into(&self, t: f64, y: &Y, out: &mut Y) {
        self.0.eval_into(t, y, out);
    }

    #[inline]
    fn weigh(&self, g: &Y, w: &f64, out: &mut Y) {
        Y::sum_into(&[(*w, g)], out);
    }
}

impl<Y: VectorSpace, G: Jvp<Y>> CommutativeDiffusion<Y> for Scalar<G> {
    #[inline]
    fn iterated(&self, t: f64, y: &Y, dw: &f64, gdw: &Y) -> Y {
        let slope = self.0.jvp(t, y, gdw);
        slope.zeros_like().plus(&[(0.5 * dw, &slope)])
    }

    #[inline]
    fn correction(&self, t: f64, y: &Y) -> Y {
        let slope = self.0.jvp(t, y, &self.0.eval(t, y));
        slope.zeros_like().plus(&[(0.5, &slope)])
    }
}
