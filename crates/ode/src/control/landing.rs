//! Steps that end at given times.

use super::Arrival;
use super::stops::stopping;

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

stopping!(Landing, Arrival::Exact, "a time to land on");
