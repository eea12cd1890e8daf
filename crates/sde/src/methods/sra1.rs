//! Rößler's method SRA1.

use crate::memory::{Parts, mix, one_step};
use crate::{AdditiveDiffusion, LevyPath, Sde, SdeMemory};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// SRA1, for additive noise: with H the space-time Lévy area and I = W/2 + H (that is I₍₁,₀₎/h),
/// ŷ = y + ¾ f(t, y) h + (3/2) g(t + h) I, and
/// y₁ = y + (⅓ f(t, y) + ⅔ f(t + ¾h, ŷ)) h + g(t) I + g(t + h) (W − I).
///
/// Strong order 3/2, weak order 2; two drifts and three products a step. The error estimate is the
/// distance from the Euler step, h^(3/2).
///
/// A. Rößler, Runge-Kutta methods for the strong approximation of solutions of stochastic differential
/// equations, SIAM J. Numer. Anal. 48 (2010) 922-952, doi:10.1137/09076636X.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sra1;

impl Sra1 {
    const ABOUT: About = About { name: "sra1", order: 1.5, error_power: Some(1.5) };
    const SCRATCH: usize = 6;

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
        W: LevyPath,
        G: AdditiveDiffusion<Y, Noise = W::Noise>,
    {
        memory.read_area(&sde.path, t, h)?;
        let Parts { next, error, dw, area, mixed, scratch: [f, early, late, ahead, f1, g] } = memory.parts();
        sde.drift.eval_into(t, y, f);
        mix(mixed, dw, area, |w, area| 0.5 * w + area);
        sde.diffusion.product_into(t, y, mixed, early);
        sde.diffusion.product_into(t + h, y, mixed, g);
        mix(mixed, dw, area, |w, area| 0.5 * w - area);
        sde.diffusion.product_into(t + h, y, mixed, late);
        y.plus_into(&[(0.75 * h, f), (1.5, g)], ahead);
        sde.drift.eval_into(t + 0.75 * h, ahead, f1);
        y.plus_into(&[(h / 3.0, f), (h * 2.0 / 3.0, f1), (1.0, early), (1.0, late)], next);
        Y::sum_into(&[(-h * 2.0 / 3.0, f), (h * 2.0 / 3.0, f1)], error);
        Ok(5)
    }
}

one_step!(Sra1, C, C: AdditiveDiffusion, LevyPath, Either);
