//! The method of Euler and Heun.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Diffusion, Sde, SdeMemory, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// Euler-Heun, for Stratonovich equations with any noise: with ŷ = y + g(t, y) W,
/// y₁ = y + f(t, y) h + ½ (g(t, y) + g(t + h, ŷ)) W.
///
/// Strong order 1 where the noise commutes (scalar, diagonal, additive), 1/2 for any noise; one drift and two
/// products a step. No error estimate of its own: [`Halves`](crate::Halves) gives it one.
///
/// P. E. Kloeden and E. Platen, Numerical Solution of Stochastic Differential Equations (1992),
/// doi:10.1007/978-3-662-12616-5; W. Rümelin, SIAM J. Numer. Anal. 19 (1982) 604-613, doi:10.1137/0719041.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EulerHeun;

impl EulerHeun {
    const ABOUT: About = About { name: "euler-heun", order: 0.5, error_power: None };
    const SCRATCH: usize = 4;

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
        let Parts { next, dw, scratch: [f, g, ahead, g1], .. } = memory.parts();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.product_into(t, y, dw, g);
        y.plus_into(&[(1.0, g)], ahead);
        sde.diffusion.product_into(t + h, ahead, dw, g1);
        y.plus_into(&[(h, f), (0.5, g), (0.5, g1)], next);
        Ok(3)
    }
}

one_step!(EulerHeun, Stratonovich: Diffusion, BrownianPath, Either);
