//! Steps of one size.

use super::{StepControl, Trial, Verdict};
use crate::{SolveError, Span};
use chreode_core::Tolerance;

/// Equal steps, no error control.
///
/// Step i ends at `t0 + (i + 1) h`, computed so and not by adding up, so that times do not drift; the
/// last step lands exactly on `t1`. Times to save at are reached by interpolation and change no step.
///
/// ```
/// use chreode_ode::{EULER, ExplicitRk, Fixed, Last, Solve, Span};
///
/// let growth = |_t: f64, y: &[f64; 1]| [y[0]];
/// let solve = Solve::new(ExplicitRk::new(EULER), Fixed::steps(100));
/// let report = solve.run(&growth, Span { t0: 0.0, t1: 1.0 }, [1.0], &mut Last::new())?;
/// assert_eq!(report.stats.evals, 100);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fixed {
    /// Steps of this size (positive, also backwards), the last one shorter where the span is no
    /// multiple of it.
    Size(f64),
    /// This many steps over the span.
    Count(usize),
}

impl Fixed {
    /// Steps of size `h > 0`, in the units of time.
    pub const fn new(h: f64) -> Self {
        Self::Size(h)
    }

    /// `n > 0` equal steps over the span, whatever its length.
    pub const fn steps(n: usize) -> Self {
        Self::Count(n)
    }
}

/// The grid of one solve, and the place on it.
#[derive(Clone, Copy, Debug)]
pub struct FixedMemory {
    span: Span,
    grid: Fixed,
    count: f64,
    done: f64,
}

impl StepControl for Fixed {
    type Memory = FixedMemory;
    type Norm = Tolerance;

    fn norm(&self) -> Option<&Tolerance> {
        None
    }

    fn start(&self, span: Span, _first: f64) -> Result<FixedMemory, SolveError> {
        let count = match *self {
            Self::Size(h) if h.is_finite() && h > 0.0 => {
                let exact = span.length() / h;
                // A span that is a multiple of h up to rounding gets no sliver of a last step.
                let whole = exact.round();
                if (exact - whole).abs() <= 1e-9 * whole { whole } else { exact.ceil() }
            }
            Self::Size(value) => return Err(SolveError::BadStep { what: "the fixed step size", value }),
            Self::Count(0) => {
                return Err(SolveError::BadStep { what: "the number of fixed steps", value: 0.0 });
            }
            Self::Count(n) => n as f64,
        };
        Ok(FixedMemory { span, grid: *self, count, done: 0.0 })
    }

    #[inline]
    fn next(&self, _t: f64, memory: &FixedMemory) -> f64 {
        memory.grid_time(memory.done + 1.0)
    }

    #[inline]
    fn judge(&self, trial: Trial, memory: &mut FixedMemory) -> Verdict {
        // A step cut short (by more than a sliver) leaves its grid time to be reached.
        let goal = memory.grid_time(memory.done + 1.0);
        let left = (goal - (trial.t + trial.h)) * memory.span.direction();
        if left <= 1e-3 * (goal - trial.t).abs() {
            memory.done += 1.0;
        }
        Verdict::Accept
    }

    fn restart(&self, t: f64, _h: f64, memory: &mut FixedMemory) {
        let direction = memory.span.direction();
        while memory.done > 0.0 && (memory.grid_time(memory.done) - t) * direction > 0.0 {
            memory.done -= 1.0;
        }
    }
}

impl FixedMemory {
    /// Where step `i`, counted from 1, ends.
    #[inline]
    fn grid_time(&self, i: f64) -> f64 {
        let Self { span, grid, count, .. } = *self;
        if i >= count {
            return span.t1;
        }
        match grid {
            Fixed::Size(h) => span.t0 + i * (h * span.direction()),
            Fixed::Count(_) => span.t0 + (span.t1 - span.t0) * (i / count),
        }
    }
}
