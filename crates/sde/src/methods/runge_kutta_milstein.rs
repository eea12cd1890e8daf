//! Milstein's method without derivatives.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Calculus, Noise, Sde, SdeMemory, UncoupledDiffusion};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// Milstein's method for diagonal and scalar noise with differences in place of derivatives:
/// y₁ = y + f h + g W + Δg J, with J = (W² − h)/2 and Δg = (g(t, y + f h + g √h) − g(t, y)) / √h for Itô's
/// integral, J = W²/2 and the central Δg = (g(t, y + g √h) − g(t, y − g √h)) / (2√h) for Stratonovich's, whose
/// J has a mean and would carry the error of the one-sided difference into the drift.
///
/// Strong and weak order 1; one drift and two evaluations of g a step, three for Stratonovich's. No error
/// estimate of its own: [`Halves`](crate::Halves) gives it one.
///
/// P. E. Kloeden and E. Platen, Numerical Solution of Stochastic Differential Equations (1992), 11.1,
/// doi:10.1007/978-3-662-12616-5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RungeKuttaMilstein;

impl RungeKuttaMilstein {
    const ABOUT: About = About { name: "runge-kutta-milstein", order: 1.0, error_power: None };
    const SCRATCH: usize = 5;

    fn advance<F, G, W, C, Y>(
        &self,
        sde: &Sde<F, G, W, C>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut SdeMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: UncoupledDiffusion<Y, Noise = W::Noise>,
        C: Calculus,
    {
        memory.read(&sde.path, t, h)?;
        let Parts { next, dw, mixed, scratch: [f, g, ahead, change, higher], .. } = memory.parts();
        let root = h.abs().sqrt();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.coefficients_into(t, y, g);
        if C::ITO {
            y.plus_into(&[(h, f), (root, g)], ahead);
            sde.diffusion.coefficients_into(t, ahead, change);
            Y::sum_into(&[(1.0 / root, change), (-1.0 / root, g)], ahead);
            mixed.update(dw, |_, w| 0.5 * (w * w - h));
        } else {
            y.plus_into(&[(root, g)], ahead);
            sde.diffusion.coefficients_into(t, ahead, change);
            y.plus_into(&[(-root, g)], ahead);
            sde.diffusion.coefficients_into(t, ahead, higher);
            Y::sum_into(&[(0.5 / root, change), (-0.5 / root, higher)], ahead);
            mixed.update(dw, |_, w| 0.5 * w * w);
        }
        sde.diffusion.weigh(ahead, mixed, higher);
        sde.diffusion.weigh(g, dw, change);
        y.plus_into(&[(h, f), (1.0, change), (1.0, higher)], next);
        Ok(if C::ITO { 3 } else { 4 })
    }
}

one_step!(RungeKuttaMilstein, C, C: UncoupledDiffusion, BrownianPath, ItoForwards);
