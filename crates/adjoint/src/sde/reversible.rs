//! Reversible Heun: y and z are carried together.

use super::diffusion::DiffusionVjp;
use super::methods::{PathwiseMethod, SdeWay, increment};
use crate::outputs::add;
use chreode_core::{Passenger, VectorSpace, Vjp};
use chreode_ode::{Paired, StepError};
use chreode_sde::{BrownianPath, ReversibleHeun, Sde, Stratonovich};

/// z₁ = 2y − z + f₀ h + g₀ W, then y₁ = y + ½ (f₀ + f₁) h + ½ (g₀ + g₁) W, from the last to the first.
impl<F, G, W, Y> PathwiseMethod<F, G, W, Stratonovich, Y> for ReversibleHeun
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
{
    type State = (Y, Passenger<Y>);
    type Carried = Paired<Self>;

    fn carried(&self) -> Paired<Self> {
        Paired(*self)
    }

    fn start(y0: Y) -> (Y, Passenger<Y>) {
        let z = y0.duplicate();
        (y0, Passenger(z))
    }

    fn y(state: &(Y, Passenger<Y>)) -> &Y {
        &state.0
    }

    fn y_mut(state: &mut (Y, Passenger<Y>)) -> &mut Y {
        &mut state.0
    }

    fn finish((y, Passenger(z)): (Y, Passenger<Y>)) -> Y {
        y.plus(&[(1.0, &z)])
    }

    fn pull(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        (t, h): (f64, f64),
        (y, Passenger(z)): &(Y, Passenger<Y>),
        way: &mut SdeWay<(Y, Passenger<Y>), F::Params, G::Params, W>,
    ) -> Result<(), StepError> {
        increment(&sde.path, (t, h), way)?;
        let (f, g) = (sde.drift.eval(t, z), sde.diffusion.product(t, z, &way.w));
        let z1 = y.plus(&[(1.0, y), (-1.0, z), (h, &f), (1.0, &g)]);
        let zero = y.zeros_like();
        let mut settle = |t: f64, z: &Y, by_drift: Y, by_noise: Y, a: &mut Y| {
            let back = sde.drift.vjp(t, z, &by_drift);
            let (state, params) = sde.diffusion.product_vjp(t, z, &way.w, &by_noise);
            *a = a.plus(&[(1.0, &back.state), (1.0, &state)]);
            add(&mut way.drift, &back.params);
            add(&mut way.diffusion, &params);
        };
        let (a, Passenger(b)) = &mut way.a;
        settle(t + h, &z1, zero.plus(&[(0.5 * h, a)]), zero.plus(&[(0.5, a)]), b);
        let (by_drift, by_noise) = (zero.plus(&[(0.5 * h, a), (h, b)]), zero.plus(&[(0.5, a), (1.0, b)]));
        *a = a.plus(&[(2.0, b)]);
        *b = b.plus(&[(-2.0, b)]);
        settle(t, z, by_drift, by_noise, b);
        Ok(())
    }
}
