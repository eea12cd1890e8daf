//! The method of Heun, stochastic.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Diffusion, Sde, SdeMemory, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// Heun's method, for Stratonovich equations with any noise: with ŷ = y + f(t, y) h + g(t, y) W,
/// y₁ = y + ½ (f(t, y) + f(t + h, ŷ)) h + ½ (g(t, y) + g(t + h, ŷ)) W.
///
/// Strong order 1 where the noise commutes (scalar, diagonal, additive), 1/2 for any noise; two drifts and two
/// products a step. The error estimate is the distance from the Euler step, h¹.
///
/// W. Rümelin, Numerical treatment of stochastic differential equations, SIAM J. Numer. Anal. 19 (1982)
/// 604-613, doi:10.1137/0719041.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StochasticHeun;

impl StochasticHeun {
    const ABOUT: About = About { name: "stochastic heun", order: 0.5, error_power: Some(1.0) };
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
        let Parts { next, error, dw, scratch: [f, g, ahead, f1, g1], .. } = memory.parts();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.product_into(t, y, dw, g);
        y.plus_into(&[(h, f), (1.0, g)], ahead);
        sde.drift.eval_into(t + h, ahead, f1);
        sde.diffusion.product_into(t + h, ahead, dw, g1);
        Y::sum_into(&[(0.5 * h, f1), (-0.5 * h, f), (0.5, g1), (-0.5, g)], error);
        y.plus_into(&[(0.5 * h, f), (0.5 * h, f1), (0.5, g), (0.5, g1)], next);
        Ok(4)
    }
}

one_step!(StochasticHeun, Stratonovich: Diffusion, BrownianPath, Either);
