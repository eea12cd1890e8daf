//! The polynomials an Adams step integrates.

use super::HIGHEST;

/// The basis of one step from xₙ to xₙ₊₁ = xₙ + h: with s = (x − xₙ)/h, the polynomials
/// `Πᵢ₍ᵢ﹤ⱼ₎ (s + dᵢ)/(1 + dᵢ)`, `dᵢ = (xₙ − xₙ₋ᵢ)/h`, that belong to the modified divided differences
/// `φⱼ* = βⱼ φⱼ` of the slopes.
///
/// Hairer, Nørsett & Wanner, Solving ODEs I, III.5, (5.3) to (5.9). All dᵢ are positive, so that their
/// integrals are sums of positive numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Basis {
    /// Order k of the predictor.
    pub(super) order: usize,
    /// βⱼ, for as many differences as there are.
    pub(super) beta: [f64; HIGHEST + 2],
    /// Coefficients of the polynomials, divided by one more than their power: the integrals.
    integrals: [[f64; HIGHEST + 2]; HIGHEST + 2],
    /// The integrals over the step.
    whole: [f64; HIGHEST + 2],
}

/// 1, 1/2, 1/3, …
const RECIPROCALS: [f64; HIGHEST + 2] = {
    let mut reciprocals = [0.0; HIGHEST + 2];
    let mut m = 0;
    while m < HIGHEST + 2 {
        reciprocals[m] = 1.0 / (m + 1) as f64;
        m += 1;
    }
    reciprocals
};

impl Basis {
    pub(super) const EMPTY: Self = Self {
        order: 1,
        beta: [1.0; HIGHEST + 2],
        integrals: [[0.0; HIGHEST + 2]; HIGHEST + 2],
        whole: [0.0; HIGHEST + 2],
    };

    /// For a step of size `h` after the times `times[0] = xₙ, xₙ₋₁, …`, and an order that they allow.
    pub(super) fn lay(&mut self, order: usize, h: f64, times: &[f64]) {
        self.order = order;
        let mut beta = 1.0;
        for (j, to) in self.beta.iter_mut().enumerate().take(times.len()) {
            *to = beta;
            if let Some(&before) = times.get(j + 1) {
                beta *= (times[0] + h - times[j]) / (times[0] - before);
            }
        }
        let mut polynomial = [0.0; HIGHEST + 2];
        polynomial[0] = 1.0;
        for j in 0..=order + 1 {
            let (powers, integrals) = (&polynomial[..=j], &mut self.integrals[j][..=j]);
            let mut whole = 0.0;
            for ((integral, c), reciprocal) in integrals.iter_mut().zip(powers).zip(&RECIPROCALS) {
                *integral = c * reciprocal;
                whole += *integral;
            }
            self.whole[j] = whole;
            let Some(&x) = times.get(j).filter(|_| j <= order) else { break };
            // (s + d)/(1 + d) times the polynomial.
            let d = (times[0] - x) / h;
            let scale = 1.0 / (1.0 + d);
            polynomial[j + 1] = polynomial[j] * scale;
            for m in (1..=j).rev() {
                polynomial[m] = (polynomial[m] * d + polynomial[m - 1]) * scale;
            }
            polynomial[0] *= d * scale;
        }
    }

    /// ∫ of the polynomial j from 0 to 1: gⱼ.
    pub(super) fn integral(&self, j: usize) -> f64 {
        self.whole[j]
    }

    fn integral_to(&self, j: usize, theta: f64) -> f64 {
        if theta == 1.0 {
            return self.whole[j];
        }
        self.integrals[j][..=j].iter().rev().fold(0.0, |sum, c| (sum + c) * theta)
    }

    /// The weights of φ₀, …, φₖ₋₁ in the polynomial through k slopes, integrated to `theta`.
    pub(super) fn predictor(&self, theta: f64) -> [f64; HIGHEST + 1] {
        let mut weights = [0.0; HIGHEST + 1];
        for (j, weight) in weights.iter_mut().enumerate().take(self.order) {
            *weight = self.integral_to(j, theta) * self.beta[j];
        }
        weights
    }

    /// The weights of φ₀, …, φₖ₋₁ and of the slope predicted for xₙ₊₁ in the polynomial through them all.
    pub(super) fn corrector(&self, theta: f64) -> [f64; HIGHEST + 1] {
        let mut weights = [0.0; HIGHEST + 1];
        let last = self.integral_to(self.order, theta);
        for (j, weight) in weights.iter_mut().enumerate().take(self.order) {
            *weight = (self.integral_to(j, theta) - last) * self.beta[j];
        }
        weights[self.order] = last;
        weights
    }
}
