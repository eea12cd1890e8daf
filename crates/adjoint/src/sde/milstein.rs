//! Milstein's method, whose steps contain derivatives of the noise term: their pullback asks for second ones.

use super::diffusion::{DiffusionVjp, WithVjp};
use super::methods::{PathwiseMethod, SdeWay, increment};
use crate::VjpAlong;
use crate::outputs::add;
use chreode_core::{Jvp, VectorSpace, Vjp};
use chreode_ode::StepError;
use chreode_sde::{
    Additive, BrownianPath, Calculus, CommutativeDiffusion, Diagonal, Milstein, Noise, Scalar, Sde,
};

/// A noise term whose Milstein terms can be pulled back: what gradients through [`Milstein`] ask for.
///
/// [`Diagonal`] and [`Scalar`] noise has it where its coefficients are a [`Jvp`] and a [`VjpAlong`], the derivative
/// of their pullback; [`Additive`] noise always.
pub trait CommutativeVjp<Y>: CommutativeDiffusion<Y> + DiffusionVjp<Y> {
    /// `aᵀ ∂M/∂y` and `aᵀ ∂M/∂θ` of the Milstein terms M = I − h C: I the
    /// [`iterated`](CommutativeDiffusion::iterated) `½ ∂(g·dw)/∂y · (g·dw)`, C the
    /// [`correction`](CommutativeDiffusion::correction) `½ Σₖ gₖ′gₖ`, which counts where `h` is given.
    fn milstein_vjp(&self, t: f64, y: &Y, dw: &Self::Noise, h: Option<f64>, a: &Y) -> (Y, Self::Params);
}

/// The pullback of bᵀ (∂g/∂y) u with u = w ⊙ g, where `weigh` is w ⊙: that of u held, and that of u itself.
fn bilinear<Y: VectorSpace, G: VjpAlong<Y>>(
    g: &G,
    (t, y): (f64, &Y),
    b: &Y,
    weigh: impl Fn(&Y) -> Y,
) -> (Y, G::Params) {
    let first = g.vjp(t, y, b);
    let u = weigh(&first.value);
    // The second derivative is symmetric: that of (∂g/∂y)ᵀ b along u is the one of bᵀ (∂g/∂y) u.
    let held = g.vjp_along(t, y, b, &u, &first.params.zeros_like());
    let moved = g.vjp(t, y, &weigh(&first.state));
    (held.state.plus(&[(1.0, &moved.state)]), held.params.plus(&[(1.0, &moved.params)]))
}

fn times<Y: VectorSpace>(c: f64, y: &Y) -> Y {
    y.zeros_like().plus(&[(c, y)])
}

/// The pullback of I − h C with I = bᵀ (∂g/∂y) (w ⊙ g).
fn both<Y: VectorSpace, G: VjpAlong<Y>>(
    g: &G,
    at: (f64, &Y),
    weigh: impl Fn(&Y) -> Y,
    h: Option<f64>,
    a: &Y,
) -> (Y, G::Params) {
    let iterated = bilinear(g, at, &times(0.5, &weigh(a)), weigh);
    let Some(h) = h else { return iterated };
    let correction = bilinear(g, at, &times(-0.5 * h, a), Y::duplicate);
    (iterated.0.plus(&[(1.0, &correction.0)]), iterated.1.plus(&[(1.0, &correction.1)]))
}

impl<Y: Noise + VectorSpace, G: Jvp<Y> + VjpAlong<Y>> CommutativeVjp<Y> for Diagonal<G> {
    fn milstein_vjp(&self, t: f64, y: &Y, dw: &Y, h: Option<f64>, a: &Y) -> (Y, G::Params) {
        let weigh = |x: &Y| {
            let mut weighed = x.duplicate();
            weighed.update(dw, |x, w| x * w);
            weighed
        };
        both(&self.0, (t, y), weigh, h, a)
    }
}

impl<Y: VectorSpace, G: Jvp<Y> + VjpAlong<Y>> CommutativeVjp<Y> for Scalar<G> {
    fn milstein_vjp(&self, t: f64, y: &Y, dw: &f64, h: Option<f64>, a: &Y) -> (Y, G::Params) {
        both(&self.0, (t, y), |x| times(*dw, x), h, a)
    }
}

/// Additive noise has no Milstein terms.
impl<Y: VectorSpace, N: Noise, G: Fn(f64, &N) -> Y> CommutativeVjp<Y> for Additive<G, N> {
    fn milstein_vjp(&self, _t: f64, y: &Y, _dw: &N, _h: Option<f64>, _a: &Y) -> (Y, [f64; 0]) {
        (y.zeros_like(), [])
    }
}

impl<Y, G: CommutativeDiffusion<Y>, V> CommutativeDiffusion<Y> for WithVjp<G, V> {
    fn iterated(&self, t: f64, y: &Y, dw: &G::Noise, gdw: &Y) -> Y {
        self.0.iterated(t, y, dw, gdw)
    }

    fn correction(&self, t: f64, y: &Y) -> Y {
        self.0.correction(t, y)
    }
}

/// Additive noise has no Milstein terms, whatever its parameters.
impl<Y, P, N, G, V> CommutativeVjp<Y> for WithVjp<Additive<G, N>, V>
where
    Y: VectorSpace,
    P: VectorSpace,
    N: Noise,
    G: Fn(f64, &N) -> Y,
    V: Fn(f64, &Y, &N, &Y) -> (Y, P),
{
    fn milstein_vjp(&self, t: f64, y: &Y, dw: &N, _h: Option<f64>, _a: &Y) -> (Y, P) {
        (y.zeros_like(), self.product_vjp(t, y, dw, &y.zeros_like()).1.zeros_like())
    }
}

/// y₁ = y + h f + g·W + ½ ∂(g·W)/∂y (g·W), less ½ h Σ gₖ′gₖ where the integral is Itô's.
impl<F, G, W, C, Y> PathwiseMethod<F, G, W, C, Y> for Milstein
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    C: Calculus,
    G: CommutativeVjp<Y, Noise = W::Noise>,
{
    type State = Y;
    type Carried = Self;

    fn carried(&self) -> Self {
        *self
    }

    fn start(y0: Y) -> Y {
        y0
    }

    fn y(state: &Y) -> &Y {
        state
    }

    fn y_mut(state: &mut Y) -> &mut Y {
        state
    }

    fn finish(a: Y) -> Y {
        a
    }

    fn pull(
        &self,
        sde: &Sde<F, G, W, C>,
        (t, h): (f64, f64),
        y: &Y,
        way: &mut SdeWay<Y, F::Params, G::Params, W>,
    ) -> Result<(), StepError> {
        increment(&sde.path, (t, h), way)?;
        let drift = sde.drift.vjp(t, y, &times(h, &way.a));
        add(&mut way.drift, &drift.params);
        let product = sde.diffusion.product_vjp(t, y, &way.w, &way.a);
        let higher = sde.diffusion.milstein_vjp(t, y, &way.w, C::ITO.then_some(h), &way.a);
        add(&mut way.diffusion, &product.1);
        add(&mut way.diffusion, &higher.1);
        way.a = way.a.plus(&[(1.0, &drift.state), (1.0, &product.0), (1.0, &higher.0)]);
        Ok(())
    }
}
