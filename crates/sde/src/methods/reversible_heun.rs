//! Reversible Heun: a method whose steps can be taken back.

use crate::{BrownianPath, Diffusion, Sde, Stratonovich};
use chreode_core::{Norm, VectorField, VectorSpace};
use chreode_ode::{About, Chord, Span, StepError, Stepper};
use std::mem::swap;

/// Reversible Heun, for Stratonovich equations with any noise. A second state z, equal to y at the start,
/// runs along: z₁ = 2y − z + f(t, z) h + g(t, z) W, and
/// y₁ = y + ½ (f(t, z) + f(t + h, z₁)) h + ½ (g(t, z) + g(t + h, z₁)) W.
///
/// Strong order 1/2, 1 where the noise is additive; weak order 1. One drift and two products a step. The
/// error estimate is ½ (Δf h + Δg W), h¹. The step is its own reverse with −h and −W, so that
/// [`step_back`](Self::step_back) recovers the states before to rounding, and a gradient needs no stored
/// path. Stability is that of the leapfrog: no region of real λ.
///
/// P. Kidger, J. Foster, X. Li and T. Lyons, Efficient and accurate gradients for neural SDEs, NeurIPS 2021,
/// arXiv:2105.13493, algorithms 1 and 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReversibleHeun;

/// The state that runs along in [`ReversibleHeun`], and its scratch space.
pub struct ReversibleMemory<Y, N, R> {
    z: Y,
    /// f at z.
    f: Y,
    next: Y,
    next_z: Y,
    next_f: Y,
    g: Y,
    next_g: Y,
    dw: N,
    cursor: R,
    drift: Drift,
}

impl<Y, N, R> ReversibleMemory<Y, N, R> {
    /// The state z that runs along.
    pub fn companion(&self) -> &Y {
        &self.z
    }

    /// That of the state last proposed.
    pub(crate) fn next_companion(&self) -> &Y {
        &self.next_z
    }

    /// Goes on from another z.
    pub(crate) fn set_companion(&mut self, z: Y) {
        self.z = z;
        self.drift = Drift::Due;
    }
}

/// Whether the drift at z has been evaluated.
#[derive(Clone, Copy, PartialEq)]
enum Drift {
    Known,
    Due,
}

impl ReversibleHeun {
    /// Takes the step from `t` to `t + h`: proposes and commits at once; returns the evaluations spent.
    ///
    /// # Errors
    /// [`StepError::OutsidePath`].
    pub fn step<F, G, W, Y>(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut ReversibleMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        let evals = Self::advance(sde, (t, t + h), h, y, memory)?;
        <Self as Stepper<Sde<F, G, W, Stratonovich>, Y>>::commit(self, y, memory);
        Ok(evals)
    }

    /// Takes back the step from `t` to `t + h` that ended in `y` and `memory`; returns the evaluations
    /// spent.
    ///
    /// # Errors
    /// [`StepError::OutsidePath`].
    pub fn step_back<F, G, W, Y>(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut ReversibleMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        let evals = Self::advance(sde, (t + h, t), -h, y, memory)?;
        <Self as Stepper<Sde<F, G, W, Stratonovich>, Y>>::commit(self, y, memory);
        Ok(evals)
    }

    #[inline]
    fn advance<F, G, W, Y>(
        sde: &Sde<F, G, W, Stratonovich>,
        (t, end): (f64, f64),
        h: f64,
        y: &Y,
        memory: &mut ReversibleMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        let ReversibleMemory { z, f, next, next_z, next_f, g, next_g, dw, cursor, drift } = memory;
        sde.path.increment_into(t, end, cursor, dw)?;
        let mut evals = 3;
        if *drift == Drift::Due {
            sde.drift.eval_into(t, z, f);
            *drift = Drift::Known;
            evals += 1;
        }
        sde.diffusion.product_into(t, z, dw, g);
        y.plus_into(&[(1.0, y), (-1.0, z), (h, f), (1.0, g)], next_z);
        sde.drift.eval_into(end, next_z, next_f);
        sde.diffusion.product_into(end, next_z, dw, next_g);
        y.plus_into(&[(0.5 * h, f), (0.5 * h, next_f), (0.5, g), (0.5, next_g)], next);
        Ok(evals)
    }
}

impl<F, G, W, Y> Stepper<Sde<F, G, W, Stratonovich>, Y> for ReversibleHeun
where
    Y: VectorSpace,
    F: VectorField<Y>,
    W: BrownianPath,
    G: Diffusion<Y, Noise = W::Noise>,
{
    type Memory = ReversibleMemory<Y, W::Noise, W::Cursor>;
    type Dense = Chord<Y>;

    fn about(&self) -> About {
        About { name: "reversible heun", order: 0.5, error_power: Some(1.0) }
    }

    fn init(&self, sde: &Sde<F, G, W, Stratonovich>, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        sde.check(Span { t0: t, t1: t }, y)?;
        let zero = || y.zeros_like();
        Ok(ReversibleMemory {
            z: y.duplicate(),
            f: zero(),
            next: y.duplicate(),
            next_z: zero(),
            next_f: zero(),
            g: zero(),
            next_g: zero(),
            dw: sde.path.shape(),
            cursor: sde.path.cursor(),
            drift: Drift::Due,
        })
    }

    #[inline]
    fn propose(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        Self::advance(sde, (t, t + h), h, y, memory)
    }

    #[inline]
    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Chord<Y> {
        Chord { t, h, y0: y.duplicate(), y1: memory.next.duplicate() }
    }

    #[inline]
    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        swap(y, &mut memory.next);
        swap(&mut memory.z, &mut memory.next_z);
        swap(&mut memory.f, &mut memory.next_f);
    }

    fn check(&self, sde: &Sde<F, G, W, Stratonovich>, span: Span, y: &Y) -> Result<(), StepError> {
        sde.check(span, y)
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let ReversibleMemory { f, next, next_f, g, next_g, .. } = memory;
        let difference = next_g.plus(&[(-1.0, g), (h, next_f), (-h, f)]);
        Some(0.5 * norm.measure(&difference, y, next))
    }
}
