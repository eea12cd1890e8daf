//! What every error-driven controller keeps to.

use super::Verdict;
use crate::{SolveError, Span};

/// How far a controller may go from one step to the next, and at all.
///
/// | field | meaning | default | range |
/// |---|---|---|---|
/// | `safety` | factor on the step that would be exactly on tolerance | 0.9 | (0, 1] |
/// | `shrink`, `grow` | least and greatest change of h | 0.2, 10 | (0, 1), > 1 |
/// | `first_step`, `max_step` | sizes, in the units of time | automatic, none | > 0 |
///
/// For a least step see [`MinStep`](crate::MinStep).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Factor on the step that would be exactly on tolerance.
    pub safety: f64,
    /// Least change of a step.
    pub shrink: f64,
    /// Greatest change of a step.
    pub grow: f64,
    /// Size of the first step; `None` chooses it from the field.
    pub first_step: Option<f64>,
    /// Largest size of a step.
    pub max_step: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Limits {
    /// The defaults of the table above.
    pub const USUAL: Self = Self { safety: 0.9, shrink: 0.2, grow: 10.0, first_step: None, max_step: None };

    /// Whether each lies in its range.
    pub(super) fn check(&self) -> Result<(), SolveError> {
        for (what, value) in [("the first step", self.first_step), ("the largest step", self.max_step)] {
            if let Some(value) = value.filter(|h| !h.is_finite() || *h <= 0.0) {
                return Err(SolveError::BadStep { what, value });
            }
        }
        let settings = [
            ("safety", self.safety, self.safety > 0.0 && self.safety <= 1.0, "in (0, 1]"),
            ("shrink", self.shrink, self.shrink > 0.0 && self.shrink < 1.0, "in (0, 1)"),
            ("grow", self.grow, self.grow > 1.0 && self.grow.is_finite(), "above 1"),
        ];
        match settings.into_iter().find(|(_, _, ok, _)| !ok) {
            Some((what, value, _, range)) => Err(SolveError::BadSetting { what, value, range }),
            None => Ok(()),
        }
    }

    /// `h`, no larger than allowed.
    pub(super) fn most(&self, h: f64) -> f64 {
        h.min(self.max_step.unwrap_or(f64::INFINITY))
    }
}

/// The step that is planned, and where the solve goes: the part all controllers share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    t1: f64,
    direction: f64,
    /// Size of the next step, not signed.
    pub(super) h: f64,
    last: Verdict,
}

impl Plan {
    pub(super) fn new(span: Span, h: f64, limits: &Limits) -> Self {
        Self { t1: span.t1, direction: span.direction(), h: limits.most(h), last: Verdict::Accept }
    }

    /// Where the next step ends.
    pub(super) fn next(&self, t: f64, limits: &Limits) -> f64 {
        let left = (self.t1 - t) * self.direction;
        // A last step may be one per cent too long; a sliver after it would cost as much as a step.
        if left <= 1.01 * self.h && left <= limits.most(f64::INFINITY) {
            self.t1
        } else {
            t + self.direction * self.h.min(left)
        }
    }

    /// Whether a trial with this error counts, and the step after it: `wish` times as long, within limits. A
    /// rejected one is followed by a shorter step, and that by no longer one.
    pub(super) fn settle(&mut self, h: f64, ratio: f64, wish: f64, limits: &Limits) -> Verdict {
        let verdict = if ratio <= 1.0 { Verdict::Accept } else { Verdict::Reject };
        let most = match (verdict, self.last) {
            (Verdict::Accept, Verdict::Accept) => limits.grow,
            (Verdict::Accept, Verdict::Reject) => 1.0,
            (Verdict::Reject, _) => limits.safety.min(0.9),
        };
        self.h = limits.most(h.abs() * wish.min(most).max(limits.shrink));
        self.last = verdict;
        verdict
    }

    /// Plans a step of size `h` as after an accepted one.
    pub(super) fn restart(&mut self, h: f64, limits: &Limits) {
        (self.h, self.last) = (limits.most(h), Verdict::Accept);
    }
}
