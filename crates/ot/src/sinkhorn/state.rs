//! The potentials and what an iteration makes of them.

use super::certificate::{Measured, extend};
use super::drive::{End, MEMORY, Precision, Stage, Update};
use super::extrapolation::Extrapolation;
use super::kernel::Kernel;
use super::log::Log;
use super::sweep::{OutOfRange, Shares, Sweep, error};
use super::truncated::Truncated;
use super::{Form, Sinkhorn};
use crate::OtError;

/// Tolerances from here on are met with a kernel in single precision.
const SINGLE: f64 = 3e-7;
/// The share of the tolerance that an iteration must reach by its own measure.
const SHARE: f64 = 0.8;
/// Problems with fewer entries have their whole kernel in fast memory.
const LARGE: usize = 1 << 21;
/// Iterations after which a problem counts as slow.
const PROBE: usize = 25;
/// Iterations without a new least error after which there is no progress, where rounding may be the cause.
const STALL: usize = 300;
/// A share of the mass that is too small for single precision.
const LIGHT: f64 = 1e-20;
/// Iterations in the log domain on end after which the kernel is not tried again.
const PATIENCE: usize = 3;

/// How a run of iterations came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Iterated {
    /// At the tolerance.
    Reached,
    /// After the number of iterations.
    Ended,
    /// Where rounding ends all progress.
    Stalled,
}

pub(super) struct State<'s, 'g> {
    pub(super) shares: &'s Shares<'g>,
    /// The soft minima of the rows: the source potential, where that side is not relaxed.
    pub(super) f: Vec<f64>,
    pub(super) g: Vec<f64>,
    /// The soft minima of the columns: the next target potential, where no side is relaxed.
    pub(super) next: Vec<f64>,
    pub(super) iterations: usize,
    pub(super) error: f64,
    /// By how much the last half step of a relaxed target lowers f.
    pub(super) shift: f64,
    pub(super) extrapolation: Extrapolation,
    pub(super) update: Update,
}

impl State<'_, '_> {
    pub(super) fn end(mut self, epsilon: f64, measured: Measured) -> End {
        match &self.shares.relaxed {
            None => extend(self.shares, epsilon, &mut self.f, &mut self.g),
            Some(relaxed) => relaxed.settle(epsilon, &mut self.f, &mut self.g),
        }
        End { f: self.f, g: self.g, iterations: self.iterations, measured }
    }

    /// What the potentials are worth; from here on f is one of them, with relaxed sides too.
    pub(super) fn measure(&mut self, epsilon: f64) -> Measured {
        if let Some(relaxed) = &self.shares.relaxed {
            self.f = relaxed.sides[0].potentials(epsilon, &self.f, 0.0);
            if !relaxed.holds_source() {
                relaxed.sides[0].lower(&mut self.f, self.shift);
            }
        }
        Measured::new(self.shares, epsilon, &self.f, &self.g)
    }

    pub(super) fn within(
        mut self,
        solver: &Sinkhorn,
        kernel: Option<Kernel<f32>>,
        schedule: &[Stage],
        tolerance: f64,
        max_iterations: usize,
    ) -> Result<End, OtError> {
        let epsilon = solver.epsilon;
        let failed = |state: &Self, residual: f64| OtError::NotConverged {
            method: if state.shares.relaxed.is_some() { "unbalanced sinkhorn" } else { "sinkhorn" },
            iterations: state.iterations,
            residual,
            tolerance,
        };
        let mut precision = self.precision();
        let mut ready = kernel.is_some() && precision == Precision::Single && schedule.is_empty();
        let mut form = match kernel {
            Some(kernel) if precision == Precision::Single => Box::new(kernel),
            _ => solver.form(self.shares.shape(), precision),
        };
        for stage in schedule {
            let steps = stage.steps.min(max_iterations.saturating_sub(self.iterations));
            self.absorb(form.as_mut(), stage.epsilon);
            self.iterate(form.as_mut(), stage.epsilon, 0.05, steps, 0.0);
        }
        let (mut goal, mut probed) = (SHARE * tolerance, false);
        loop {
            let least = if precision == Precision::Single { goal.max(SINGLE) } else { goal };
            let mut steps = max_iterations.saturating_sub(self.iterations);
            let (n, m) = self.shares.shape();
            let probe = !probed
                && precision == Precision::Single
                && solver.form == Form::Auto
                && self.update == Update::Alternate
                && self.shares.relaxed.is_none()
                && n * m >= LARGE
                && steps > PROBE;
            if probe {
                (probed, steps) = (true, PROBE);
            }
            if !ready {
                self.absorb(form.as_mut(), epsilon);
            }
            ready = false;
            let reached = self.iterate(form.as_mut(), epsilon, least, steps, precision.rounding());
            if probe && reached == Iterated::Ended {
                ready = true;
                if let Some(truncated) = Truncated::new(self.shares, epsilon, (&self.f, &self.g), MEMORY) {
                    form = Box::new(truncated);
                }
                continue;
            }
            if reached == Iterated::Ended || (reached == Iterated::Stalled && precision == Precision::Double)
            {
                return Err(failed(&self, self.error));
            }
            if reached == Iterated::Reached && least <= tolerance {
                let soft = self.f.clone();
                let measured = self.measure(epsilon);
                if measured.residual <= tolerance {
                    return Ok(self.end(epsilon, measured));
                }
                self.f = soft;
                // The limit of what f64 can do at this ε.
                if goal < 0.01 * tolerance {
                    return Err(failed(&self, measured.residual));
                }
            }
            if precision == Precision::Single {
                precision = Precision::Double;
                form = solver.form(self.shares.shape(), precision);
            } else {
                goal *= 0.5;
            }
        }
    }

    /// Single, but for masses so small that it loses them.
    fn precision(&self) -> Precision {
        let light = |mass: &f64| *mass > 0.0 && *mass < LIGHT;
        let lost = self.shares.a.iter().chain(&self.shares.b).any(light);
        if lost { Precision::Double } else { Precision::Single }
    }

    pub(super) fn absorb(&self, form: &mut dyn Sweep, epsilon: f64) {
        form.absorb(self.shares, epsilon, &self.f, self.anchor());
    }

    /// What is absorbed of the target side.
    fn anchor(&self) -> &[f64] {
        if self.shares.relaxed.is_some() { &self.next } else { &self.g }
    }

    /// The log form in double precision, which is never out of range.
    pub(super) fn log(&self, epsilon: f64) -> Log<f64> {
        let mut log = Log::new(self.shares.shape());
        <Log<f64> as Sweep>::absorb(&mut log, self.shares, epsilon, &self.f, self.anchor());
        log
    }

    /// Iterates until the error is at most `tolerance`, at most `steps` times.
    pub(super) fn iterate(
        &mut self,
        form: &mut dyn Sweep,
        epsilon: f64,
        tolerance: f64,
        steps: usize,
        rounding: f64,
    ) -> Iterated {
        self.extrapolation.clear();
        let (mut log, mut failures) = (None, 0);
        let (mut least, mut since) = (f64::INFINITY, 0);
        for count in 0..steps {
            let attempt = if failures < PATIENCE {
                form.sweep(self.shares, &self.g, &mut self.f, &mut self.next)
            } else {
                Err(OutOfRange)
            };
            if attempt == Err(OutOfRange) {
                let log = log.get_or_insert_with(|| self.log(epsilon));
                // Never out of range. An acceleration that went too far sees its error, and goes back.
                let _ = log.sweep(self.shares, &self.g, &mut self.f, &mut self.next);
                failures += 1;
                if failures < PATIENCE {
                    form.absorb(self.shares, epsilon, &self.f, &self.next);
                }
            } else {
                failures = 0;
            }
            self.iterations += 1;
            match (&self.shares.relaxed, self.update) {
                (Some(relaxed), _) => {
                    let f = relaxed.sides[0].potentials(epsilon, &self.f, 0.0);
                    let step = relaxed.step(epsilon, &self.next, &self.g, &f);
                    (self.error, self.shift) = (step.error, step.shift);
                    let reached = self.error <= tolerance;
                    if reached || count + 1 == steps {
                        // A plan ends with the half step of the side that is held.
                        if !relaxed.holds_source() {
                            self.g = step.potential;
                        }
                        return if reached { Iterated::Reached } else { Iterated::Ended };
                    }
                    self.g = self.extrapolation.next(&self.g, &step.potential, self.error, &self.shares.b);
                    relaxed.sides[1].lower(&mut self.g, 0.0);
                }
                (None, Update::Alternate) => {
                    self.error = error(&self.g, &self.next, &self.shares.b, epsilon);
                    if self.error <= tolerance {
                        std::mem::swap(&mut self.g, &mut self.next);
                        return Iterated::Reached;
                    }
                    self.g = self.extrapolation.next(&self.g, &self.next, self.error, &self.shares.b);
                }
                (None, Update::Average) => {
                    // Of the plan of (g, g), both marginals together.
                    self.error = 2.0 * error(&self.g, &self.f, &self.shares.b, epsilon);
                    if self.error > tolerance {
                        let steps = self.f.iter().zip(&self.next);
                        self.g.iter_mut().zip(steps).for_each(|(g, (f, next))| *g = 0.5 * (f + next));
                    }
                    self.f.clone_from(&self.g);
                    if self.error <= tolerance {
                        return Iterated::Reached;
                    }
                }
            }
            since = if self.error < least { 0 } else { since + 1 };
            least = least.min(self.error);
            if since == STALL && least < rounding {
                return Iterated::Stalled;
            }
        }
        Iterated::Ended
    }
}
