//! A path between two points that is drawn to others on its way.

use super::Window;

/// Paths over [0, 1] with `ẍ(q) = w Σ_k λ_k(q) (x(q_k) − y_k)`, `x(0) = x₀`, `x(1) = x₁`, where each `λ_k` is the
/// [`Window`] around `q_k`.
///
/// With `I_k` and `J_k` its first and second integrals from 0, and forces `f_k = w (x(q_k) − y_k)`,
///
/// `x(q) = (1 − q) x₀ + q x₁ + Σ_k f_k (J_k(q) − q J_k(1))`,  `ẋ(q) = x₁ − x₀ + Σ_k f_k (I_k(q) − J_k(1))`.
///
/// The positions at the inner times solve `(1 − w A) x = l − w A y` with the line's positions `l` and
/// `A_kj = J_j(q_k) − q_k J_j(1)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    inner: Vec<f64>,
    weight: f64,
    window: Window,
    width: f64,
    /// `(1 − w A)⁻¹`.
    inverse: Vec<Vec<f64>>,
    /// `A`.
    reach: Vec<Vec<f64>>,
}

impl Pulled {
    /// Paths pulled with `weight` at the times `inner`, increasing in (0, 1), by windows of one `width`.
    pub fn new(inner: Vec<f64>, weight: f64, window: Window, width: f64) -> Self {
        let mut path = Self { inner, weight, window, width, inverse: Vec::new(), reach: Vec::new() };
        let n = path.inner.len();
        let reach = |k: usize, j: usize| path.second(j, path.inner[k]) - path.inner[k] * path.second(j, 1.0);
        path.reach = (0..n).map(|k| (0..n).map(|j| reach(k, j)).collect()).collect();
        let entry = |k: usize, j: usize| f64::from(u8::from(k == j)) - weight * path.reach[k][j];
        path.inverse = invert((0..n).map(|k| (0..n).map(|j| entry(k, j)).collect()).collect());
        path
    }

    /// The times at which it is pulled.
    pub fn inner(&self) -> &[f64] {
        &self.inner
    }

    /// `I_k(q)`.
    fn first(&self, k: usize, q: f64) -> f64 {
        let at = self.inner[k];
        self.window.integrals(self.width, q - at).0 - self.window.integrals(self.width, -at).0
    }

    /// `J_k(q)`.
    fn second(&self, k: usize, q: f64) -> f64 {
        let at = self.inner[k];
        let ((_, here), (slope, start)) =
            (self.window.integrals(self.width, q - at), self.window.integrals(self.width, -at));
        here - start - q * slope
    }

    /// The forces on one coordinate, from its ends and the partners at the inner times.
    pub fn forces(&self, x0: f64, x1: f64, partners: &[f64], forces: &mut [f64]) {
        let n = self.inner.len();
        for k in 0..n {
            let right = |j: usize| {
                let drawn: f64 = (0..n).map(|i| self.reach[j][i] * partners[i]).sum();
                (1.0 - self.inner[j]) * x0 + self.inner[j] * x1 - self.weight * drawn
            };
            let position: f64 = (0..n).map(|j| self.inverse[k][j] * right(j)).sum();
            forces[k] = self.weight * (position - partners[k]);
        }
    }

    /// Position and velocity of one coordinate at `q`.
    pub fn at(&self, q: f64, x0: f64, x1: f64, forces: &[f64]) -> (f64, f64) {
        let (mut x, mut v) = ((1.0 - q) * x0 + q * x1, x1 - x0);
        for (k, f) in forces.iter().enumerate() {
            let end = self.second(k, 1.0);
            x += f * (self.second(k, q) - q * end);
            v += f * (self.first(k, q) - end);
        }
        (x, v)
    }
}

/// The inverse, by Gauss and Jordan with row pivots; of a matrix that has one.
fn invert(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut b: Vec<Vec<f64>> =
        (0..n).map(|k| (0..n).map(|j| f64::from(u8::from(k == j))).collect()).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row is left");
        a.swap(k, pivot);
        b.swap(k, pivot);
        let scale = a[k][k];
        for j in 0..n {
            a[k][j] /= scale;
            b[k][j] /= scale;
        }
        for i in (0..n).filter(|i| *i != k) {
            let factor = a[i][k];
            for j in 0..n {
                a[i][j] -= factor * a[k][j];
                b[i][j] -= factor * b[k][j];
            }
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INNER: [f64; 2] = [0.3, 0.7];

    fn path(window: Window, weight: f64, ends: (f64, f64), partners: &[f64]) -> impl Fn(f64) -> (f64, f64) {
        let pulled = Pulled::new(INNER.to_vec(), weight, window, 0.1);
        let mut forces = [0.0; 2];
        pulled.forces(ends.0, ends.1, partners, &mut forces);
        move |q| pulled.at(q, ends.0, ends.1, &forces)
    }

    proptest! {
        #[test]
        fn the_equation_of_motion_holds(
            ends in (-2.0f64..2.0, -2.0f64..2.0),
            partners in prop::array::uniform2(-2.0f64..2.0),
            weight in 0.0f64..200.0,
            q in 0.02f64..0.98,
        ) {
            for window in [Window::Uniform, Window::Gaussian] {
                let at = path(window, weight, ends, &partners);
                prop_assert!((at(0.0).0 - ends.0).abs() < 1e-10 && (at(1.0).0 - ends.1).abs() < 1e-10);
                let h = 1e-5;
                prop_assert!(((at(q + h).0 - at(q - h).0) / (2.0 * h) - at(q).1).abs() < 1e-3);
                // ẍ = w Σ λ_k (x(q_k) − y_k); not at the jumps of the uniform window.
                prop_assume!(INNER.iter().all(|k| ((q - k).abs() - 0.1).abs() > 2e-4));
                let density = |z: f64| match window {
                    Window::Uniform => f64::from(u8::from(z.abs() < 0.1)) / 0.2,
                    Window::Gaussian => (-50.0 * z * z).exp() * 10.0 / (2.0 * std::f64::consts::PI).sqrt(),
                };
                let pull = |(k, y): (&f64, &f64)| weight * density(q - k) * (at(*k).0 - y);
                let expected: f64 = INNER.iter().zip(&partners).map(pull).sum();
                let bend = (at(q + h).1 - at(q - h).1) / (2.0 * h);
                prop_assert!((bend - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{bend} for {expected}");
            }
        }
    }

    #[test]
    fn no_pull_is_a_line_and_a_strong_one_meets_the_partners() {
        for window in [Window::Uniform, Window::Gaussian] {
            let line = path(window, 0.0, (1.0, 3.0), &[9.0, 9.0]);
            assert_eq!(line(0.5), (2.0, 2.0));
            let drawn = path(window, 1e7, (1.0, 3.0), &[-1.0, 4.0]);
            assert!((drawn(0.3).0 + 1.0).abs() < 1e-5 && (drawn(0.7).0 - 4.0).abs() < 1e-5);
        }
    }
}
