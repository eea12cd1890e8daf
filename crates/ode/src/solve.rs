//! The loop in which a problem, a method, a controller and a destination meet.

use crate::drive::Driver;
use crate::event::Watch;
use crate::{At, End, Events, Report, Save, SolveError, Span, Stats, StepControl, Stepper, Work};
use chreode_core::{Norm, VectorSpace};

/// Steps a solve may try unless told otherwise.
const MAX_STEPS: usize = 100_000;

/// A stepper and a controller: everything about a solve that outlives one problem.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{ExplicitRk, Pi, Solve, TSIT5};
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-8)));
/// let ys = solve.at(&decay, [1.0], &[0.0, 0.5, 1.0])?;
/// assert!((ys[2][0] - (-1.0f64).exp()).abs() < 1e-7);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solve<S, C> {
    /// The method.
    pub stepper: S,
    /// Who chooses its steps.
    pub control: C,
    /// Steps that may be tried, rejected ones included; 100 000 unless set.
    pub max_steps: usize,
}

impl<S, C> Solve<S, C> {
    /// Solves with `stepper` under `control`.
    pub const fn new(stepper: S, control: C) -> Self {
        Self { stepper, control, max_steps: MAX_STEPS }
    }

    /// Allows `n` steps, rejected ones included.
    pub fn max_steps(self, n: usize) -> Self {
        Self { max_steps: n, ..self }
    }

    /// Solves over `span` from `y0` and hands each accepted step to `save`.
    ///
    /// An empty span takes no step and evaluates nothing: the saver starts and finishes on `y0`.
    ///
    /// # Errors
    /// See [`SolveError`]; what was saved before the error stays in `save`.
    pub fn run<P, Y, O>(&self, problem: &P, span: Span, y0: Y, save: &mut O) -> Result<Report, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
    {
        self.drive(problem, span, y0, save, &mut ()).map(|(report, _)| report)
    }

    /// The states at `times`, from `y0` at the first to the last; sorted up or, to run backwards, down.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`SolveError::NoTimes`].
    pub fn at<P, Y>(&self, problem: &P, y0: Y, times: &[f64]) -> Result<Vec<Y>, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        let (Some(&t0), Some(&t1)) = (times.first(), times.last()) else {
            return Err(SolveError::NoTimes);
        };
        let mut save = At::new(times);
        self.drive(problem, Span { t0, t1 }, y0, &mut save, &mut ()).map(|_| save.ys)
    }

    /// The state at `span.t1`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn end<P, Y>(&self, problem: &P, span: Span, y0: Y) -> Result<Y, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        self.drive(problem, span, y0, &mut At::new(&[]), &mut ()).map(|(_, y)| y)
    }

    /// As [`run`](Self::run), and watches for `events`: see [`Event`](crate::Event).
    ///
    /// ```
    /// use chreode_core::Tolerance;
    /// use chreode_ode::{Action, DOPRI5, Direction, End, ExplicitRk, Last, Pi, Solve, Span, When};
    ///
    /// // A ball that bounces, losing a tenth of its speed, until it is slow.
    /// let falling = |_t: f64, y: &[f64; 2]| [y[1], -9.81];
    /// let mut floor = When::new(|_t: f64, y: &[f64; 2]| y[0]).going(Direction::Down).then(
    ///     |_t: f64, y: &[f64; 2]| {
    ///         if y[1].abs() < 2.0 { Action::Stop } else { Action::Reset([0.0, -0.9 * y[1]]) }
    ///     },
    /// );
    /// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-8)));
    /// let span = Span { t0: 0.0, t1: 100.0 };
    /// let report = solve.run_with(&falling, span, [1.0, 0.0], &mut Last::new(), &mut floor)?;
    /// assert!(matches!(report.end, End::Event { index: 0, .. }));
    /// # Ok::<(), chreode_ode::SolveError>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and those of events.
    pub fn run_with<P, Y, O, E>(
        &self,
        problem: &P,
        span: Span,
        y0: Y,
        save: &mut O,
        events: &mut E,
    ) -> Result<Report, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
        E: Events<Y>,
    {
        self.drive(problem, span, y0, save, events).map(|(report, _)| report)
    }

    /// Checks, loops, and tells the saver how it ended.
    fn drive<P, Y, O, E>(
        &self,
        problem: &P,
        span: Span,
        y: Y,
        save: &mut O,
        events: &mut E,
    ) -> Result<(Report, Y), SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
        E: Events<Y>,
    {
        // Settings and times are checked before anything is evaluated.
        self.check(problem, span, &y)?;
        save.start(span, &y)?;
        if span.t0 == span.t1 {
            save.finish(span.t0, &y);
            return Ok((Report { end: End::Reached, stats: Stats::default(), work: Work::default() }, y));
        }
        let mut driver = match Driver::begin(self, problem, span, y) {
            Ok(driver) => driver,
            Err((error, y)) => {
                save.finish(span.t0, &y);
                return Err(error);
            }
        };
        let end = steps(&mut driver, save, events);
        let (stats, work) = (driver.stats(), driver.work());
        let (t, y) = driver.into_state();
        save.finish(t, &y);
        end.map(|end| (Report { end, stats, work }, y))
    }
}

/// The loop: a step, then those who want to see it.
#[inline]
fn steps<P, Y, S, C, O, E>(
    driver: &mut Driver<'_, P, Y, S, C>,
    save: &mut O,
    events: &mut E,
) -> Result<End, SolveError>
where
    P: ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
    O: Save<Y, S::Dense>,
    E: Events<Y>,
{
    let watched = events.count() > 0;
    let mut watch = Watch::new(events, driver.t(), driver.y())?;
    while driver.advance()? {
        if watched {
            if let Some(end) = watch.pass(driver, save, events)? {
                return Ok(end);
            }
        } else if driver.segment(None, |segment| save.segment(segment))?.is_break() {
            return Ok(End::Stopped { t: driver.t() });
        }
        driver.commit()?;
    }
    Ok(End::Reached)
}
