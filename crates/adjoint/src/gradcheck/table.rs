//! What a comparison found, as values and as a table.

use crate::AdjointError;
use std::fmt;

/// What a method's gradient is the gradient of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The steps taken: agrees to rounding.
    Exact,
    /// The steps of another method: agrees to the tolerance.
    OtherSteps,
    /// The exact solution: agrees to the tolerance.
    Continuous,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Exact => "exact",
            Self::OtherSteps => "other steps",
            Self::Continuous => "continuous",
        })
    }
}

/// One method against the discrete gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Its name.
    pub method: &'static str,
    /// What it differentiates.
    pub kind: Kind,
    /// Relative distance of ∂L/∂y₀; for finite differences and forward sensitivities the largest over a few
    /// directions.
    pub y0: f64,
    /// Relative distance of ∂L/∂θ, likewise.
    pub params: f64,
    /// Relative distance of ∂L/∂tᵢ, where the method gives it.
    pub times: Option<f64>,
    /// Evaluations of the field, those of the forward solve included.
    pub evals: usize,
    /// Pullbacks.
    pub pulls: usize,
    /// Why there is no gradient.
    pub failure: Option<AdjointError>,
}

impl Agreement {
    /// Without any result yet.
    pub(super) fn failed(method: &'static str, kind: Kind) -> Self {
        Self { method, kind, y0: f64::NAN, params: f64::NAN, times: None, evals: 0, pulls: 0, failure: None }
    }

    /// The larger of the distances of y₀ and θ; infinite for one that failed or is not a number.
    fn worst(&self) -> f64 {
        let worst = if self.y0 > self.params || self.y0.is_nan() { self.y0 } else { self.params };
        if self.failure.is_some() || worst.is_nan() { f64::INFINITY } else { worst }
    }
}

/// What [`gradcheck`](crate::gradcheck) found: print it.
#[derive(Clone, Debug, PartialEq)]
pub struct GradCheck {
    /// Steps of the solve.
    pub steps: usize,
    /// One line a method; the first is the discrete gradient with which the others are compared.
    pub lines: Vec<Agreement>,
}

impl GradCheck {
    /// The largest distance among the methods that should agree to rounding, in y₀ and θ: above 1e-6 in
    /// `f64`, the pullback of the field is wrong, or the field is not smooth.
    pub fn worst_exact(&self) -> f64 {
        let exact = self.lines.iter().filter(|line| line.kind == Kind::Exact);
        exact.map(Agreement::worst).fold(0.0, f64::max)
    }

    /// The largest distance among all.
    pub fn worst(&self) -> f64 {
        self.lines.iter().map(Agreement::worst).fold(0.0, f64::max)
    }
}

impl fmt::Display for GradCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [method, kind, evals] = ["method", "gradient of", "evaluations"];
        writeln!(
            f,
            "{method:<22} {kind:<12} {:>9} {:>9} {:>9} {evals:>12} {:>10}",
            "y0", "params", "times", "pullbacks"
        )?;
        for line in &self.lines {
            let Agreement { method, kind, y0, params, evals, pulls, .. } = line;
            write!(f, "{method:<22} {kind:<12} ")?;
            if let Some(error) = &line.failure {
                writeln!(f, "failed: {error}")?;
                continue;
            }
            let times = line.times.map_or("-".to_string(), |t| format!("{t:.1e}"));
            writeln!(f, "{y0:>9.1e} {params:>9.1e} {times:>9} {evals:>12} {pulls:>10}")?;
        }
        write!(f, "relative distance to the discrete gradient of {} steps", self.steps)
    }
}
