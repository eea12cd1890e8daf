//! The reversible Heun method.

use super::cubic::cubic;
use super::{Cubic, Reversible};
use crate::{About, Span, StepError, Stepper, first_step};
use chreode_core::{Norm, VectorField, VectorSpace};
use std::mem::{swap, take};

/// The reversible Heun method: with ẑ₀ = y₀,
///
/// ẑ₁ = 2 y₀ − ẑ₀ + h f(t, ẑ₀),  y₁ = y₀ + h/2 (f(t, ẑ₀) + f(t + h, ẑ₁)).
///
/// Order 2 for one evaluation a step. The error estimate h/2 (f(t + h, ẑ₁) − f(t, ẑ₀)) is that of the
/// first order. It is its own inverse with −h: on the way back rounding grows as the problem itself makes it
/// grow. It is stable for imaginary hλ in (−i, i) only, so that it fails on dissipative
/// problems over long times; [`ReversibleRk`](crate::ReversibleRk) does not.
///
/// P. Kidger, J. Foster, X. Li and T. Lyons, Efficient and accurate gradients for neural SDEs, NeurIPS
/// 2021, arXiv:2105.13493, algorithm 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReversibleHeun;

/// ẑ and its slope, now and as proposed.
pub struct ReversibleHeunMemory<Y> {
    z: Y,
    slope: Y,
    next: Y,
    next_z: Y,
    next_slope: Y,
    scratch: Y,
    /// Evaluations spent before the first step.
    unpaid: usize,
}

impl<Y: VectorSpace> ReversibleHeunMemory<Y> {
    fn new<P: VectorField<Y> + ?Sized>(field: &P, t: f64, y: &Y, z: &Y) -> Self {
        let mut slope = y.zeros_like();
        field.eval_into(t, z, &mut slope);
        Self {
            z: z.duplicate(),
            slope,
            next: y.duplicate(),
            next_z: y.duplicate(),
            next_slope: y.zeros_like(),
            scratch: y.zeros_like(),
            unpaid: 1,
        }
    }

    /// One step; back is the same with −h.
    fn step<P: VectorField<Y> + ?Sized>(&mut self, field: &P, t: f64, h: f64, y: &Y) -> usize {
        let Self { z, slope, next, next_z, next_slope, unpaid, .. } = self;
        y.plus_into(&[(1.0, y), (-1.0, z), (h, slope)], next_z);
        field.eval_into(t + h, next_z, next_slope);
        y.plus_into(&[(0.5 * h, slope), (0.5 * h, next_slope)], next);
        1 + take(unpaid)
    }

    fn commit(&mut self, y: &mut Y) {
        swap(y, &mut self.next);
        swap(&mut self.z, &mut self.next_z);
        swap(&mut self.slope, &mut self.next_slope);
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for ReversibleHeun {
    type Memory = ReversibleHeunMemory<Y>;
    type Dense = Cubic<Y>;

    fn about(&self) -> About {
        About { name: "reversible heun", order: 2.0, error_power: Some(2.0) }
    }

    fn init(&self, field: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(ReversibleHeunMemory::new(field, t, y, y))
    }

    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        Ok(memory.step(field, t, h, y))
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Cubic<Y> {
        Cubic {
            t,
            h,
            y0: y.duplicate(),
            y1: memory.next.duplicate(),
            f0: memory.slope.duplicate(),
            f1: memory.next_slope.duplicate(),
        }
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        cubic((at - t) / h, h, [y, &memory.next], [&memory.slope, &memory.next_slope])
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        memory.commit(y);
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let ReversibleHeunMemory { slope, next, next_slope, scratch, .. } = memory;
        Y::sum_into(&[(0.5 * h, next_slope), (-0.5 * h, slope)], scratch);
        Some(norm.measure(scratch, y, next))
    }

    fn first_step<N: Norm<Y>>(
        &self,
        field: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        Ok((first_step(field, span, y, &memory.slope, norm, 2.0)?, 1 + take(&mut memory.unpaid)))
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Reversible<P, Y> for ReversibleHeun {
    type Auxiliary = Y;

    fn auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.z
    }

    fn proposed_auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next_z
    }

    fn resume(&self, field: &P, t: f64, y: &Y, auxiliary: &Y) -> Result<Self::Memory, StepError> {
        Ok(ReversibleHeunMemory::new(field, t, y, auxiliary))
    }

    fn retrace(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        // Back from t + h by exactly h: the time of the new state is `t` itself, not `(t + h) - h`.
        let ReversibleHeunMemory { z, slope, next, next_z, next_slope, unpaid, .. } = memory;
        y.plus_into(&[(1.0, y), (-1.0, z), (-h, slope)], next_z);
        field.eval_into(t, next_z, next_slope);
        y.plus_into(&[(-0.5 * h, slope), (-0.5 * h, next_slope)], next);
        let evals = 1 + take(unpaid);
        memory.commit(y);
        Ok(evals)
    }
}
