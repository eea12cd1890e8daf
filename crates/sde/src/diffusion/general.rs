//! Noise of any structure.

use super::Diffusion;
use crate::Noise;
use std::marker::PhantomData;

/// General noise, given as the product `(t, y, dw) ↦ g(t, y)·dw`, linear in `dw`.
///
/// ```
/// use chreode_sde::{Diffusion, General};
///
/// let g = General::new(|_t: f64, y: &[f64; 2], dw: &[f64; 2]| [y[1] * dw[0], y[0] * dw[1]]);
/// assert_eq!(g.product(0.0, &[2.0, 3.0], &[1.0, 0.5]), [3.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct General<G, N> {
    product: G,
    noise: PhantomData<fn(&N)>,
}

impl<G, N> General<G, N> {
    /// The noise term `(t, y, dw) ↦ g(t, y)·dw`.
    pub const fn new<Y>(product: G) -> Self
    where
        G: Fn(f64, &Y, &N) -> Y,
    {
        Self { product, noise: PhantomData }
    }
}

impl<Y, N: Noise, G: Fn(f64, &Y, &N) -> Y> Diffusion<Y> for General<G, N> {
    type Noise = N;

    #[inline]
    fn product(&self, t: f64, y: &Y, dw: &N) -> Y {
        (self.product)(t, y, dw)
    }
}
