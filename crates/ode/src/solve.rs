//! The loop in which a problem, a method, a controller and a destination meet.

use crate::save::Source;
use crate::{
    At, End, Report, Save, Segment, SolveError, Span, Stats, StepControl, StepError, Stepper, Trial, Verdict,
};
use chreode_core::{Norm, VectorSpace};
use std::cell::Cell;
use std::marker::PhantomData;

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
        self.drive(problem, span, y0, save).map(|(report, _)| report)
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
        self.drive(problem, Span { t0, t1 }, y0, &mut save).map(|_| save.ys)
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
        self.drive(problem, span, y0, &mut At::new(&[])).map(|(_, y)| y)
    }

    /// Checks, loops, and tells the saver how it ended.
    fn drive<P, Y, O>(
        &self,
        problem: &P,
        span: Span,
        mut y: Y,
        save: &mut O,
    ) -> Result<(Report, Y), SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
    {
        let Span { t0, t1 } = span;
        if !t0.is_finite() || !t1.is_finite() {
            return Err(SolveError::SpanNotFinite { t0, t1 });
        }
        let about = self.stepper.about();
        if self.control.norm().is_some() && about.error_power.is_none() {
            return Err(SolveError::NoErrorEstimate { method: about.name });
        }
        // Settings are checked before anything is evaluated.
        if let Some(norm) = self.control.norm() {
            norm.check(&y)?;
        }
        self.control.start(span, 0.0)?;
        if !y.is_finite() {
            return Err(SolveError::NotFinite { t: t0 });
        }
        self.stepper.check(problem, span, &y)?;
        save.start(span, &y)?;
        let mut t = t0;
        let report = if t0 == t1 {
            Ok(Report { end: End::Reached, stats: Stats::default() })
        } else {
            self.steps(problem, span, &mut t, &mut y, save)
        };
        save.finish(t, &y);
        report.map(|report| (report, y))
    }

    /// The loop. `(t, y)` is always the last state that counts.
    fn steps<P, Y, O>(
        &self,
        problem: &P,
        span: Span,
        t: &mut f64,
        y: &mut Y,
        save: &mut O,
    ) -> Result<Report, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
    {
        let (stepper, control) = (&self.stepper, &self.control);
        let (direction, norm) = (span.direction(), control.norm());
        let power = stepper.about().error_power.unwrap_or(1.0);
        let mut memory = stepper.init(problem, *t, y)?;
        let mut stats = Stats::default();
        let first = match (norm, control.first_step()) {
            (_, Some(h)) => h,
            (None, None) => 0.0,
            (Some(norm), None) => {
                let (h, evals) = stepper.first_step(problem, span, y, norm, &mut memory)?;
                stats.evals += evals;
                h
            }
        };
        let mut plan = control.start(span, first)?;
        let mut trouble = None;
        loop {
            let steps = stats.accepted + stats.rejected;
            if steps >= self.max_steps {
                return Err(SolveError::MaxSteps { t: *t, t1: span.t1, steps });
            }
            let mut next = control.next(*t, &plan);
            if (next - span.t1) * direction > 0.0 {
                next = span.t1;
            }
            let h = next - *t;
            let far_enough = if next == span.t1 { 0.0 } else { least_step(*t) };
            if h.is_nan() || h * direction <= far_enough {
                return Err(trouble.unwrap_or(SolveError::StepTooSmall { t: *t, h }));
            }
            let outcome = stepper.propose(problem, *t, h, y, &mut memory);
            trouble = match outcome {
                Ok(evals) => {
                    stats.evals += evals;
                    let finite = stepper.proposed(&memory).is_finite();
                    (!finite).then_some(SolveError::NotFinite { t: next })
                }
                Err(error @ StepError::NotConverged { .. }) if norm.is_some() => Some(error.into()),
                Err(error) => return Err(error.into()),
            };
            let ratio = match (&trouble, norm) {
                (Some(error), None) => return Err(error.clone()),
                (None, None) => None,
                (Some(_), Some(_)) => Some(f64::INFINITY),
                (None, Some(norm)) => {
                    let ratio = stepper.error(h, y, norm, &mut memory);
                    let ratio = ratio.ok_or(SolveError::NoErrorEstimate { method: stepper.about().name })?;
                    if ratio.is_nan() {
                        trouble = Some(SolveError::ErrorNotFinite { t: next });
                    }
                    Some(if ratio.is_nan() { f64::INFINITY } else { ratio })
                }
            };
            match (control.judge(Trial { t: *t, h, ratio, power }, &mut plan), &trouble) {
                (Verdict::Reject, _) => stats.rejected += 1,
                (Verdict::Accept, Some(error)) => return Err(error.clone()),
                (Verdict::Accept, None) => {
                    stats.accepted += 1;
                    let bad = Cell::new(None);
                    let source =
                        StepSource { stepper, t: *t, h, y: &*y, memory: &memory, problem: PhantomData::<&P> };
                    let flow = save.segment(&Segment {
                        t0: *t,
                        t1: next,
                        y0: &*y,
                        y1: stepper.proposed(&memory),
                        source: &source,
                        bad: &bad,
                    });
                    stepper.commit(y, &mut memory);
                    *t = next;
                    if let Some(t) = bad.get() {
                        return Err(SolveError::NotFinite { t });
                    }
                    if flow.is_break() {
                        return Ok(Report { end: End::Stopped { t: *t }, stats });
                    }
                    if *t == span.t1 {
                        return Ok(Report { end: End::Reached, stats });
                    }
                }
            }
        }
    }
}

/// Ten units in the last place of `t`: shorter steps drown in the rounding of time.
#[inline]
fn least_step(t: f64) -> f64 {
    let t = t.abs();
    10.0 * (t.next_up() - t)
}

/// The step a segment interpolates.
struct StepSource<'a, S, P: ?Sized, Y, M> {
    stepper: &'a S,
    t: f64,
    h: f64,
    y: &'a Y,
    memory: &'a M,
    problem: PhantomData<&'a P>,
}

impl<P: ?Sized, Y, S: Stepper<P, Y>> Source<Y, S::Dense> for StepSource<'_, S, P, Y, S::Memory> {
    fn dense(&self) -> S::Dense {
        self.stepper.dense(self.t, self.h, self.y, self.memory)
    }

    fn interpolate(&self, at: f64) -> Y {
        self.stepper.interpolate(at, self.t, self.h, self.y, self.memory)
    }
}
