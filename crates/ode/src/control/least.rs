//! A least step size.

use super::{Arrival, StepControl, Trial, Verdict};
use crate::{SolveError, Span};

/// What happens where a controller wants a step below the least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// The solve ends with [`SolveError::StepTooSmall`].
    Stop,
    /// A step of the least size is taken and counts, whatever its error; one that is not finite still ends the
    /// solve. The result is then not held to the tolerance.
    Accept,
}

/// A controller that takes no step shorter than `h`, except to reach a given time or the end.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{Below, DOPRI5, ExplicitRk, MinStep, Pi, Solve, SolveError, Span};
///
/// // The root has no slope at t = 1, and the tolerance asks for ever smaller steps there.
/// let root = |t: f64, _y: &[f64; 1]| [-0.5 / (1.0 - t).abs().sqrt().max(1e-12)];
/// let control = MinStep::new(Pi::new(Tolerance::both(1e-10)), 1e-4, Below::Stop);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), control);
/// let error = solve.end(&root, Span { t0: 0.0, t1: 2.0 }, [1.0]).unwrap_err();
/// assert!(matches!(error, SolveError::StepTooSmall { .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinStep<C> {
    /// Who chooses the steps above.
    pub control: C,
    /// The least size, in the units of time.
    pub h: f64,
    /// What happens below.
    pub below: Below,
}

impl<C> MinStep<C> {
    /// `control`, with no step shorter than `h > 0`.
    pub const fn new(control: C, h: f64, below: Below) -> Self {
        Self { control, h, below }
    }
}

/// Where the solve goes, and the memory of the controller within.
#[derive(Clone, Copy, Debug)]
pub struct MinStepMemory<M> {
    span: Span,
    inner: M,
}

impl<C: StepControl> StepControl for MinStep<C> {
    type Memory = MinStepMemory<C::Memory>;
    type Norm = C::Norm;

    fn norm(&self) -> Option<&C::Norm> {
        self.control.norm()
    }

    fn first_step(&self) -> Option<f64> {
        self.control.first_step()
    }

    fn start(&self, span: Span, first: f64) -> Result<Self::Memory, SolveError> {
        if !self.h.is_finite() || self.h <= 0.0 {
            return Err(SolveError::BadStep { what: "the least step", value: self.h });
        }
        // A careful first step is a guess, and no reason to stop.
        let first = if first > 0.0 { first.max(self.h) } else { first };
        Ok(MinStepMemory { span, inner: self.control.start(span, first)? })
    }

    fn next(&self, t: f64, memory: &Self::Memory) -> f64 {
        let next = self.control.next(t, &memory.inner);
        let free = self.control.arrival(next, &memory.inner) == Arrival::Free;
        if self.below == Below::Stop || !free || (next - t).abs() >= self.h {
            return next;
        }
        let (end, direction) = (memory.span.t1, memory.span.direction());
        let least = t + direction * self.h;
        if (end - least) * direction <= 0.0 { end } else { least }
    }

    fn judge(&self, trial: Trial, memory: &mut Self::Memory) -> Verdict {
        let verdict = self.control.judge(trial, &mut memory.inner);
        let least = trial.h.abs() <= self.h * (1.0 + 1e-9);
        if self.below == Below::Accept && least { Verdict::Accept } else { verdict }
    }

    fn arrival(&self, next: f64, memory: &Self::Memory) -> Arrival {
        self.control.arrival(next, &memory.inner)
    }

    fn least_step(&self) -> f64 {
        match self.below {
            Below::Stop => self.h.max(self.control.least_step()),
            Below::Accept => self.control.least_step(),
        }
    }

    fn follow(&self, h: f64, memory: &mut Self::Memory) {
        self.control.follow(h, &mut memory.inner);
    }

    fn restart(&self, t: f64, h: f64, memory: &mut Self::Memory) {
        self.control.restart(t, h.max(self.h), &mut memory.inner);
    }
}
