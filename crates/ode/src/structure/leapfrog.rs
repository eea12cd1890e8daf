//! Leapfrogs on any field: the state and a velocity of its own move in turn.

use super::cubic::cubic;
use super::{Cubic, Reversible};
use crate::{About, SolveError, Span, StepError, Stepper, first_step};
use chreode_core::{Norm, VectorField, VectorSpace};
use std::mem::{swap, take};

/// The asynchronous leapfrog: with v₀ = f(t₀, y₀), half a drift, a reflection, half a drift,
///
/// k = y₀ + h/2 v₀,  v₁ = v₀ + 2η (f(t + h/2, k) − v₀),  y₁ = k + h/2 v₁.
///
/// Order 2 for one evaluation a step at η = 1; order 1 with damping, η < 1, which is stable on problems
/// that decay where η = 1 is not. The error estimate is the distance to Euler's step with v₀. Back,
/// rounding in v grows by 1/(2η − 1) a step: not at all at η = 1, and beyond use after some hundred
/// damped steps.
///
/// U. Mutze, arXiv:1311.6602; J. Zhuang, N. Dvornek, S. Tatikonda and J. Duncan, MALI, ICLR 2021,
/// arXiv:2102.04668.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsynchronousLeapfrog {
    eta: f64,
}

impl AsynchronousLeapfrog {
    /// Without damping, η = 1.
    pub const fn new() -> Self {
        Self { eta: 1.0 }
    }

    /// With η in (1/2, 1].
    ///
    /// # Errors
    /// [`SolveError::BadSetting`] outside: at 1/2 the velocity is forgotten and there is no way back.
    pub fn damped(eta: f64) -> Result<Self, SolveError> {
        if eta > 0.5 && eta <= 1.0 {
            Ok(Self { eta })
        } else {
            Err(SolveError::BadSetting { what: "eta", value: eta, range: "in (1/2, 1]" })
        }
    }

    /// η.
    pub const fn eta(&self) -> f64 {
        self.eta
    }
}

impl Default for AsynchronousLeapfrog {
    fn default() -> Self {
        Self::new()
    }
}

/// The leapfrog midpoint method, y₂ = y₀ + 2h f(t₁, y₁), begun with a step of Euler's method.
///
/// Written with w₁ = (y₁ − y₀) / h as a map of `(y, w)`,
///
/// w₁ = 2 f(t, y₀) − w₀,  y₁ = y₀ + h w₁,
///
/// which is the same for equal steps, and can be taken back whatever the steps are. Order 2 for equal
/// steps, one evaluation each, no error estimate. Stable for imaginary hλ in (−i, i) only; back,
/// rounding grows as the problem makes it grow.
///
/// L. F. Shampine, Stability of the leapfrog/midpoint method, Appl. Math. Comput. 208 (2009) 293-298,
/// doi:10.1016/j.amc.2008.11.029.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeapfrogMidpoint;

/// The velocity and the slope in use, now and as proposed.
pub struct LeapfrogMemory<Y> {
    velocity: Y,
    slope: Y,
    middle: Y,
    next: Y,
    next_velocity: Y,
    /// Whether `slope` is f at the current state.
    known: Slope,
    /// Evaluations spent before the first step.
    unpaid: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Slope {
    Known,
    Due,
}

impl<Y: VectorSpace> LeapfrogMemory<Y> {
    fn begin<P: VectorField<Y> + ?Sized>(field: &P, t: f64, y: &Y) -> Self {
        let mut slope = y.zeros_like();
        field.eval_into(t, y, &mut slope);
        Self { slope: slope.duplicate(), known: Slope::Known, unpaid: 1, ..Self::with(y, slope) }
    }

    fn with(y: &Y, velocity: Y) -> Self {
        Self {
            velocity,
            slope: y.zeros_like(),
            middle: y.duplicate(),
            next: y.duplicate(),
            next_velocity: y.zeros_like(),
            known: Slope::Due,
            unpaid: 0,
        }
    }

    fn commit(&mut self, y: &mut Y) {
        swap(y, &mut self.next);
        swap(&mut self.velocity, &mut self.next_velocity);
        self.known = Slope::Due;
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for AsynchronousLeapfrog {
    type Memory = LeapfrogMemory<Y>;
    type Dense = Cubic<Y>;

    fn about(&self) -> About {
        let order = if self.eta == 1.0 { 2.0 } else { 1.0 };
        About { name: "asynchronous leapfrog", order, error_power: Some(2.0) }
    }

    fn init(&self, field: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(LeapfrogMemory::begin(field, t, y))
    }

    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let LeapfrogMemory { velocity, slope, middle, next, next_velocity, unpaid, .. } = memory;
        y.plus_into(&[(0.5 * h, velocity)], middle);
        field.eval_into(t + 0.5 * h, middle, slope);
        velocity.plus_into(&[(-2.0 * self.eta, velocity), (2.0 * self.eta, slope)], next_velocity);
        middle.plus_into(&[(0.5 * h, next_velocity)], next);
        Ok(1 + take(unpaid))
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
            f0: memory.velocity.duplicate(),
            f1: memory.next_velocity.duplicate(),
        }
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        cubic((at - t) / h, h, [y, &memory.next], [&memory.velocity, &memory.next_velocity])
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        memory.commit(y);
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let LeapfrogMemory { velocity, middle, next, .. } = memory;
        next.plus_into(&[(-1.0, y), (-h, velocity)], middle);
        Some(norm.measure(middle, y, next))
    }

    fn first_step<N: Norm<Y>>(
        &self,
        field: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        Ok((first_step(field, span, y, &memory.velocity, norm, 2.0)?, 1 + take(&mut memory.unpaid)))
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Reversible<P, Y> for AsynchronousLeapfrog {
    type Auxiliary = Y;

    fn auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.velocity
    }

    fn proposed_auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next_velocity
    }

    fn resume(&self, _field: &P, _t: f64, y: &Y, auxiliary: &Y) -> Result<Self::Memory, StepError> {
        Ok(LeapfrogMemory::with(y, auxiliary.duplicate()))
    }

    fn retrace(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let LeapfrogMemory { velocity, slope, middle, next, next_velocity, unpaid, .. } = memory;
        let turn = 2.0 * self.eta / (1.0 - 2.0 * self.eta);
        y.plus_into(&[(-0.5 * h, velocity)], middle);
        field.eval_into(t + 0.5 * h, middle, slope);
        // (v − 2η f) / (1 − 2η)
        velocity.plus_into(&[(turn, velocity), (-turn, slope)], next_velocity);
        middle.plus_into(&[(-0.5 * h, next_velocity)], next);
        let evals = 1 + take(unpaid);
        memory.commit(y);
        Ok(evals)
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for LeapfrogMidpoint {
    type Memory = LeapfrogMemory<Y>;
    type Dense = Cubic<Y>;

    fn about(&self) -> About {
        About { name: "leapfrog midpoint", order: 2.0, error_power: None }
    }

    fn init(&self, field: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(LeapfrogMemory::begin(field, t, y))
    }

    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let LeapfrogMemory { velocity, slope, next, next_velocity, known, unpaid, .. } = memory;
        let mut evals = take(unpaid);
        if *known == Slope::Due {
            field.eval_into(t, y, slope);
            *known = Slope::Known;
            evals += 1;
        }
        velocity.plus_into(&[(-2.0, velocity), (2.0, slope)], next_velocity);
        y.plus_into(&[(h, next_velocity)], next);
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    /// The parabola through both ends with the slope f(t, y₀) at the start.
    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Cubic<Y> {
        Cubic {
            t,
            h,
            y0: y.duplicate(),
            y1: memory.next.duplicate(),
            f0: memory.slope.duplicate(),
            f1: memory.slope.plus(&[(-2.0, &memory.slope), (2.0, &memory.next_velocity)]),
        }
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        memory.commit(y);
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Reversible<P, Y> for LeapfrogMidpoint {
    type Auxiliary = Y;

    fn auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.velocity
    }

    fn proposed_auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next_velocity
    }

    fn resume(&self, _field: &P, _t: f64, y: &Y, auxiliary: &Y) -> Result<Self::Memory, StepError> {
        Ok(LeapfrogMemory::with(y, auxiliary.duplicate()))
    }

    fn retrace(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let LeapfrogMemory { velocity, slope, next, next_velocity, unpaid, .. } = memory;
        y.plus_into(&[(-h, velocity)], next);
        field.eval_into(t, next, slope);
        velocity.plus_into(&[(-2.0, velocity), (2.0, slope)], next_velocity);
        let evals = 1 + take(unpaid);
        memory.commit(y);
        memory.known = Slope::Known;
        Ok(evals)
    }
}
