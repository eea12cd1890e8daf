//! What is asked of one side's masses, with its conjugate and its proximal step.

use super::omega::log_omega;
use crate::OtError;

/// How the masses `s` that a plan takes from (or brings to) one side are tied to the masses `a` of that side.
///
/// Each is a sum over the points of D(s, a). The dual potential f of a point has s ∈ ∂D*(-f): a high potential
/// makes the point give up mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Marginal {
    /// `s = a`: D is 0 there and +∞ elsewhere.
    Exact,
    /// `D = λ (s log(s/a) - s + a)`, the Kullback-Leibler divergence. A point with a = 0 takes no part.
    Kl {
        /// λ, in the units of the cost.
        lambda: f64,
    },
    /// `D = λ |s - a|`, total variation: mass is left out (or made) at the price λ a unit.
    Tv {
        /// λ, in the units of the cost.
        lambda: f64,
    },
    /// `D = λ/2 (s - a)²`, half the squared l2 distance.
    L2 {
        /// λ, in the units of the cost per mass.
        lambda: f64,
    },
    /// `low a ≤ s ≤ high a`: D is 0 there and +∞ elsewhere.
    ///
    /// `low = 0, high = 1` takes part of the mass; `low = 0, high = ∞` asks nothing of the side.
    Range {
        /// The least share of each mass.
        low: f64,
        /// The largest share, possibly +∞.
        high: f64,
    },
}

impl Marginal {
    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Marginal::Exact => "an exact marginal",
            Marginal::Kl { .. } => "a Kullback-Leibler penalty",
            Marginal::Tv { .. } => "a total-variation penalty",
            Marginal::L2 { .. } => "an l2 penalty",
            Marginal::Range { .. } => "a range",
        }
    }

    pub(super) fn check(self) -> Result<(), OtError> {
        let bad = |name, value, range| Err(OtError::BadParameter { name, value, range });
        match self {
            Marginal::Exact => Ok(()),
            Marginal::Kl { lambda } | Marginal::Tv { lambda } | Marginal::L2 { lambda } => {
                if lambda > 0.0 && lambda.is_finite() {
                    return Ok(());
                }
                bad("lambda", lambda, "positive and finite; Marginal::Exact stands for an infinite penalty")
            }
            Marginal::Range { low, .. } if !(low >= 0.0 && low.is_finite()) => {
                bad("the low end of the range", low, "finite and not negative")
            }
            Marginal::Range { low, high } if high.is_nan() || high < low => {
                bad("the high end of the range", high, "at least the low end")
            }
            Marginal::Range { .. } => Ok(()),
        }
    }

    /// Whether some masses are excluded, so that a plan may be infeasible.
    pub(crate) fn is_constraint(self) -> bool {
        matches!(self, Marginal::Exact | Marginal::Range { .. })
    }

    /// Whether a point without mass takes no part, whatever its potential.
    pub(super) fn needs_mass(self) -> bool {
        match self {
            Marginal::Exact | Marginal::Kl { .. } => true,
            Marginal::Range { high, .. } => high < f64::INFINITY,
            Marginal::Tv { .. } | Marginal::L2 { .. } => false,
        }
    }

    /// The totals that are possible where the side's total is `total`.
    pub(super) fn totals(self, total: f64) -> (f64, f64) {
        match self {
            Marginal::Exact => (total, total),
            Marginal::Range { low, high } => (low * total, high * total),
            _ => (0.0, f64::INFINITY),
        }
    }

    /// `D(s, a)` of the penalties; 0 for the constraints.
    pub(super) fn penalty(self, s: f64, a: f64) -> f64 {
        match self {
            Marginal::Exact | Marginal::Range { .. } => 0.0,
            Marginal::Kl { lambda } if s == 0.0 => lambda * a,
            Marginal::Kl { lambda } => lambda * (s * (s / a).ln() - s + a),
            Marginal::Tv { lambda } => lambda * (s - a).abs(),
            Marginal::L2 { lambda } => 0.5 * lambda * (s - a) * (s - a),
        }
    }

    /// The size of the numbers that `D(s, a)` is computed from, for judging its rounding.
    pub(super) fn size(self, s: f64, a: f64) -> f64 {
        match self {
            Marginal::Kl { lambda } => lambda * (s + a),
            Marginal::L2 { lambda } => lambda * (s + a) * (s + a),
            Marginal::Tv { lambda } => lambda * (s + a),
            Marginal::Exact | Marginal::Range { .. } => 0.0,
        }
    }

    /// `-D*(-f)`, what a potential adds to the dual objective.
    pub(super) fn dual(self, f: f64, a: f64) -> f64 {
        match self {
            Marginal::L2 { lambda } if f >= lambda * a => 0.5 * lambda * a * a,
            Marginal::L2 { lambda } => f * a - f * f / (2.0 * lambda),
            Marginal::Tv { lambda } if f < -lambda => f64::NEG_INFINITY,
            _ if a == 0.0 => 0.0,
            Marginal::Exact => a * f,
            Marginal::Kl { lambda } => -lambda * a * (-f / lambda).exp_m1(),
            Marginal::Tv { lambda } => a * f.min(lambda),
            Marginal::Range { low, .. } if f > 0.0 && low == 0.0 => 0.0,
            Marginal::Range { low, .. } if f > 0.0 => low * a * f,
            Marginal::Range { .. } if f == 0.0 => 0.0,
            Marginal::Range { high, .. } => high * a * f,
        }
    }

    /// `∂D*(-f)`: the mass that the side would like at the potential `f`.
    pub(super) fn wanted(self, f: f64, a: f64) -> f64 {
        match self {
            Marginal::L2 { lambda } => (a - f / lambda).max(0.0),
            Marginal::Tv { lambda } if f < -lambda => f64::INFINITY,
            _ if a == 0.0 => 0.0,
            Marginal::Exact => a,
            Marginal::Kl { lambda } => a * (-f / lambda).exp(),
            Marginal::Tv { lambda } if f > lambda => 0.0,
            Marginal::Tv { .. } => a,
            Marginal::Range { low, .. } if f > 0.0 => low * a,
            Marginal::Range { high, .. } if f < 0.0 => high * a,
            Marginal::Range { low, high } => {
                if low <= 1.0 && 1.0 <= high {
                    a
                } else {
                    low * a
                }
            }
        }
    }

    /// `D'(s)`, for the smooth penalties; −∞ for KL at s = 0.
    pub(super) fn slope(self, s: f64, a: f64) -> f64 {
        match self {
            Marginal::Kl { lambda } => lambda * (s / a).ln(),
            Marginal::L2 { lambda } => lambda * (s - a),
            Marginal::Exact | Marginal::Tv { .. } | Marginal::Range { .. } => 0.0,
        }
    }

    /// The potential above which the dual objective gains nothing.
    pub(super) fn cap(self, a: f64) -> f64 {
        match self {
            Marginal::L2 { lambda } => lambda * a,
            Marginal::Tv { lambda } => lambda,
            Marginal::Range { low: 0.0, .. } => 0.0,
            Marginal::Exact | Marginal::Kl { .. } | Marginal::Range { .. } => f64::INFINITY,
        }
    }

    /// The nearest potential of finite dual value.
    pub(super) fn admit(self, f: f64) -> f64 {
        match self {
            Marginal::Tv { lambda } => f.max(-lambda),
            Marginal::Range { high: f64::INFINITY, .. } => f.max(0.0),
            _ => f,
        }
    }

    /// The maximiser of `-D*(-f) - ε r exp((f - soft)/ε)`: the half step of the generalised Sinkhorn iteration.
    ///
    /// `ratio` is `log(a/r)`, −∞ without mass; a point with r = 0 is not asked for. `soft = +∞` says that no move
    /// is allowed, and then `+∞` says that mass has to be given up (or cannot be).
    pub(super) fn potential(self, epsilon: f64, soft: f64, mass: f64, weight: f64, ratio: f64) -> f64 {
        if soft == f64::INFINITY {
            return match self {
                Marginal::Exact | Marginal::Kl { .. } if mass == 0.0 => f64::NEG_INFINITY,
                Marginal::Range { low, .. } if low > 0.0 && mass > 0.0 => f64::INFINITY,
                Marginal::Range { .. } => 0.0,
                _ => self.cap(mass),
            };
        }
        let free = soft + epsilon * ratio;
        match self {
            Marginal::Exact => free,
            Marginal::Kl { lambda } => free * (lambda / (lambda + epsilon)),
            Marginal::Tv { lambda } => free.clamp(-lambda, lambda),
            Marginal::Range { low, high } => {
                let above = if high == f64::INFINITY { f64::INFINITY } else { free + epsilon * high.ln() };
                0.0_f64.max(free + epsilon * low.ln()).min(above)
            }
            Marginal::L2 { lambda } => {
                // s + (ε/λ) log s = a + (ε/λ) (log r - soft/ε), as log y + y = z for y = s λ/ε.
                let scale = (lambda / epsilon).ln() + weight.ln();
                let log = log_omega(scale + (lambda * mass - soft) / epsilon);
                if lambda * mass <= soft.abs() {
                    lambda * mass - epsilon * log.exp()
                } else {
                    soft + epsilon * (log - scale)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Marginal;

    const ALL: [Marginal; 6] = [
        Marginal::Exact,
        Marginal::Kl { lambda: 0.7 },
        Marginal::Tv { lambda: 0.7 },
        Marginal::L2 { lambda: 0.7 },
        Marginal::Range { low: 0.2, high: 1.3 },
        Marginal::Range { low: 0.0, high: 1.0 },
    ];

    #[test]
    fn the_half_step_maximises() {
        let (epsilon, weight) = (0.3, 0.5_f64);
        for marginal in ALL {
            for soft in [-2.0, -0.4, 0.0, 0.3, 0.9, 3.0] {
                for mass in [0.1, 0.8, 2.0_f64] {
                    let f = marginal.potential(epsilon, soft, mass, weight, (mass / weight).ln());
                    let objective =
                        |f: f64| marginal.dual(f, mass) - epsilon * weight * ((f - soft) / epsilon).exp();
                    let best = objective(f);
                    for step in [-0.5, -1e-2, -1e-4, 1e-4, 1e-2, 0.5] {
                        assert!(objective(f + step) <= best + 1e-13, "{marginal:?} {soft} {mass} {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_conjugate_is_one() {
        // Fenchel-Young, with equality at the mass that the potential wants.
        for marginal in ALL {
            for f in [-0.6, -0.2, 0.0, 0.1, 0.5] {
                for a in [0.3, 1.0] {
                    let s = marginal.wanted(f, a);
                    let value = marginal.penalty(s, a) + f * s;
                    assert!((value - marginal.dual(f, a)).abs() < 1e-14, "{marginal:?} {f} {a}");
                    for other in [0.25 * a, 0.5 * a, 0.9 * a, a, 1.2 * a] {
                        let allowed = match marginal {
                            Marginal::Exact => other == a,
                            Marginal::Range { low, high } => low * a <= other && other <= high * a,
                            _ => true,
                        };
                        let value = marginal.penalty(other, a) + f * other;
                        assert!(!allowed || value >= marginal.dual(f, a) - 1e-14, "{marginal:?} {f} {a}");
                    }
                }
            }
        }
    }
}
