//! Everything about a batch that does not change while it runs.

use super::clock::Pace;
use super::rows::Rows;
use super::scheme::Scheme;
use chreode_core::Tolerance;
use chreode_core::simd::Element;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Plan<'p, 'r, A> {
    pub(crate) rows: &'p Rows<'r, A>,
    pub(crate) scheme: Scheme<A>,
    pub(crate) pace: Pace,
    pub(crate) max_steps: usize,
    /// The controller's tolerance and first step.
    pub(crate) tolerance: Tolerance,
    pub(crate) first_step: Option<f64>,
    pub(crate) stop: Option<&'p AtomicBool>,
}

impl<A: Element> Plan<'_, '_, A> {
    /// What row `i` is held to.
    pub(crate) fn tolerance(&self, i: usize) -> Tolerance {
        self.rows.tolerances.as_ref().map_or(self.tolerance, |each| *each.of(i))
    }

    /// The first step that row `i` was given.
    pub(crate) fn first_step(&self, i: usize) -> Option<f64> {
        self.rows.first_steps.as_ref().map_or(self.first_step, |each| Some(*each.of(i)))
    }

    /// The longest step, where steps are chosen by the error.
    pub(crate) fn max_step(&self) -> Option<f64> {
        match self.pace {
            Pace::Adaptive { max_step, .. } => Some(max_step),
            Pace::Fixed(_) => None,
        }
    }

    pub(crate) fn is_adaptive(&self) -> bool {
        matches!(self.pace, Pace::Adaptive { .. })
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Evaluations that a row needs for its steps by itself.
    pub(crate) fn evals(&self, accepted: usize, rejected: usize) -> usize {
        let s = self.scheme.stages;
        match (accepted + rejected, self.scheme.fsal) {
            (0, _) => 0,
            (steps, true) => (s - 1) * steps,
            (_, false) => s * accepted + (s - 1) * rejected,
        }
    }
}

/// The size of a careful first step from the sizes of the state, its slope and the change of slope a
/// `probe` ahead: Hairer, Nørsett & Wanner, Solving ODEs I, II.4, as in
/// [`first_step`](crate::first_step).
pub(crate) struct First {
    pub(crate) length: f64,
    pub(crate) power: f64,
    pub(crate) speed: f64,
    pub(crate) probe: f64,
}

impl First {
    pub(crate) fn new(length: f64, power: f64, size: f64, speed: f64) -> Self {
        let ratio = size / speed;
        let probe = if size < 1e-5 || speed < 1e-5 || !ratio.is_finite() { 1e-6 } else { 0.01 * ratio };
        Self { length, power, speed, probe: probe.min(length) }
    }

    /// The step, given the size of the change of slope.
    pub(crate) fn step(&self, change: f64) -> f64 {
        let curvature = change / self.probe;
        // A probe that left the field's domain says nothing: the probe itself is small enough to start.
        let steepest = if curvature.is_finite() { self.speed.max(curvature) } else { return self.probe };
        let wish = if steepest <= 1e-15 {
            f64::max(1e-6, 1e-3 * self.probe)
        } else {
            (0.01 / steepest).powf(1.0 / self.power)
        };
        wish.min(100.0 * self.probe).min(self.length)
    }
}
