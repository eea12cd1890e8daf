//! The two master genes: mutual repression, self-activation that fades.

use crate::{ModelError, error::require};
use serde::{Deserialize, Serialize};

/// The GATA1–PU.1 switch, driven through its pitchfork.
///
/// With Hill terms `H(x) = xⁿ / (θⁿ + xⁿ)`, the concentrations of the two masters obey
///
/// ```text
/// dx₁/dt = k (a(t) H(x₁) + b (1 + δ) (1 − H(x₂)) − x₁)
/// dx₂/dt = k (a(t) H(x₂) + b (1 − δ) (1 − H(x₁)) − x₂)
/// ```
///
/// With the default values and `a = 1` the balanced state `x₁ = x₂ = 1` is stable; it loses its
/// stability at `a ≈ 0.77`, and at `a = 0.2` only the two states with one master on remain. `a(t)`
/// falls linearly between the two times of [`ramp`](Self::ramp), so progenitors commit.
///
/// Reference: Huang, Guo, May and Enver, *Bifurcation dynamics in lineage-commitment in bipotent
/// progenitor cells*, Dev. Biol. 305 (2007), doi 10.1016/j.ydbio.2007.02.036, equations 1–2 (with
/// a = b = k = 1, θ = 0.5, n = 4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Toggle {
    /// `a` before and after the ramp.
    pub self_activation: [f64; 2],
    /// When the ramp begins and ends.
    pub ramp: [f64; 2],
    /// `b`, the production that the other master represses.
    pub repression: f64,
    /// `δ` in [−1, 1]: above 0 favours the first master.
    pub bias: f64,
    /// `θ`, the concentration of half effect.
    pub threshold: f64,
    /// `n`.
    pub hill: i32,
    /// `k`, the rate of turnover per unit of time.
    pub turnover: f64,
}

impl Default for Toggle {
    fn default() -> Self {
        Self {
            self_activation: [1.0, 0.2],
            ramp: [0.0, 2.0],
            repression: 1.0,
            bias: 0.0,
            threshold: 0.5,
            hill: 4,
            turnover: 2.0,
        }
    }
}

impl Toggle {
    /// `a(t)`.
    pub fn self_activation_at(&self, t: f64) -> f64 {
        let [begin, end] = self.ramp;
        let [before, after] = self.self_activation;
        before + (after - before) * ((t - begin) / (end - begin)).clamp(0.0, 1.0)
    }

    /// What each master gains and loses per unit of time.
    pub(super) fn rates(&self, t: f64, x: [f64; 2]) -> ([f64; 2], [f64; 2]) {
        let (a, b, k) = (self.self_activation_at(t), self.repression, self.turnover);
        let h = x.map(|v| hill(v, self.threshold, self.hill));
        let gain = [
            k * (a * h[0] + b * (1.0 + self.bias) * (1.0 - h[1])),
            k * (a * h[1] + b * (1.0 - self.bias) * (1.0 - h[0])),
        ];
        (gain, x.map(|v| k * v))
    }

    /// How much the first master dominates: `x₁ⁿ / (x₁ⁿ + x₂ⁿ)`, ½ when both are off.
    pub fn dominance(&self, x: [f64; 2]) -> f64 {
        let [p, q] = x.map(|v| v.powi(self.hill));
        if p + q == 0.0 { 0.5 } else { p / (p + q) }
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        for a in self.self_activation {
            require("self_activation", a, a >= 0.0, "at least 0")?;
        }
        require("ramp", self.ramp[0], true, "finite")?;
        require("ramp", self.ramp[1], self.ramp[1] > self.ramp[0], "later than the ramp's beginning")?;
        require("repression", self.repression, self.repression > 0.0, "above 0")?;
        require("bias", self.bias, self.bias.abs() <= 1.0, "between -1 and 1")?;
        require("threshold", self.threshold, self.threshold > 0.0, "above 0")?;
        require("hill", f64::from(self.hill), (1..=16).contains(&self.hill), "between 1 and 16")?;
        require("turnover", self.turnover, self.turnover > 0.0, "above 0")
    }
}

/// `xⁿ / (θⁿ + xⁿ)`.
pub(super) fn hill(x: f64, threshold: f64, n: i32) -> f64 {
    let p = (x / threshold).powi(n);
    p / (1.0 + p)
}
