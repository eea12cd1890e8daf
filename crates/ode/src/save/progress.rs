//! How far a solve has come.

use super::{Save, Segment};
use crate::{SolveError, Span, Stats};
use std::ops::ControlFlow;

/// What [`Observe`] tells after each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The part of the span that is done, from 0 to 1.
    pub fraction: f64,
    /// The time reached.
    pub t: f64,
    /// The size of the last step, not signed.
    pub h: f64,
    /// Steps and evaluations so far.
    pub stats: Stats,
}

/// Calls a function after each step, to drive a progress bar or a log; put it beside another saver in a
/// tuple. It keeps nothing, and `Break` ends the solve.
///
/// ```
/// use chreode_ode::{ExplicitRk, Fixed, Last, Observe, Progress, RK4, Solve, Span};
/// use std::ops::ControlFlow;
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let mut seen = Vec::new();
/// let observe = Observe(|progress: Progress| {
///     seen.push((progress.fraction, progress.stats.evals));
///     ControlFlow::Continue(())
/// });
/// let mut save = (observe, Last::new());
/// let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(4));
/// let report = solve.run(&decay, Span { t0: 1.0, t1: -1.0 }, [1.0], &mut save)?;
/// assert_eq!(seen, [(0.25, 4), (0.5, 8), (0.75, 12), (1.0, 16)]);
/// # assert_eq!(report.stats.evals, 16);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Observe<F>(pub F);

impl<Y, D, F: FnMut(Progress) -> ControlFlow<()>> Save<Y, D> for Observe<F> {
    fn start(&mut self, _span: Span, _y0: &Y) -> Result<(), SolveError> {
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        let Span { t0, t1 } = segment.span;
        (self.0)(Progress {
            fraction: (segment.t1 - t0) / (t1 - t0),
            t: segment.t1,
            h: (segment.t1 - segment.t0).abs(),
            stats: segment.stats,
        })
    }
}
