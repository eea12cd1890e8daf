//! The shifted additive-noise Runge-Kutta method.

use crate::memory::{Parts, mix, one_step};
use crate::{AdditiveDiffusion, LevyPath, Sde, SdeMemory};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// ShARK, for additive noise: with H the space-time Lévy area, y₀ = y + g(t) H and
/// ŷ = y₀ + ⅚ (f(t, y₀) h + g(t) W),
/// y₁ = y + (⅖ f(t, y₀) + ⅗ f(t + ⅚h, ŷ)) h + g(t) (W/2 + H) + g(t + h) (W/2 − H).
///
/// Strong order 3/2, weak order 2, and the error constant of SRA1 or less; two drifts and four products a
/// step. The paper takes g constant; the last two terms keep the order where it depends on time. The
/// error estimate is the distance from one drift alone, h^(3/2).
///
/// J. Foster, G. dos Reis and C. Strange, High order splitting methods for SDEs satisfying a commutativity
/// condition, SIAM J. Numer. Anal. 62 (2024), arXiv:2210.17543, eq. (6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shark;

impl Shark {
    const ABOUT: About = About { name: "shark", order: 1.5, error_power: Some(1.5) };
    const SCRATCH: usize = 7;

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
        let Parts { next, error, dw, area, mixed, scratch: [f, early, late, shifted, ahead, f1, g] } =
            memory.parts();
        sde.diffusion.product_into(t, y, area, g);
        y.plus_into(&[(1.0, g)], shifted);
        sde.drift.eval_into(t, shifted, f);
        sde.diffusion.product_into(t, y, dw, g);
        shifted.plus_into(&[(h * 5.0 / 6.0, f), (5.0 / 6.0, g)], ahead);
        sde.drift.eval_into(t + h * 5.0 / 6.0, ahead, f1);
        mix(mixed, dw, area, |w, area| 0.5 * w + area);
        sde.diffusion.product_into(t, y, mixed, early);
        mix(mixed, dw, area, |w, area| 0.5 * w - area);
        sde.diffusion.product_into(t + h, y, mixed, late);
        y.plus_into(&[(0.4 * h, f), (0.6 * h, f1), (1.0, early), (1.0, late)], next);
        Y::sum_into(&[(-0.6 * h, f), (0.6 * h, f1)], error);
        Ok(6)
    }
}

one_step!(Shark, C, C: AdditiveDiffusion, LevyPath, Either);
