//! Step doubling: an error estimate for any method.

use crate::OneStep;
use chreode_core::{Norm, VectorSpace};
use chreode_ode::{About, Chord, Span, StepError, Stepper};
use std::mem::swap;

/// Takes every step of a method in two halves, and the distance from one whole step as the error.
///
/// For methods without an estimate of their own, such as [`EulerMaruyama`](crate::EulerMaruyama), and as a
/// check of those that have one. All three steps see the same path. The result is that of the halves, not
/// extrapolated; the estimate is the local error, h^(order + 1/2). Three times the evaluations.
///
/// J. G. Gaines and T. J. Lyons, Variable step size control in the numerical solution of stochastic
/// differential equations, SIAM J. Appl. Math. 57 (1997) 1455-1484, doi:10.1137/S0036139995286515.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Halves<S>(pub S);

/// Memory of [`Halves`].
pub struct HalvesMemory<Y, M> {
    inner: M,
    whole: Y,
    middle: Y,
    next: Y,
}

impl<P: ?Sized, Y: VectorSpace, S: OneStep<P, Y>> Stepper<P, Y> for Halves<S> {
    type Memory = HalvesMemory<Y, S::Memory>;
    type Dense = Chord<Y>;

    fn about(&self) -> About {
        let inner = self.0.about();
        About { error_power: Some(inner.order + 0.5), ..inner }
    }

    fn init(&self, problem: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        let inner = self.0.init(problem, t, y)?;
        Ok(HalvesMemory { inner, whole: y.duplicate(), middle: y.duplicate(), next: y.duplicate() })
    }

    fn propose(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let HalvesMemory { inner, whole, middle, next } = memory;
        let half = 0.5 * h;
        let mut evals = self.0.propose(problem, t, h, y, inner)?;
        self.0.proposed(inner).plus_into(&[], whole);
        evals += self.0.propose(problem, t, half, y, inner)?;
        self.0.proposed(inner).plus_into(&[], middle);
        // From the middle as it is in floating point to the very end of the whole step.
        let at = t + half;
        evals += self.0.propose(problem, at, (t + h) - at, middle, inner)?;
        self.0.proposed(inner).plus_into(&[], next);
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Chord<Y> {
        Chord { t, h, y0: y.duplicate(), y1: memory.next.duplicate() }
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        swap(y, &mut memory.next);
    }

    fn check(&self, problem: &P, span: Span, y: &Y) -> Result<(), StepError> {
        self.0.check(problem, span, y)
    }

    fn error<N: Norm<Y>>(&self, _h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let HalvesMemory { whole, middle, next, .. } = memory;
        next.plus_into(&[(-1.0, whole)], middle);
        Some(norm.measure(middle, y, next))
    }
}
