//! The noise term g(t, y)·dW, by what is known of g.

mod additive;
mod diagonal;
mod general;
mod scalar;

pub use additive::Additive;
pub use diagonal::Diagonal;
pub use general::General;
pub use scalar::Scalar;

use crate::Noise;
use chreode_core::{Jvp, VectorField};
use chreode_ode::StepError;

/// The noise term of an equation. The product g·dW is all that is asked for, so that g itself, a matrix
/// of size(y) × size(W), need not exist.
pub trait Diffusion<Y> {
    /// What g is multiplied by.
    type Noise: Noise;

    /// `g(t, y)·dw`, linear in `dw`.
    fn product(&self, t: f64, y: &Y, dw: &Self::Noise) -> Y;

    /// `out = g(t, y)·dw`.
    fn product_into(&self, t: f64, y: &Y, dw: &Self::Noise, out: &mut Y) {
        *out = self.product(t, y, dw);
    }

    /// Whether noise shaped like `noise` fits a state like `y`; asked once, before a solve.
    ///
    /// # Errors
    /// [`StepError::NoiseShape`].
    fn check(&self, _y: &Y, _noise: &Self::Noise) -> Result<(), StepError> {
        Ok(())
    }
}

/// g does not depend on y, so that Itô's and Stratonovich's integrals are one. Promises that
/// [`product`](Diffusion::product) looks at `t` and `dw` alone.
pub trait AdditiveDiffusion<Y>: Diffusion<Y> {}

/// Each entry of the noise drives its own entry of y through a gᵢ(t, yᵢ), or one entry drives all: g is
/// a state, and multiplying it by noise costs no evaluation.
pub trait UncoupledDiffusion<Y>: Diffusion<Y> {
    /// `out = g(t, y)`, the coefficients of the noise.
    fn coefficients_into(&self, t: f64, y: &Y, out: &mut Y);

    /// `out = g·w` for given coefficients.
    fn weigh(&self, g: &Y, w: &Self::Noise, out: &mut Y);
}

/// Noise whose columns gₖ commute, gⱼ′gₖ = gₖ′gⱼ, with the derivatives that Milstein's method needs.
pub trait CommutativeDiffusion<Y>: Diffusion<Y> {
    /// `½ ∂(g·dw)/∂y · (g·dw)`, which is ½ Σⱼₖ gₖ′gⱼ dwⱼ dwₖ; `gdw` is the product g·dw.
    fn iterated(&self, t: f64, y: &Y, dw: &Self::Noise, gdw: &Y) -> Y;

    /// `½ Σₖ gₖ′gₖ`, what the drift of the Itô equation has more than that of the Stratonovich equation
    /// with the same solution.
    fn correction(&self, t: f64, y: &Y) -> Y;
}

/// A field with its derivative as a closure `(t, y, v) ↦ (∂f/∂y)·v`. For noise that is diagonal, (∂g/∂y)·v
/// has the entries gᵢ′(yᵢ) vᵢ.
#[derive(Clone, Copy, Debug)]
pub struct WithJvp<G, D>(pub G, pub D);

impl<Y, G: VectorField<Y>, D> VectorField<Y> for WithJvp<G, D> {
    #[inline]
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.0.eval(t, y)
    }

    #[inline]
    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        self.0.eval_into(t, y, dy);
    }
}

impl<Y, G: VectorField<Y>, D: Fn(f64, &Y, &Y) -> Y> Jvp<Y> for WithJvp<G, D> {
    #[inline]
    fn jvp(&self, t: f64, y: &Y, v: &Y) -> Y {
        (self.1)(t, y, v)
    }
}
