//! Rößler's method SRIW1.

use crate::memory::{Parts, mix, one_step};
use crate::{Ito, LevyPath, Noise, Sde, SdeMemory, UncoupledDiffusion};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};
use std::mem::swap;

/// The weights β¹, β², β³, β⁴ of each stage of g.
const WEIGHTS: [[f64; 4]; 4] = [
    [-1.0, -1.0, 2.0, -2.0],
    [4.0 / 3.0, 4.0 / 3.0, -4.0 / 3.0, 5.0 / 3.0],
    [2.0 / 3.0, -1.0 / 3.0, -2.0 / 3.0, -2.0 / 3.0],
    [0.0, 0.0, 0.0, 1.0],
];

/// SRIW1, for Itô equations with diagonal or scalar noise: a Runge-Kutta method with two stages for f and
/// four for g, weighted by I₍₁₎ = W, I₍₁,₁₎ = (W² − h)/2, I₍₁,₀₎ = h (W/2 + H) and
/// I₍₁,₁,₁₎ = (W³ − 3hW)/6, H being the space-time Lévy area.
///
/// Strong order 3/2, weak order 2; two evaluations of f and four of g a step. The error estimate is what
/// order 3/2 adds to the g stages of order 1, and to Euler's drift: h^(3/2).
///
/// A. Rößler, Runge-Kutta methods for the strong approximation of solutions of stochastic differential
/// equations, SIAM J. Numer. Anal. 48 (2010) 922-952, doi:10.1137/09076636X; the estimate after C.
/// Rackauckas and Q. Nie, Discrete Contin. Dyn. Syst. B 22 (2017) 2731-2761, doi:10.3934/dcdsb.2017133.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sriw1;

impl Sriw1 {
    const ABOUT: About = About { name: "sriw1", order: 1.5, error_power: Some(1.5) };
    const SCRATCH: usize = 9;

    fn advance<F, G, W, Y>(
        &self,
        sde: &Sde<F, G, W, Ito>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut SdeMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: LevyPath,
        G: UncoupledDiffusion<Y, Noise = W::Noise>,
    {
        memory.read_area(&sde.path, t, h)?;
        let Parts { next, error, dw, area, mixed, scratch: [f, f1, stage, weighed, before, g1, g2, g3, g4] } =
            memory.parts();
        let (drift, diffusion, root) = (&sde.drift, &sde.diffusion, h.sqrt());
        drift.eval_into(t, y, f);
        diffusion.coefficients_into(t, y, g1);
        mix(mixed, dw, area, |w, area| 0.5 * w + area);
        diffusion.weigh(g1, mixed, weighed);
        y.plus_into(&[(0.75 * h, f), (1.5, weighed)], stage);
        drift.eval_into(t + 0.75 * h, stage, f1);
        y.plus_into(&[(0.25 * h, f), (0.5 * root, g1)], stage);
        diffusion.coefficients_into(t + 0.25 * h, stage, g2);
        y.plus_into(&[(h, f), (-root, g1)], stage);
        diffusion.coefficients_into(t + h, stage, g3);
        y.plus_into(&[(0.25 * h, f1), (-5.0 * root, g1), (3.0 * root, g2), (0.5 * root, g3)], stage);
        diffusion.coefficients_into(t + 0.25 * h, stage, g4);

        y.plus_into(&[(h, f)], next);
        Y::sum_into(&[(-2.0 / 3.0 * h, f), (2.0 / 3.0 * h, f1)], error);
        for (g, [b1, b2, b3, b4]) in [g1, g2, g3, g4].into_iter().zip(WEIGHTS) {
            mixed.update(dw, |_, w| b1 * w + b2 * 0.5 * (w * w - h) / root);
            diffusion.weigh(g, mixed, weighed);
            swap(next, before);
            before.plus_into(&[(1.0, weighed)], next);
            mix(mixed, dw, area, |w, area| b3 * (0.5 * w + area) + b4 * (w * w * w / h - 3.0 * w) / 6.0);
            diffusion.weigh(g, mixed, weighed);
            swap(error, before);
            before.plus_into(&[(1.0, weighed)], error);
        }
        swap(next, before);
        before.plus_into(&[(1.0, error)], next);
        Ok(6)
    }
}

one_step!(Sriw1, Ito: UncoupledDiffusion, LevyPath, ItoForwards);
