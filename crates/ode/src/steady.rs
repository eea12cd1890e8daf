//! Where a solution comes to rest.

use crate::{Solve, SolveError, Span, Stats, StepControl, Stepper};
use chreode_core::{Norm, VectorField, VectorSpace};

/// A state at which the field is as good as zero.
#[derive(Clone, Debug, PartialEq)]
pub struct SteadyState<Y> {
    /// When it was reached.
    pub t: f64,
    /// The state.
    pub y: Y,
    /// The size of the field there in the norm asked for, at most 1.
    pub residual: f64,
    /// What it cost, the looks at the field included.
    pub stats: Stats,
}

impl<S, C> Solve<S, C> {
    /// Follows the solution from `y0` until the field is at rest: until `rest` measures f(t, y) at the end of a
    /// step, or at the start, as 1 or less. With a [`Tolerance`](chreode_core::Tolerance) that is a root
    /// mean square of `|fᵢ| / (atol + rtol |yᵢ|)`, in units of state over time. `span.t1` is as long as it may
    /// take.
    ///
    /// The steady state found is the one whose basin `y0` lies in, which a root finder does not promise; its
    /// accuracy is that of `rest` over the slowest rate of decay, not that of the steps. Each step
    /// costs one evaluation more.
    ///
    /// ```
    /// use chreode_core::Tolerance;
    /// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve, Span};
    ///
    /// // Two stable states, at -1 and 1.
    /// let switch = |_t: f64, y: &[f64; 1]| [y[0] - y[0].powi(3)];
    /// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-6)));
    /// let span = Span { t0: 0.0, t1: 1e3 };
    /// let found = solve.steady_state(&switch, span, [-0.1], &Tolerance::both(1e-9))?;
    /// assert!((found.y[0] + 1.0).abs() < 1e-8 && found.t < 40.0);
    /// # Ok::<(), chreode_ode::SolveError>(())
    /// ```
    ///
    /// # Errors
    /// [`SolveError::NotSteady`] at the end of the span, and those of a solve.
    pub fn steady_state<P, Y, N>(
        &self,
        field: &P,
        span: Span,
        y0: Y,
        rest: &N,
    ) -> Result<SteadyState<Y>, SolveError>
    where
        P: VectorField<Y> + ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        N: Norm<Y>,
    {
        self.check(field, span, &y0)?;
        rest.check(&y0)?;
        let mut slope = y0.zeros_like();
        let mut looks = 0;
        let mut look = |t: f64, y: &Y| {
            looks += 1;
            field.eval_into(t, y, &mut slope);
            let residual = rest.measure(&slope, y, y);
            match slope.is_finite() && !residual.is_nan() {
                true => Ok(residual),
                false => Err(SolveError::NotFinite { t, stage: None, entry: slope.first_not_finite() }),
            }
        };
        let mut residual = look(span.t0, &y0)?;
        if residual <= 1.0 {
            let stats = Stats { evals: 1, ..Stats::default() };
            return Ok(SteadyState { t: span.t0, y: y0, residual, stats });
        }
        let mut driver = self.start(field, span, y0)?;
        while let Some(step) = driver.step()? {
            residual = look(step.t1, step.y1)?;
            if residual <= 1.0 {
                break;
            }
        }
        let mut stats = driver.stats();
        stats.evals += looks;
        let (t, y) = driver.into_state();
        if residual <= 1.0 {
            Ok(SteadyState { t, y, residual, stats })
        } else {
            Err(SolveError::NotSteady { t, residual })
        }
    }
}
