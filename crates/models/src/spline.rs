//! Cubic curves through a cell at every time.

use serde::{Deserialize, Serialize};

/// How a curve passes through its knots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spline {
    /// Straight pieces.
    Linear,
    /// The natural cubic spline: continuous acceleration, none at the two ends, and the least `∫ |ẍ|²` of all curves
    /// through the knots.
    Natural,
    /// Monotone cubic pieces (Fritsch and Butland 1984, doi:10.1137/0905021): no coordinate overshoots between two knots,
    /// and one that turns round at a knot stands still there.
    Monotone,
}

/// Curves through knots at fixed times: cubic Hermite pieces, with slopes at the knots.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    spline: Spline,
    times: Vec<f64>,
    /// Natural: slope `k` is `Σ_j weights[k][j] x_j`.
    weights: Vec<Vec<f64>>,
}

impl Curve {
    /// Curves with knots at `times`, which increase and are two at least.
    pub fn new(spline: Spline, times: Vec<f64>) -> Self {
        let weights = if spline == Spline::Natural { natural_slopes(&times) } else { Vec::new() };
        Self { spline, times, weights }
    }

    /// The times of the knots.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The slopes of one coordinate at the knots, whose values are `x`; straight pieces have none.
    pub fn slopes(&self, x: &[f64], slopes: &mut [f64]) {
        match self.spline {
            Spline::Linear => {}
            Spline::Natural => {
                for (slope, weights) in slopes.iter_mut().zip(&self.weights) {
                    *slope = weights.iter().zip(x).map(|(w, x)| w * x).sum();
                }
            }
            Spline::Monotone => monotone_slopes(&self.times, x, slopes),
        }
    }

    /// Position and velocity of one coordinate in interval `j`, at the fraction `s` of it.
    pub fn at(&self, j: usize, s: f64, x: &[f64], slopes: &[f64]) -> (f64, f64) {
        let length = self.times[j + 1] - self.times[j];
        let step = x[j + 1] - x[j];
        if self.spline == Spline::Linear {
            return (x[j] + s * step, step / length);
        }
        // Hermite: the chord, and what the slopes differ from it by.
        let (a, b) = (slopes[j] * length - step, slopes[j + 1] * length - step);
        let r = 1.0 - s;
        let position = x[j] + s * step + s * r * (r * a - s * b);
        let velocity = (step + r * (1.0 - 3.0 * s) * a - s * (2.0 - 3.0 * s) * b) / length;
        (position, velocity)
    }
}

/// The slopes of natural splines as weights of the knots: the tridiagonal system of continuous acceleration,
/// `m_{k−1}/h_{k−1} + 2 (1/h_{k−1} + 1/h_k) m_k + m_{k+1}/h_k = 3 (δ_{k−1}/h_{k−1} + δ_k/h_k)` with chords δ, and at the
/// ends `2 m_0 + m_1 = 3 δ_0`; solved for each unit vector of knots.
fn natural_slopes(times: &[f64]) -> Vec<Vec<f64>> {
    let n = times.len();
    let inverse = |k: usize| 1.0 / (times[k + 1] - times[k]);
    let mut weights = vec![vec![0.0; n]; n];
    for j in 0..n {
        let unit = |k: usize| f64::from(u8::from(k == j));
        let chord = |k: usize| (unit(k + 1) - unit(k)) * inverse(k);
        let row = |k: usize| -> (f64, f64, f64, f64) {
            let before = if k == 0 { 0.0 } else { inverse(k - 1) };
            let after = if k == n - 1 { 0.0 } else { inverse(k) };
            let right = if k == 0 { 0.0 } else { before * chord(k - 1) }
                + if k == n - 1 { 0.0 } else { after * chord(k) };
            (before, 2.0 * (before + after), after, 3.0 * right)
        };
        // Thomas' algorithm; the system is diagonally dominant.
        let (mut upper, mut right) = (vec![0.0; n], vec![0.0; n]);
        for k in 0..n {
            let (low, middle, high, r) = row(k);
            let (u, v) = if k == 0 { (0.0, 0.0) } else { (upper[k - 1], right[k - 1]) };
            let pivot = middle - low * u;
            (upper[k], right[k]) = (high / pivot, (r - low * v) / pivot);
        }
        for k in (0..n).rev() {
            let next = if k == n - 1 { 0.0 } else { weights[k + 1][j] };
            weights[k][j] = right[k] - upper[k] * next;
        }
    }
    weights
}

/// Fritsch and Butland's slopes: at an inner knot the weighted harmonic mean of the two chords where they have one sign,
/// else none; at an end the parabola's slope, kept between 0 and three times the chord.
fn monotone_slopes(times: &[f64], x: &[f64], slopes: &mut [f64]) {
    let n = times.len();
    let length = |k: usize| times[k + 1] - times[k];
    let chord = |k: usize| (x[k + 1] - x[k]) / length(k);
    if n == 2 {
        slopes.fill(chord(0));
        return;
    }
    let end = |h: f64, next: f64, d: f64, e: f64| {
        let slope = ((2.0 * h + next) * d - h * e) / (h + next);
        if slope * d <= 0.0 {
            0.0
        } else if d * e <= 0.0 && slope.abs() > 3.0 * d.abs() {
            3.0 * d
        } else {
            slope
        }
    };
    slopes[0] = end(length(0), length(1), chord(0), chord(1));
    slopes[n - 1] = end(length(n - 2), length(n - 3), chord(n - 2), chord(n - 3));
    for k in 1..n - 1 {
        let (d, e) = (chord(k - 1), chord(k));
        slopes[k] = if d * e <= 0.0 {
            0.0
        } else {
            let (w, v) = (2.0 * length(k) + length(k - 1), length(k) + 2.0 * length(k - 1));
            (w + v) / (w / d + v / e)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMES: [f64; 4] = [0.0, 1.0, 3.0, 4.0];

    fn at(spline: Spline, x: &[f64], j: usize, s: f64) -> (f64, f64) {
        let curve = Curve::new(spline, TIMES.to_vec());
        let mut slopes = [0.0; 4];
        curve.slopes(x, &mut slopes);
        curve.at(j, s, x, &slopes)
    }

    #[test]
    fn splines_agree_with_scipy() {
        // scipy 1.17.1: CubicSpline([0, 1, 3, 4], [1, -0.5, 2, 0.3], bc_type="natural") and PchipInterpolator at 0.4, 2.0
        // and 3.7, values and first derivatives.
        let x = [1.0, -0.5, 2.0, 0.3];
        let natural = [(0.1648, -1.864), (0.7875, 1.9625), (1.007925, -2.22925)];
        let monotone = [(0.124, -1.87), (0.75, 1.875), (1.06165, -2.329_833_333_333_333)];
        for (spline, expected) in [(Spline::Natural, natural), (Spline::Monotone, monotone)] {
            for ((j, s), (value, slope)) in [(0, 0.4), (1, 0.5), (2, 0.7)].into_iter().zip(expected) {
                let (v, d) = at(spline, &x, j, s);
                assert!((v - value).abs() < 1e-12 && (d - slope).abs() < 1e-12, "{spline:?} {j}: {v} {d}");
            }
        }
    }

    proptest! {
        #[test]
        fn curves_pass_through_their_knots_with_one_velocity(x in prop::array::uniform4(-3.0f64..3.0), j in 1usize..3) {
            for spline in [Spline::Natural, Spline::Monotone] {
                let ((end, before), (start, after)) = (at(spline, &x, j - 1, 1.0), at(spline, &x, j, 0.0));
                prop_assert!((end - x[j]).abs() < 1e-12 && (start - x[j]).abs() < 1e-12);
                prop_assert!((before - after).abs() < 1e-10);
            }
        }

        #[test]
        fn monotone_pieces_do_not_overshoot(x in prop::array::uniform4(-3.0f64..3.0), j in 0usize..3, s in 0.0f64..1.0) {
            let (v, _) = at(Spline::Monotone, &x, j, s);
            prop_assert!(v >= x[j].min(x[j + 1]) - 1e-12 && v <= x[j].max(x[j + 1]) + 1e-12);
        }

        #[test]
        fn straight_motion_is_kept(start in -3.0f64..3.0, speed in 0.1f64..3.0, j in 0usize..3, s in 0.0f64..1.0) {
            let x = TIMES.map(|t| start + speed * t);
            for spline in [Spline::Linear, Spline::Natural, Spline::Monotone] {
                let (v, d) = at(spline, &x, j, s);
                let t = TIMES[j] + s * (TIMES[j + 1] - TIMES[j]);
                prop_assert!((v - start - speed * t).abs() < 1e-10 && (d - speed).abs() < 1e-10);
            }
        }
    }
}
