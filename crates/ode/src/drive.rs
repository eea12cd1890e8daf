//! Stepping: one accepted step after the other, for loops of one's own and for [`Solve::run`].

mod step;
mod trial;

pub use step::Step;

use crate::{Arrival, Segment, Solve, SolveError, Span, Stats, StepControl, Stepper, Work};
use chreode_core::{Norm, VectorSpace};
use std::cell::Cell;
use step::StepSource;
use trial::after;
#[cfg(feature = "batch")]
pub(crate) use trial::least_step;

/// A solve in progress, made by [`Solve::start`]: the loop is yours.
///
/// Each call of [`step`](Self::step) takes one accepted step, however many trials that costs, and lends
/// it out. [`reset`](Self::reset) puts another state in place, [`extend`](Self::extend) moves the end, so
/// that a driver can be kept and resumed.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{ExplicitRk, Pi, Solve, Span, TSIT5};
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-8)));
/// let mut driver = solve.start(&decay, Span { t0: 0.0, t1: 10.0 }, [1.0])?;
/// while let Some(step) = driver.step()? {
///     if step.y1[0] < 0.5 {
///         break;
///     }
/// }
/// assert!(driver.t() > 2f64.ln() && driver.t() < 2.0);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
pub struct Driver<'a, P: ?Sized, Y, S: Stepper<P, Y>, C: StepControl> {
    solve: &'a Solve<S, C>,
    problem: &'a P,
    span: Span,
    /// The last state that was committed.
    t: f64,
    y: Y,
    /// Where the next step's first stage is evaluated: `t`, or just behind it after a jump.
    from: f64,
    memory: S::Memory,
    plan: C::Memory,
    stats: Stats,
    /// Power of h in the error.
    power: f64,
    /// Evaluations made for dense output.
    dense_evals: Cell<usize>,
    /// The size of the last trial.
    tried: f64,
    pending: Option<Pending>,
}

/// A step that was accepted and not yet committed.
#[derive(Clone, Copy)]
struct Pending {
    /// What the stepper was told.
    from: f64,
    h: f64,
    /// Where the solve then is.
    to: f64,
    arrival: Arrival,
    ratio: Option<f64>,
}

impl<S, C> Solve<S, C> {
    /// Begins a solve over `span` from `y0`, to be stepped by hand.
    ///
    /// # Errors
    /// Those of [`run`](Self::run) that come before the first step.
    pub fn start<'a, P, Y>(
        &'a self,
        problem: &'a P,
        span: Span,
        y0: Y,
    ) -> Result<Driver<'a, P, Y, S, C>, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        self.check(problem, span, &y0)?;
        Driver::begin(self, problem, span, y0).map_err(|(error, _)| error)
    }

    /// Everything that can be wrong before anything is evaluated.
    pub(crate) fn check<P, Y>(&self, problem: &P, span: Span, y: &Y) -> Result<(), SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        let Span { t0, t1 } = span;
        if !t0.is_finite() || !t1.is_finite() {
            return Err(SolveError::SpanNotFinite { t0, t1 });
        }
        let about = self.stepper.about();
        if self.control.norm().is_some() && about.error_power.is_none() {
            return Err(SolveError::NoErrorEstimate { method: about.name });
        }
        if let Some(norm) = self.control.norm() {
            norm.check(y)?;
        }
        self.control.start(span, 0.0)?;
        if !y.is_finite() {
            return Err(SolveError::NotFinite { t: t0, stage: None, entry: y.first_not_finite() });
        }
        self.stepper.check(problem, span, y)?;
        Ok(())
    }
}

impl<'a, P, Y, S, C> Driver<'a, P, Y, S, C>
where
    P: ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
{
    /// Starts the stepper and the controller; the settings are checked. The state comes back if that fails.
    #[inline]
    pub(crate) fn begin(
        solve: &'a Solve<S, C>,
        problem: &'a P,
        span: Span,
        y: Y,
    ) -> Result<Self, (SolveError, Y)> {
        let Solve { stepper, control, .. } = solve;
        let plan = match control.start(span, 0.0) {
            Ok(plan) => plan,
            Err(error) => return Err((error, y)),
        };
        let from = match control.arrival(span.t0, &plan) {
            Arrival::Jump => after(span.t0, span.direction()),
            _ => span.t0,
        };
        let memory = match stepper.init(problem, from, &y) {
            Ok(memory) => memory,
            Err(error) => return Err((error.into(), y)),
        };
        let mut driver = Self {
            solve,
            problem,
            span,
            t: span.t0,
            y,
            from,
            memory,
            plan,
            stats: Stats::default(),
            power: stepper.about().error_power.unwrap_or(1.0),
            dense_evals: Cell::new(0),
            tried: 0.0,
            pending: None,
        };
        match driver.plan_first() {
            Ok(()) => Ok(driver),
            Err(error) => Err((error, driver.y)),
        }
    }

    /// Plans the first step from here, if there is any to take.
    fn plan_first(&mut self) -> Result<(), SolveError> {
        let first = if self.t == self.span.t1 { None } else { self.careful_step()? };
        self.plan = self.solve.control.start(self.span, first.unwrap_or(0.0))?;
        Ok(())
    }

    /// The size of a first step from here; `None` when the controller needs none.
    fn careful_step(&mut self) -> Result<Option<f64>, SolveError> {
        let (norm, told) = (self.solve.control.norm(), self.solve.control.first_step());
        let (Some(norm), None) = (norm, told) else { return Ok(told) };
        let span = Span { t0: self.from, t1: self.span.t1 };
        let first = self.solve.stepper.first_step(self.problem, span, &self.y, norm, &mut self.memory);
        let (h, evals) = first?;
        self.stats.evals += evals;
        Ok(Some(h))
    }

    /// Takes one step that counts. `None` at the end of the span.
    ///
    /// # Errors
    /// See [`SolveError`]; [`t`](Self::t) and [`y`](Self::y) are then the last state reached.
    pub fn step(&mut self) -> Result<Option<Step<'_, P, Y, S>>, SolveError> {
        self.commit()?;
        Ok(if self.advance()? { self.latest() } else { None })
    }

    /// The last time reached.
    pub fn t(&self) -> f64 {
        self.pending.map_or(self.t, |step| step.to)
    }

    /// The state there.
    pub fn y(&self) -> &Y {
        if self.pending.is_some() { self.solve.stepper.proposed(&self.memory) } else { &self.y }
    }

    /// What it cost so far.
    pub fn stats(&self) -> Stats {
        let mut stats = self.stats;
        stats.evals += self.dense_evals.get();
        stats
    }

    /// The linear algebra it cost, for an implicit method.
    pub fn work(&self) -> Work {
        self.solve.stepper.work(&self.memory)
    }

    /// The step last taken, once more; `None` before the first and after [`reset`](Self::reset).
    pub fn latest(&self) -> Option<Step<'_, P, Y, S>> {
        let Pending { from, h, to, ratio, .. } = self.pending?;
        Some(Step {
            t0: self.t,
            t1: to,
            y0: &self.y,
            y1: self.solve.stepper.proposed(&self.memory),
            ratio,
            source: StepSource {
                stepper: &self.solve.stepper,
                problem: self.problem,
                t: from,
                h,
                y: &self.y,
                memory: &self.memory,
                evals: &self.dense_evals,
            },
        })
    }

    /// Goes on from `(t, y)` instead, with a step chosen as at a start; `t` lies within the step last
    /// taken (what came after it is forgotten), or is the time reached.
    ///
    /// # Errors
    /// When `t` lies elsewhere or `y` is not finite, and what a start may give.
    pub fn reset(&mut self, t: f64, y: Y) -> Result<(), SolveError> {
        let (t0, t1) = (self.t, self.t());
        if !(t0.min(t1)..=t0.max(t1)).contains(&t) {
            return Err(SolveError::TimeOutside { time: t, t0, t1 });
        }
        if !y.is_finite() {
            return Err(SolveError::NotFinite { t, stage: None, entry: y.first_not_finite() });
        }
        self.cut(t, y);
        self.restart()
    }

    /// Moves the end of the span to `t1`, on either side, and goes on from the time reached.
    ///
    /// # Errors
    /// When `t1` is not finite, and what a start may give.
    pub fn extend(&mut self, t1: f64) -> Result<(), SolveError> {
        self.commit()?;
        let span = Span { t0: self.t, t1 };
        if !t1.is_finite() {
            return Err(SolveError::SpanNotFinite { t0: self.t, t1 });
        }
        self.solve.stepper.check(self.problem, span, &self.y)?;
        if span.direction() != self.span.direction() {
            self.solve.stepper.restart(self.problem, self.from, &self.y, &mut self.memory)?;
        }
        self.span = span;
        self.plan_first()
    }

    /// The time and the state reached.
    pub(crate) fn into_state(mut self) -> (f64, Y) {
        if let Some(step) = self.pending {
            self.solve.stepper.commit(&mut self.y, &mut self.memory);
            self.t = step.to;
        }
        (self.t, self.y)
    }

    /// Takes the pending step; after a jump of the field, starts afresh.
    #[inline]
    pub(crate) fn commit(&mut self) -> Result<(), SolveError> {
        let Some(step) = self.pending else { return Ok(()) };
        if step.to != self.span.t1 && self.stats.accepted + self.stats.rejected >= self.solve.max_steps {
            // Not committed, so that the stepper can still say why.
            return Err(self.too_many());
        }
        self.pending = None;
        self.solve.stepper.commit(&mut self.y, &mut self.memory);
        (self.t, self.from) = (step.to, step.to);
        if step.arrival == Arrival::Jump {
            self.from = after(step.to, self.span.direction());
            self.restart()?;
        }
        Ok(())
    }

    /// Ends the pending step early, at `t` in state `y`. The stepper must be restarted before it goes on.
    pub(crate) fn cut(&mut self, t: f64, y: Y) {
        let jump = self.pending.is_some_and(|step| step.to == t && step.arrival == Arrival::Jump);
        (self.pending, self.tried) = (None, 0.0);
        (self.t, self.y) = (t, y);
        self.from = if jump { after(t, self.span.direction()) } else { t };
    }

    /// A start from the present state: nothing remembered of the slopes and steps before.
    pub(crate) fn restart(&mut self) -> Result<(), SolveError> {
        self.solve.stepper.restart(self.problem, self.from, &self.y, &mut self.memory)?;
        if self.t != self.span.t1 {
            let h = self.careful_step()?.unwrap_or(0.0);
            self.solve.control.restart(self.t, h, &mut self.plan);
        }
        Ok(())
    }

    /// Hands `use_it` the pending step, or the part of it up to `end`.
    pub(crate) fn segment<R>(
        &self,
        end: Option<(f64, &Y)>,
        use_it: impl FnOnce(&Segment<'_, Y, S::Dense>) -> R,
    ) -> Result<R, SolveError> {
        let bad = Cell::new(None);
        let step = self.latest().expect("called between an accepted step and its commit");
        let (t1, y1) = end.unwrap_or((step.t1, step.y1));
        let (span, stats) = (self.span, self.stats);
        let (t0, y0, source) = (step.t0, step.y0, &step.source);
        let result = use_it(&Segment { t0, t1, y0, y1, span, stats, source, bad: &bad });
        match bad.get() {
            Some((t, entry)) => Err(SolveError::NotFinite { t, stage: None, entry }),
            None => Ok(result),
        }
    }
}
