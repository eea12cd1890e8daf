//! The shifted Euler method.

use crate::memory::{Parts, mix, one_step};
use crate::{AdditiveDiffusion, LevyPath, Sde, SdeMemory};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// SEA, for additive noise: y₁ = y + f(t + h/2, y + g(t) (W/2 + H)) h + g(t) (W/2 + H) + g(t + h) (W/2 − H), with H
/// the space-time Lévy area.
///
/// Strong order 1 with a local error of h² and a smaller constant than Euler-Maruyama's, for one drift and
/// two products a step.
///
/// J. Foster, G. dos Reis and C. Strange, High order splitting methods for SDEs satisfying a commutativity
/// condition, SIAM J. Numer. Anal. 62 (2024), arXiv:2210.17543, eq. (5.8); the paper's drift and g do not
/// depend on time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sea;

impl Sea {
    const ABOUT: About = About { name: "sea", order: 1.0, error_power: None };
    const SCRATCH: usize = 4;

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
        let Parts { next, dw, area, mixed, scratch: [early, late, shifted, f], .. } = memory.parts();
        mix(mixed, dw, area, |w, area| 0.5 * w + area);
        sde.diffusion.product_into(t, y, mixed, early);
        mix(mixed, dw, area, |w, area| 0.5 * w - area);
        sde.diffusion.product_into(t + h, y, mixed, late);
        y.plus_into(&[(1.0, early)], shifted);
        sde.drift.eval_into(t + 0.5 * h, shifted, f);
        y.plus_into(&[(h, f), (1.0, early), (1.0, late)], next);
        Ok(3)
    }
}

one_step!(Sea, C, C: AdditiveDiffusion, LevyPath, Either);
