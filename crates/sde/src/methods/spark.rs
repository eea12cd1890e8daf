//! The splitting path Runge-Kutta method.

use crate::memory::{Parts, one_step};
use crate::{Diffusion, LevyPath, Sde, SdeMemory, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// SPaRK, for Stratonovich equations with any noise, using the space-time Lévy area H: with
/// Xᵢ the increment f h + g W at stage i,
/// y₂ = y + ½ X₁ + √3 g(y₁) H, y₃ = y + X₂, and
/// y' = y + a X₁ + (1 − 2a) X₂ + a X₃ + (g(y₁) − g(y₃)) H, a = (3 − √3)/6.
///
/// Strong order 3/2 where the noise is additive, 1 where it commutes, 1/2 for any noise with about a third of
/// Heun's error; three drifts and five products a step. The error estimate is the distance from Heun's
/// weights, h^(3/2).
///
/// J. Foster and A. Jelinčič, On the convergence of adaptive approximations for stochastic differential
/// equations (2023), arXiv:2311.14201, definition 1.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spark;

impl Spark {
    const ABOUT: About = About { name: "spark", order: 0.5, error_power: Some(1.5) };
    const SCRATCH: usize = 9;

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
        let Parts { next, error, dw, area, scratch: [f1, g1, f2, g2, f3, g3, early, late, stage], .. } =
            memory.parts();
        let (drift, diffusion) = (&sde.drift, &sde.diffusion);
        drift.eval_into(t, y, f1);
        diffusion.product_into(t, y, dw, g1);
        diffusion.product_into(t, y, area, early);
        y.plus_into(&[(0.5 * h, f1), (0.5, g1), (3f64.sqrt(), early)], stage);
        drift.eval_into(t + 0.5 * h, stage, f2);
        diffusion.product_into(t + 0.5 * h, stage, dw, g2);
        y.plus_into(&[(h, f2), (1.0, g2)], stage);
        drift.eval_into(t + h, stage, f3);
        diffusion.product_into(t + h, stage, dw, g3);
        diffusion.product_into(t + h, stage, area, late);
        let a = (3.0 - 3f64.sqrt()) / 6.0;
        let b = 1.0 - 2.0 * a;
        y.plus_into(
            &[(a * h, f1), (a, g1), (b * h, f2), (b, g2), (a * h, f3), (a, g3), (1.0, early), (-1.0, late)],
            next,
        );
        let a = a - 0.5;
        Y::sum_into(
            &[(a * h, f1), (a, g1), (b * h, f2), (b, g2), (a * h, f3), (a, g3), (1.0, early), (-1.0, late)],
            error,
        );
        Ok(8)
    }
}

one_step!(Spark, Stratonovich: Diffusion, LevyPath, Either);
