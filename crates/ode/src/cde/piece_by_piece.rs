//! Solves along a path, stopped and started where its derivative jumps.

use super::{Cde, CdeError, ControlPath, PinnedCde};
use crate::{At, Last, Solve, SolveError, Span, StepControl, Stepper};
use chreode_core::{Norm, VectorSpace};

impl<F, X: ControlPath> Cde<F, X> {
    /// The state at `span.t1`, from `z0` at `span.t0`.
    ///
    /// # Errors
    /// When the span leaves the path, and those of the solve.
    pub fn end<'a, S, C, Y>(&'a self, solve: &Solve<S, C>, span: Span, z0: Y) -> Result<Y, CdeError>
    where
        Y: VectorSpace,
        S: Stepper<PinnedCde<'a, F, X>, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        self.pieces(solve, span, z0, &[]).map(|(_, z)| z)
    }

    /// The states at `times`, from `z0` at the first to the last; sorted up or, to run backwards, down.
    ///
    /// Each piece of the path between jumps is a solve of its own, with a step size of its own and
    /// [`max_steps`](Solve::max_steps) for each; a path without jumps is one solve.
    ///
    /// # Errors
    /// When the times leave the path, and those of the solve.
    pub fn at<'a, S, C, Y>(&'a self, solve: &Solve<S, C>, z0: Y, times: &[f64]) -> Result<Vec<Y>, CdeError>
    where
        Y: VectorSpace,
        S: Stepper<PinnedCde<'a, F, X>, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        let (Some(&t0), Some(&t1)) = (times.first(), times.last()) else {
            return Err(SolveError::NoTimes.into());
        };
        let span = Span { t0, t1 };
        for (i, pair) in times.windows(2).enumerate() {
            let (time, next) = (pair[0], pair[1]);
            let forwards = (next - time) * span.direction();
            if forwards.is_nan() || forwards < 0.0 {
                return Err(SolveError::TimesNotSorted { index: i + 1, time, next }.into());
            }
        }
        self.pieces(solve, span, z0, times).map(|(zs, _)| zs)
    }

    /// The states at `times` and at the end.
    fn pieces<'a, S, C, Y>(
        &'a self,
        solve: &Solve<S, C>,
        span: Span,
        z0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Y), CdeError>
    where
        Y: VectorSpace,
        S: Stepper<PinnedCde<'a, F, X>, Y>,
        C: StepControl<Norm: Norm<Y>>,
    {
        let Span { t0, t1 } = span;
        if !t0.is_finite() || !t1.is_finite() {
            return Err(SolveError::SpanNotFinite { t0, t1 }.into());
        }
        let Span { t0: start, t1: end } = self.path.span();
        let (low, high) = (t0.min(t1), t0.max(t1));
        if low < start || high > end {
            return Err(CdeError::OffPath { t0, t1, start, end });
        }
        let mut stops: Vec<f64> =
            self.path.jumps().iter().copied().filter(|t| *t > low && *t < high).collect();
        if t1 < t0 {
            stops.reverse();
        }
        stops.push(t1);
        let (mut zs, mut z, mut from, mut times) = (Vec::with_capacity(times.len()), z0, t0, times);
        for to in stops {
            let piece = Span { t0: from, t1: to };
            // Times up to and with the end of this piece; those at its start belong to the one before.
            let here = times.iter().take_while(|t| (**t - to) * span.direction() <= 0.0).count();
            let mut save = (At::new(&times[..here]), Last::new());
            let _ = solve.run(&self.within(piece), piece, z, &mut save)?;
            zs.extend(save.0.ys);
            z = save.1.0.expect("a solve that succeeds has a last state").1;
            times = &times[here..];
            from = to;
        }
        Ok((zs, z))
    }
}
