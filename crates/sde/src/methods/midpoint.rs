//! The midpoint method, stochastic.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Diffusion, Sde, SdeMemory, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// The midpoint method, for Stratonovich equations with any noise: with ŷ = y + ½ (f(t, y) h + g(t, y) W),
/// y₁ = y + f(t + h/2, ŷ) h + g(t + h/2, ŷ) W.
///
/// Strong order 1 where the noise commutes (scalar, diagonal, additive), 1/2 for any noise; two drifts and two
/// products a step. The error estimate is the distance from the Euler step, h¹.
///
/// W. Rümelin, SIAM J. Numer. Anal. 19 (1982) 604-613, doi:10.1137/0719041; Kloeden and Platen (1992), 12.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StochasticMidpoint;

impl StochasticMidpoint {
    const ABOUT: About = About { name: "stochastic midpoint", order: 0.5, error_power: Some(1.0) };
    const SCRATCH: usize = 5;

    fn advance<F, G, W, Y>(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut SdeMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        memory.read(&sde.path, t, h)?;
        let Parts { next, error, dw, scratch: [f, g, middle, f1, g1], .. } = memory.parts();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.product_into(t, y, dw, g);
        y.plus_into(&[(0.5 * h, f), (0.5, g)], middle);
        sde.drift.eval_into(t + 0.5 * h, middle, f1);
        sde.diffusion.product_into(t + 0.5 * h, middle, dw, g1);
        Y::sum_into(&[(h, f1), (-h, f), (1.0, g1), (-1.0, g)], error);
        y.plus_into(&[(h, f1), (1.0, g1)], next);
        Ok(4)
    }
}

one_step!(StochasticMidpoint, Stratonovich: Diffusion, BrownianPath, Either);
