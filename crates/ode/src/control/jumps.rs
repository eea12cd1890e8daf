//! Fields that jump at given times.

use super::stops::Stops;
use super::{Arrival, StepControl, Trial, Verdict};
use crate::{SolveError, Span};

/// A controller for a field that is discontinuous in time, at known times.
///
/// The step towards a jump ends on it, and evaluates the field only at times before: its last stage lies
/// two floats ahead. The step from a jump is a fresh start that evaluates the field only at times after:
/// its first stage lies one float behind, the slope kept from the step before is dropped, and the step
/// size is chosen anew. What the field is at the time of the jump itself never matters, in
/// either direction, and no order is lost. States at the jump are saved as usual; the solution is continuous
/// there (for jumps of the *state* see [`Action::Reset`](crate::Action::Reset)).
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Jumps, Pi, Solve, Span};
///
/// // Infusion until t = 1.
/// let dose = |t: f64, y: &[f64; 1]| [if t < 1.0 { 2.0 } else { 0.0 } - y[0]];
/// let control = Jumps::new(Pi::new(Tolerance::both(1e-9)), [1.0]);
/// let y = Solve::new(ExplicitRk::new(DOPRI5), control).end(&dose, Span { t0: 0.0, t1: 2.0 }, [0.0])?;
/// let e = (-1.0f64).exp();
/// assert!((y[0] - 2.0 * (1.0 - e) * e).abs() < 1e-8);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Jumps<C> {
    /// Who chooses the steps between.
    pub control: C,
    /// The times, in any order; those outside the span of a solve do not matter to it.
    pub times: Vec<f64>,
}

impl<C> Jumps<C> {
    /// `control`, for a field that jumps at `times`.
    pub fn new(control: C, times: impl Into<Vec<f64>>) -> Self {
        Self { control, times: times.into() }
    }
}

/// The times of one solve, and the memory of the controller within.
#[derive(Clone, Debug)]
pub struct JumpsMemory<M> {
    stops: Stops,
    inner: M,
}

impl<C: StepControl> StepControl for Jumps<C> {
    type Memory = JumpsMemory<C::Memory>;
    type Norm = C::Norm;

    fn norm(&self) -> Option<&C::Norm> {
        self.control.norm()
    }

    fn first_step(&self) -> Option<f64> {
        self.control.first_step()
    }

    fn start(&self, span: Span, first: f64) -> Result<Self::Memory, SolveError> {
        let stops = Stops::new(&self.times, span, "the time of a jump")?;
        Ok(JumpsMemory { stops, inner: self.control.start(span, first)? })
    }

    fn next(&self, t: f64, memory: &Self::Memory) -> f64 {
        memory.stops.next(t, self.control.next(t, &memory.inner))
    }

    fn judge(&self, trial: Trial, memory: &mut Self::Memory) -> Verdict {
        Stops::judge(&self.control, trial, &mut memory.inner)
    }

    fn arrival(&self, next: f64, memory: &Self::Memory) -> Arrival {
        if memory.stops.holds(next) { Arrival::Jump } else { self.control.arrival(next, &memory.inner) }
    }

    fn least_step(&self) -> f64 {
        self.control.least_step()
    }

    fn follow(&self, h: f64, memory: &mut Self::Memory) {
        self.control.follow(h, &mut memory.inner);
    }

    fn restart(&self, t: f64, h: f64, memory: &mut Self::Memory) {
        self.control.restart(t, h, &mut memory.inner);
    }
}
