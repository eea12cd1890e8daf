//! The SLOW Runge-Kutta method.

use crate::memory::{Parts, mix, one_step};
use crate::{Diffusion, LevyPath, Sde, SdeMemory, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// SLOW-RK, for Stratonovich equations with noise that commutes (diagonal, scalar): two drifts and seven
/// products a step, using the space-time Lévy area.
///
/// Strong order 3/2 where the noise commutes, 1/2 for any noise.
///
/// J. Foster, G. dos Reis and C. Strange, High order splitting methods for SDEs satisfying a commutativity
/// condition, SIAM J. Numer. Anal. 62 (2024), arXiv:2210.17543, eq. (6.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlowRk;

impl SlowRk {
    const ABOUT: About = About { name: "slow-rk", order: 1.5, error_power: None };
    const SCRATCH: usize = 10;

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
        W: LevyPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        memory.read_area(&sde.path, t, h)?;
        let Parts {
            next, dw, area, mixed, scratch: [f, f1, base, stage, k1, k2, k3, k4, early, late], ..
        } = memory.parts();
        let (drift, diffusion, half) = (&sde.drift, &sde.diffusion, t + 0.5 * h);
        drift.eval_into(t, y, f);
        y.plus_into(&[(0.5 * h, f)], base);
        diffusion.product_into(half, base, dw, k1);
        base.plus_into(&[(0.5, k1)], stage);
        diffusion.product_into(half, stage, dw, k2);
        base.plus_into(&[(0.5, k2)], stage);
        diffusion.product_into(half, stage, dw, k3);
        mix(mixed, dw, area, |w, area| 0.75 * w + 1.5 * area);
        diffusion.product_into(half, stage, mixed, late);
        diffusion.product_into(half, stage, area, early);
        base.plus_into(&[(1.0, k3)], stage);
        diffusion.product_into(half, stage, dw, k4);
        y.plus_into(&[(0.75 * h, f), (1.0, late)], stage);
        drift.eval_into(t + 0.75 * h, stage, f1);
        y.plus_into(&[(h, f), (0.5, k2)], stage);
        diffusion.product_into(t + h, stage, area, late);
        y.plus_into(
            &[
                (h / 3.0, f),
                (h * 2.0 / 3.0, f1),
                (1.0 / 6.0, k1),
                (1.0 / 3.0, k2),
                (1.0 / 3.0, k3),
                (1.0 / 6.0, k4),
                (2.0, early),
                (-2.0, late),
            ],
            next,
        );
        Ok(9)
    }
}

one_step!(SlowRk, Stratonovich: Diffusion, LevyPath, Either);
