//! One side of the iteration, and the half step that also moves the other side's potential by a constant.

use super::Marginal;
use ndarray::Array1;

/// What the iteration knows of one side.
pub(super) struct Side<'p> {
    pub(super) marginal: Marginal,
    pub(super) mass: &'p Array1<f64>,
    pub(super) weight: Array1<f64>,
    /// `log(a/r)`.
    ratio: Vec<f64>,
}

impl<'p> Side<'p> {
    pub(super) fn new(marginal: Marginal, mass: &'p Array1<f64>, weight: Array1<f64>) -> Self {
        let ratio =
            mass.iter().zip(&weight).map(|(&a, &r)| if a == r { 0.0 } else { (a / r).ln() }).collect();
        Self { marginal, mass, weight, ratio }
    }

    /// The best potential against these soft minima, all raised by `shift`; 0 for points without weight.
    fn potentials(&self, epsilon: f64, soft: &[f64], shift: f64) -> Vec<f64> {
        (0..soft.len())
            .map(|i| {
                let (mass, weight) = (self.mass[i], self.weight[i]);
                if weight > 0.0 {
                    self.marginal.potential(epsilon, soft[i] + shift, mass, weight, self.ratio[i])
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// The masses of the plan with potential `f` and soft minima `soft`, raised by `shift`.
    pub(super) fn masses<'a>(
        &'a self,
        epsilon: f64,
        soft: &'a [f64],
        f: &'a [f64],
        shift: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        (0..soft.len()).map(move |i| {
            let weight = self.weight[i];
            if weight > 0.0 && soft[i].is_finite() && f[i].is_finite() {
                weight * ((f[i] - (soft[i] + shift)) / epsilon).exp()
            } else {
                0.0
            }
        })
    }

    /// The mass that the side would like when its potential falls by `shift`.
    fn wanted(&self, f: &[f64], shift: f64) -> f64 {
        f.iter().zip(self.mass).map(|(&f, &a)| self.marginal.wanted(f - shift, a)).sum()
    }

    /// The potential lowered by `shift`, and kept where its dual value is finite.
    pub(super) fn lower(&self, f: &mut [f64], shift: f64) {
        f.iter_mut().for_each(|f| *f = self.marginal.admit(*f - shift));
    }
}

/// The best potential of `own`, and the `t` by which to lower the potential `g` of `other`: together they maximise
/// the dual objective over f and over the constants added to g.
///
/// Given t the best f is the half step against soft minima raised by t, and t balances the masses of the two sides.
pub(super) fn translated(
    own: &Side<'_>,
    other: &Side<'_>,
    epsilon: f64,
    soft: &[f64],
    g: &[f64],
) -> (Vec<f64>, f64) {
    let shift = match closed_form(own, other, epsilon, soft, g) {
        Some(shift) => shift,
        None => balance(|t| {
            let f = own.potentials(epsilon, soft, t);
            (own.masses(epsilon, soft, &f, t).sum(), other.wanted(g, t))
        }),
    };
    (own.potentials(epsilon, soft, shift), shift)
}

/// The best potential of `own` alone.
pub(super) fn plain(own: &Side<'_>, epsilon: f64, soft: &[f64]) -> Vec<f64> {
    own.potentials(epsilon, soft, 0.0)
}

/// Between Kullback-Leibler penalties (λ₁ of the side that moves, λ₂) and exact sides (λ = ∞):
/// `t (1/λ₂ + 1/(λ₁+ε)) = log Σ a_i exp(-f_i/λ₁) - log Σ b_j exp(-g_j/λ₂)` with f for t = 0.
fn closed_form(own: &Side<'_>, other: &Side<'_>, epsilon: f64, soft: &[f64], g: &[f64]) -> Option<f64> {
    let rate = |marginal: Marginal, epsilon: f64| match marginal {
        Marginal::Exact => Some(0.0),
        Marginal::Kl { lambda } => Some(1.0 / (lambda + epsilon)),
        _ => None,
    };
    let total = rate(own.marginal, epsilon)? + rate(other.marginal, 0.0)?;
    if total == 0.0 {
        return Some(0.0);
    }
    let f = own.potentials(epsilon, soft, 0.0);
    let shift = (log_wanted(own.marginal, own.mass, &f) - log_wanted(other.marginal, other.mass, g)) / total;
    Some(if shift.is_finite() { shift } else { 0.0 })
}

/// The logarithm of the mass that a side with a KL penalty, or an exact one, would like.
pub(super) fn log_wanted(marginal: Marginal, mass: &Array1<f64>, f: &[f64]) -> f64 {
    let Marginal::Kl { lambda } = marginal else { return mass.sum().ln() };
    let terms = || f.iter().zip(mass).filter(|(_, a)| **a > 0.0).map(|(f, a)| a.ln() - f / lambda);
    let most = terms().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { most } else { most + terms().map(|t| (t - most).exp()).sum::<f64>().ln() }
}

/// The `t` at which a falling and a rising mass meet: bisection and false position (Illinois) on a bracket.
pub(super) fn balance(masses: impl Fn(f64) -> (f64, f64)) -> f64 {
    let excess = |t: f64| {
        let (falling, rising) = masses(t);
        (falling - rising, falling.max(if rising.is_finite() { rising } else { 0.0 }))
    };
    let met = |value: f64, scale: f64| value.is_finite() && value.abs() <= f64::EPSILON * scale;
    let (mut left_value, scale) = excess(0.0);
    if met(left_value, scale) || left_value.is_nan() {
        return 0.0;
    }
    let direction = left_value.signum();
    let (mut left, mut step) = (0.0, 1e-6);
    // A bracket: steps that grow, in the direction in which the excess falls.
    let (mut right, mut right_value) = loop {
        let t = left + direction * step;
        let (value, _) = excess(t);
        if value * direction <= 0.0 {
            break (t, value);
        }
        if value.is_finite() {
            (left, left_value) = (t, value);
        }
        step *= 8.0;
        if step > 1e18 {
            return 0.0; // flat: every shift is as good
        }
    };
    for round in 0..200 {
        if right_value == 0.0 {
            return right;
        }
        let finite = left_value.is_finite() && right_value.is_finite();
        let mut middle = if finite && round % 3 < 2 {
            (left * right_value - right * left_value) / (right_value - left_value)
        } else {
            0.5 * (left + right)
        };
        let between = (middle - left) * (middle - right) < 0.0;
        if !between {
            middle = 0.5 * (left + right);
        }
        if middle == left || middle == right {
            break;
        }
        let (value, scale) = excess(middle);
        if met(value, scale) {
            return middle;
        }
        if value * direction > 0.0 {
            (left, left_value) = (middle, value);
        } else {
            (right, right_value) = (middle, value);
        }
    }
    if left_value.abs() <= right_value.abs() { left } else { right }
}
