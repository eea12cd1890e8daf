//! Noise that does not look at the state.

use super::{AdditiveDiffusion, CommutativeDiffusion, Diffusion};
use crate::Noise;
use chreode_core::VectorSpace;
use std::marker::PhantomData;

/// Additive noise g(t)·dW, given as the product `(t, dw) ↦ g(t)·dw`, linear in `dw`.
///
/// ```
/// use chreode_sde::{Additive, Diffusion};
///
/// // Three Brownian motions, two entries.
/// let g = Additive::new(|t: f64, dw: &[f64; 3]| [dw[0] + t * dw[1], dw[2]]);
/// assert_eq!(g.product(2.0, &[0.0, 0.0], &[1.0, 2.0, 3.0]), [5.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Additive<G, N> {
    product: G,
    noise: PhantomData<fn(&N)>,
}

impl<G, N> Additive<G, N> {
    /// The noise term `(t, dw) ↦ g(t)·dw`.
    pub const fn new<Y>(product: G) -> Self
    where
        G: Fn(f64, &N) -> Y,
    {
        Self { product, noise: PhantomData }
    }
}

impl<Y, N: Noise, G: Fn(f64, &N) -> Y> Diffusion<Y> for Additive<G, N> {
    type Noise = N;

    #[inline]
    fn product(&self, t: f64, _y: &Y, dw: &N) -> Y {
        (self.product)(t, dw)
    }
}

impl<Y, N: Noise, G: Fn(f64, &N) -> Y> AdditiveDiffusion<Y> for Additive<G, N> {}

impl<Y: VectorSpace, N: Noise, G: Fn(f64, &N) -> Y> CommutativeDiffusion<Y> for Additive<G, N> {
    #[inline]
    fn iterated(&self, _t: f64, y: &Y, _dw: &N, _gdw: &Y) -> Y {
        y.zeros_like()
    }

    #[inline]
    fn correction(&self, _t: f64, y: &Y) -> Y {
        y.zeros_like()
    }
}
