//! A record of what happened, kept by the caller.

use super::{Action, Direction, Events};
use chreode_core::VectorSpace;

/// One event that occurred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occurrence<Y> {
    /// When.
    pub t: f64,
    /// Which event.
    pub index: usize,
    /// The state there, before any reset.
    pub y: Y,
}

/// Events, and a log of those that occurred, in order. It outlives the solve, also one that fails.
///
/// ```
/// use chreode_ode::{Action, Event, ExplicitRk, Fixed, Last, Logged, RK4, Solve, Span, When};
///
/// let oscillator = |_t: f64, y: &[f64; 2]| [y[1], -y[0]];
/// let zeros = When::new(|_t: f64, y: &[f64; 2]| y[0]).then(|_t: f64, _y: &[f64; 2]| Action::Continue);
/// let mut events = Logged::new(zeros);
/// let solve = Solve::new(ExplicitRk::new(RK4), Fixed::new(0.01));
/// solve.run_with(&oscillator, Span { t0: 0.0, t1: 10.0 }, [1.0, 0.0], &mut Last::new(), &mut events)?;
/// assert_eq!(events.log.len(), 3);
/// assert!((events.log[0].t - std::f64::consts::FRAC_PI_2).abs() < 1e-5);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Logged<E, Y> {
    /// The events.
    pub events: E,
    /// What occurred.
    pub log: Vec<Occurrence<Y>>,
}

impl<E, Y> Logged<E, Y> {
    /// With an empty log.
    pub const fn new(events: E) -> Self {
        Self { events, log: Vec::new() }
    }
}

impl<Y: VectorSpace, E: Events<Y>> Events<Y> for Logged<E, Y> {
    fn count(&self) -> usize {
        self.events.count()
    }

    fn value(&self, index: usize, t: f64, y: &Y) -> f64 {
        self.events.value(index, t, y)
    }

    fn direction(&self, index: usize) -> Direction {
        self.events.direction(index)
    }

    fn occurred(&mut self, index: usize, t: f64, y: &Y) -> Action<Y> {
        self.log.push(Occurrence { t, index, y: y.duplicate() });
        self.events.occurred(index, t, y)
    }

    fn samples(&self) -> usize {
        self.events.samples()
    }
}
