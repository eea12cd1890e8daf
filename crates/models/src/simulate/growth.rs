//! Division and death: a birth–death process whose rates follow the fate.

use crate::{ModelError, error::require};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Rates per cell and unit of time.
///
/// A cell whose first master dominates by `p` (see [`Toggle::dominance`](crate::Toggle::dominance))
/// divides at rate `p λ₁ + (1 − p) λ₂` and dies at rate `μ`.
///
/// Over a step, with the rates held at its beginning, the number of living descendants is drawn from
/// its exact law (Kendall 1948, doi 10.1214/aoms/1177730285): with `E = exp((λ − μ) h)`,
///
/// ```text
/// P(0) = α,   P(n) = (1 − α)(1 − β) βⁿ⁻¹,   α = μ (E − 1) / (λ E − μ),   β = λ (E − 1) / (λ E − μ).
/// ```
///
/// So with equal rates the expected mass is `exp((λ − μ) t)` whatever the step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Growth {
    /// `λ₁` and `λ₂`: division where the first or the second master dominates.
    pub division: [f64; 2],
    /// `μ`.
    pub death: f64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { division: [0.5, 0.2], death: 0.05 }
    }
}

impl Growth {
    /// No division and no death.
    pub const NONE: Self = Self { division: [0.0, 0.0], death: 0.0 };

    /// The net rate `λ − μ` at dominance `p`.
    pub fn net(&self, p: f64) -> f64 {
        self.division_at(p) - self.death
    }

    fn division_at(&self, p: f64) -> f64 {
        p * self.division[0] + (1.0 - p) * self.division[1]
    }

    /// Living descendants, after `h`, of one cell at dominance `p`.
    pub(super) fn descendants(&self, p: f64, h: f64, rng: &mut impl Rng) -> usize {
        let (lambda, mu) = (self.division_at(p), self.death);
        if lambda == 0.0 && mu == 0.0 {
            return 1;
        }
        let (alpha, beta) = extinction_and_ratio(lambda, mu, h);
        if rng.random::<f64>() < alpha {
            return 0;
        }
        // A geometric law by inversion; 1 − U lies in (0, 1], so the logarithm is finite.
        if beta == 0.0 { 1 } else { 1 + ((1.0 - rng.random::<f64>()).ln() / beta.ln()).floor() as usize }
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        for rate in self.division {
            require("division", rate, rate >= 0.0, "at least 0")?;
        }
        require("death", self.death, self.death >= 0.0, "at least 0")
    }
}

/// Kendall's `α` and `β`; their limit `λ h / (1 + λ h)` where the rates agree.
fn extinction_and_ratio(lambda: f64, mu: f64, h: f64) -> (f64, f64) {
    let excess = ((lambda - mu) * h).exp_m1();
    if excess.abs() < 1e-12 {
        let limit = lambda * h / (1.0 + lambda * h);
        return (limit, limit);
    }
    let below = lambda * (excess + 1.0) - mu;
    (mu * excess / below, lambda * excess / below)
}
