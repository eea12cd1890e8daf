//! Steps that end at given times.

use super::stops::Stops;
use super::{Arrival, StepControl, Trial, Verdict};
use crate::{SolveError, Span};

/// A controller whose steps also end at given times, exactly: where a measurement is due, a dose is given, or
/// a short feature of the field must not be stepped over.
///
/// A step cut short for a time does not make those after it short. Times to *save* at need no landing:
/// dense output serves them.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, Every, ExplicitRk, Landing, Pi, Solve, Span};
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let control = Landing::new(Pi::new(Tolerance::both(1e-6)), [0.3, 1.7]);
/// let mut save = Every::step();
/// let span = Span { t0: 0.0, t1: 2.0 };
/// let report = Solve::new(ExplicitRk::new(DOPRI5), control).run(&decay, span, [1.0], &mut save)?;
/// assert!(save.times.contains(&0.3) && save.times.contains(&1.7));
/// # assert!(report.stats.accepted < 20);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Landing<C> {
    /// Who chooses the steps between.
    pub control: C,
    /// The times, in any order; those outside the span of a solve do not matter to it.
    pub times: Vec<f64>,
}

impl<C> Landing<C> {
    /// `control`, landing on `times`.
    pub fn new(control: C, times: impl Into<Vec<f64>>) -> Self {
        Self { control, times: times.into() }
    }
}

/// The times of one solve, and the memory of the controller within.
#[derive(Clone, Debug)]
pub struct LandingMemory<M> {
    stops: Stops,
    inner: M,
}

impl<C: StepControl> StepControl for Landing<C> {
    type Memory = LandingMemory<C::Memory>;
    type Norm = C::Norm;

    fn norm(&self) -> Option<&C::Norm> {
        self.control.norm()
    }

    fn first_step(&self) -> Option<f64> {
        self.control.first_step()
    }

    fn start(&self, span: Span, first: f64) -> Result<Self::Memory, SolveError> {
        let stops = Stops::new(&self.times, span, "a time to land on")?;
        Ok(LandingMemory { stops, inner: self.control.start(span, first)? })
    }

    fn next(&self, t: f64, memory: &Self::Memory) -> f64 {
        memory.stops.next(t, self.control.next(t, &memory.inner))
    }

    fn judge(&self, trial: Trial, memory: &mut Self::Memory) -> Verdict {
        Stops::judge(&self.control, trial, &mut memory.inner)
    }

    fn arrival(&self, next: f64, memory: &Self::Memory) -> Arrival {
        if memory.stops.holds(next) { Arrival::Exact } else { self.control.arrival(next, &memory.inner) }
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
