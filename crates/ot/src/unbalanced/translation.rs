//! The half step that also moves the other side's potential by a constant.

use super::{Marginal, Side};
use crate::sinkhorn::exp;

/// The best potential of `own`, and the `t` by which to lower the potential `g` of `other`: together they maximise
/// the dual objective over f and over the constants added to g.
///
/// Given t the best f is the half step against soft minima raised by t, and t balances the masses of the two sides.
pub(crate) fn translated(own: &Side, other: &Side, epsilon: f64, soft: &[f64], g: &[f64]) -> (Vec<f64>, f64) {
    let shift = match closed_form(own, other, epsilon, soft, g) {
        Some(shift) => shift,
        None => balance(|t| {
            let f = own.potentials(epsilon, soft, t);
            (own.masses(epsilon, soft, &f, t).sum(), other.wanted(g, t))
        }),
    };
    (own.potentials(epsilon, soft, shift), shift)
}

/// Between Kullback-Leibler penalties (λ₁ of the side that moves, λ₂) and exact sides (λ = ∞):
/// `t (1/λ₂ + 1/(λ₁+ε)) = log Σ a_i exp(-f_i/λ₁) - log Σ b_j exp(-g_j/λ₂)` with f for t = 0.
fn closed_form(own: &Side, other: &Side, epsilon: f64, soft: &[f64], g: &[f64]) -> Option<f64> {
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
    let shift = (log_wanted(own.marginal, own.live(&f)) - log_wanted(other.marginal, other.live(g))) / total;
    Some(if shift.is_finite() { shift } else { 0.0 })
}

/// The logarithm of the mass that a side with a KL penalty, or an exact one, would like; of potentials and masses.
pub(super) fn log_wanted(marginal: Marginal, points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let Marginal::Kl { lambda } = marginal else { return points.map(|(_, a)| a).sum::<f64>().ln() };
    let points = points.filter(|(_, a)| *a > 0.0).map(|(f, a)| (-f / lambda, a));
    let most = points.clone().fold(f64::NEG_INFINITY, |most, (x, _)| f64::max(most, x));
    if most == f64::NEG_INFINITY {
        most
    } else {
        most + points.map(|(x, a)| a * exp(x - most)).sum::<f64>().ln()
    }
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
