//! Batches of independent problems that stay on their device.

mod adaptive;
mod first_step;
mod stages;

use crate::convert::values;
use crate::{TorchError, ffi};
use chreode_ode::{Pi, SolveError, Span, StepControl, Tableau};
use stages::Stages;
use tch::{Device, Kind, Tensor};

/// A method and a controller for the rows of a tensor, each with its own time, step and verdict, in tensor
/// operations alone: the host is asked for nothing but, every few trials, whether all rows are done.
///
/// The rows go in step: each trial evaluates the field for all of them, those that are done included, with a
/// step of zero. That is what a GPU wants; on the CPU
/// `chreode_ode::BatchSolve` leaves rows out that are done. Rows step exactly onto their save times.
/// Times and steps are kept in `f64` on the device, in `f32` where it has none.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, Pi};
/// use chreode_torch::DeviceSolve;
/// use tch::Tensor;
///
/// // Two rows, y' = -y + t.
/// let y0 = Tensor::from_slice(&[1.0, 2.0]).view([2, 1]);
/// let times = Tensor::from_slice(&[0.0, 1.0]);
/// let solve = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-9)));
/// let batch = solve.run(|t, y| -y + t.unsqueeze(1), &y0, &times)?;
/// let exact = |y0: f64| (y0 + 1.0) * (-1f64).exp();
/// assert!((batch.saved.double_value(&[1, 1, 0]) - exact(2.0)).abs() < 1e-8);
/// # Ok::<(), chreode_torch::TorchError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeviceSolve {
    /// The method.
    pub tableau: Tableau,
    /// Who chooses the steps, from each row's own error.
    pub control: Pi,
    /// Trials that there may be at most; 100 000 unless set.
    pub max_trials: usize,
    /// Trials between two questions whether all rows are done; 8 unless set. Each question waits for the
    /// device; up to as many trials less one are wasted at the end.
    pub ask_every: usize,
}

/// The results of a [`DeviceSolve`], on the device.
#[derive(Debug)]
#[must_use]
pub struct DeviceBatch {
    /// The states at the save times, of shape `[times, rows, columns]`; NaN where a row did not come to one.
    pub saved: Tensor,
    /// The times last reached, one a row.
    pub t: Tensor,
    /// Whether each row came to its end. One that did not met numbers that are not finite, or needs steps too
    /// small for its time, or more trials.
    pub reached: Tensor,
    /// Steps taken, one number a row.
    pub accepted: Tensor,
    /// Steps tried and not taken.
    pub rejected: Tensor,
    /// Trials of all rows together.
    pub trials: usize,
    /// How often the host waited for the device.
    pub waits: usize,
}

impl DeviceSolve {
    /// Solves with `tableau`, which needs an error estimate, under `control`.
    pub const fn new(tableau: Tableau, control: Pi) -> Self {
        Self { tableau, control, max_trials: 100_000, ask_every: 8 }
    }

    /// Allows `n` trials.
    pub const fn max_trials(self, n: usize) -> Self {
        Self { max_trials: n, ..self }
    }

    /// Asks every `n` trials whether all rows are done.
    pub const fn ask_every(self, n: usize) -> Self {
        Self { ask_every: n, ..self }
    }

    /// Solves from the rows of `y0` at the first to the last of `times`: one list for all rows, or one row of
    /// times for each, sorted up or down. Keep them on the host: they are looked at before the solve.
    ///
    /// `field(t, y)` gets a time a row and the rows and returns a velocity each; it is not recorded on the
    /// tape. A row's velocity must not depend on the other rows.
    ///
    /// # Errors
    /// [`TorchError::Solve`] for a method without an error estimate and settings that make no sense,
    /// [`TorchError::Shape`] and [`TorchError::Kind`] for tensors that do not fit, and
    /// [`TorchError::Panic`] where the field panics. A row that fails is no error: see
    /// [`DeviceBatch::reached`].
    pub fn run(
        &self,
        field: impl Fn(&Tensor, &Tensor) -> Tensor,
        y0: &Tensor,
        times: &Tensor,
    ) -> Result<DeviceBatch, TorchError> {
        self.check()?;
        let y0 = y0.detach().contiguous();
        let times = row_times(times, &y0)?;
        let work = || ffi::unrecorded(|| adaptive::run(self, &field, &y0, &times));
        ffi::caught(work).map_err(|message| TorchError::Panic { message })
    }

    /// Takes `steps` equal steps over `span`: the rows at its end, without waiting for the device once.
    ///
    /// # Errors
    /// As [`run`](Self::run); the error estimate is not needed.
    pub fn fixed(
        tableau: Tableau,
        field: impl Fn(&Tensor, &Tensor) -> Tensor,
        y0: &Tensor,
        span: Span,
        steps: usize,
    ) -> Result<Tensor, TorchError> {
        if steps == 0 {
            return Err(SolveError::BadStep { what: "the number of steps", value: 0.0 }.into());
        }
        rows(y0)?;
        let (y0, time) = (y0.detach().contiguous(), (time_kind(y0.device()), y0.device()));
        let work = || {
            let h = (span.t1 - span.t0) / steps as f64;
            let mut stages = Stages::new(&tableau, &y0);
            let step = Tensor::full([y0.size()[0]], h, time);
            let mut y = y0.copy();
            for i in 0..steps {
                let t = Tensor::full([y0.size()[0]], span.t0 + i as f64 * h, time);
                y = stages.step(&field, &t, &step, &y);
                stages.commit(None);
            }
            y
        };
        ffi::caught(|| ffi::unrecorded(work)).map_err(|message| TorchError::Panic { message })
    }

    fn check(&self) -> Result<(), TorchError> {
        if self.tableau.coefficients().embedded.is_none() {
            let method = self.tableau.coefficients().name;
            return Err(SolveError::NoErrorEstimate { method }.into());
        }
        chreode_core::Norm::<f64>::check(&self.control.tolerance, &0.0).map_err(SolveError::BadTolerance)?;
        self.control.start(Span { t0: 0.0, t1: 1.0 }, 1.0)?;
        if self.ask_every == 0 {
            return Err(SolveError::BadStep { what: "the number of trials to a question", value: 0.0 }.into());
        }
        Ok(())
    }
}

/// Checks that there are rows of numbers.
fn rows(y0: &Tensor) -> Result<(), TorchError> {
    if y0.dim() != 2 || y0.size()[1] == 0 {
        let expected = "[rows, columns], with one column at least";
        return Err(TorchError::Shape { what: "y0", found: y0.size(), expected });
    }
    match y0.kind() {
        Kind::Double | Kind::Float => Ok(()),
        kind => Err(TorchError::Kind {
            what: "y0",
            found: format!("{kind:?}"),
            expected: "Double or Float (a module may compute in another kind inside)".into(),
        }),
    }
}

/// A list of times for each row.
fn row_times(times: &Tensor, y0: &Tensor) -> Result<Tensor, TorchError> {
    rows(y0)?;
    let n = y0.size()[0];
    let fits = match times.size().as_slice() {
        [m] => *m > 0,
        [rows, m] => *rows == n && *m > 0,
        _ => false,
    };
    if !fits {
        let expected = "[times] or [rows, times], with one time at least";
        return Err(TorchError::Shape { what: "the tensor of times", found: times.size(), expected });
    }
    let m = times.size().last().copied().unwrap_or(0);
    sorted(&values(times)?, usize::try_from(m).unwrap_or(1))?;
    let times = times.detach().to_kind(time_kind(y0.device())).to_device(y0.device());
    Ok(if times.dim() == 1 { times.expand([n, m], false) } else { times }.contiguous())
}

/// Checks lists of `m` times each: they are numbers and run from their first to their last.
fn sorted(times: &[f64], m: usize) -> Result<(), SolveError> {
    for list in times.chunks_exact(m) {
        let (t0, t1) = (list[0], list[m - 1]);
        if let Some(&time) = list.iter().find(|t| !t.is_finite()) {
            return Err(SolveError::SpanNotFinite { t0, t1: if t1.is_finite() { time } else { t1 } });
        }
        let turned = |pair: &[f64]| (pair[1] - pair[0]) * (t1 - t0).signum() < 0.0;
        if let Some(i) = list.windows(2).position(turned) {
            return Err(SolveError::TimesNotSorted { time: list[i], next: list[i + 1], index: i + 1 });
        }
    }
    Ok(())
}

/// What times are kept in.
fn time_kind(device: Device) -> Kind {
    match device {
        Device::Mps => Kind::Float,
        _ => Kind::Double,
    }
}
