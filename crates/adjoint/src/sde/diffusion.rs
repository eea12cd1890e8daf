//! Noise terms that can be pulled back.

use chreode_core::{VectorSpace, Vjp};
use chreode_ode::StepError;
use chreode_sde::{Additive, AdditiveDiffusion, Diagonal, Diffusion, Noise, Scalar};

/// A noise term g(t, y)·dW with the pullback of the product.
pub trait DiffusionVjp<Y>: Diffusion<Y> {
    /// The parameters, as a vector space of their own.
    type Params: VectorSpace;

    /// `aᵀ ∂(g·dw)/∂y` and `aᵀ ∂(g·dw)/∂θ` at `(t, y)`.
    fn product_vjp(&self, t: f64, y: &Y, dw: &Self::Noise, a: &Y) -> (Y, Self::Params);
}

/// (a ⊙ dw)ᵀ ∂g
impl<Y: Noise + VectorSpace, G: Vjp<Y>> DiffusionVjp<Y> for Diagonal<G> {
    type Params = G::Params;

    fn product_vjp(&self, t: f64, y: &Y, dw: &Y, a: &Y) -> (Y, G::Params) {
        let mut weighed = a.duplicate();
        weighed.update(dw, |a, w| a * w);
        let back = self.0.vjp(t, y, &weighed);
        (back.state, back.params)
    }
}

/// dw aᵀ ∂g
impl<Y: VectorSpace, G: Vjp<Y>> DiffusionVjp<Y> for Scalar<G> {
    type Params = G::Params;

    fn product_vjp(&self, t: f64, y: &Y, dw: &f64, a: &Y) -> (Y, G::Params) {
        let back = self.0.vjp(t, y, &a.zeros_like().plus(&[(*dw, a)]));
        (back.state, back.params)
    }
}

/// Noise that looks at neither the state nor parameters.
impl<Y: VectorSpace, N: Noise, G: Fn(f64, &N) -> Y> DiffusionVjp<Y> for Additive<G, N> {
    type Params = [f64; 0];

    fn product_vjp(&self, _t: f64, y: &Y, _dw: &N, _a: &Y) -> (Y, [f64; 0]) {
        (y.zeros_like(), [])
    }
}

/// Any noise term with its pullback as a closure `(t, y, dw, a) ↦ (aᵀ ∂(g·dw)/∂y, aᵀ ∂(g·dw)/∂θ)`.
///
/// ```
/// use chreode_adjoint::{DiffusionVjp, WithVjp};
/// use chreode_sde::General;
///
/// // g·dw = θ (y₂ dw₁, y₁ dw₂) with θ = 0.5
/// let g = General::new(|_t: f64, y: &[f64; 2], w: &[f64; 2]| [0.5 * y[1] * w[0], 0.5 * y[0] * w[1]]);
/// let g = WithVjp(g, |_t: f64, y: &[f64; 2], w: &[f64; 2], a: &[f64; 2]| {
///     ([0.5 * a[1] * w[1], 0.5 * a[0] * w[0]], [a[0] * y[1] * w[0] + a[1] * y[0] * w[1]])
/// });
/// let (state, params) = g.product_vjp(0.0, &[1.0, 2.0], &[3.0, 4.0], &[1.0, 0.0]);
/// assert_eq!((state, params), ([0.0, 1.5], [6.0]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithVjp<G, V>(pub G, pub V);

impl<Y, G: Diffusion<Y>, V> Diffusion<Y> for WithVjp<G, V> {
    type Noise = G::Noise;

    fn product(&self, t: f64, y: &Y, dw: &G::Noise) -> Y {
        self.0.product(t, y, dw)
    }

    fn product_into(&self, t: f64, y: &Y, dw: &G::Noise, out: &mut Y) {
        self.0.product_into(t, y, dw, out);
    }

    fn check(&self, y: &Y, noise: &G::Noise) -> Result<(), StepError> {
        self.0.check(y, noise)
    }
}

impl<Y, G: AdditiveDiffusion<Y>, V> AdditiveDiffusion<Y> for WithVjp<G, V> {}

impl<Y, P, G, V> DiffusionVjp<Y> for WithVjp<G, V>
where
    P: VectorSpace,
    G: Diffusion<Y>,
    V: Fn(f64, &Y, &G::Noise, &Y) -> (Y, P),
{
    type Params = P;

    fn product_vjp(&self, t: f64, y: &Y, dw: &G::Noise, a: &Y) -> (Y, P) {
        (self.1)(t, y, dw, a)
    }
}
