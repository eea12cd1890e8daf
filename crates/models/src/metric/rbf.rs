//! A metric of radial basis functions.

use super::centres::clusters;
use super::{Metric, Shape};
use chreode_core::Seed;
use ndarray::{Array2, ArrayView2};

/// `h(x) = Σ_k ω_k exp(−|x − c_k|²/(4 κ² σ_k²))` with centres `c_k` of clusters of the cells, their root mean square
/// radii `σ_k`, and weights `ω ≥ 0` for which h is as close to 1 on all cells as it can be (least squares).
///
/// Arvanitidis, Hauberg and Schölkopf, *Geometrically enriched latent spaces*, AISTATS 2021, arXiv:2008.00565; as a
/// metric of interpolants in Kapusniak et al., NeurIPS 2024, arXiv:2405.14780, eq. 12, where the weights are learnt by
/// gradient descent. Unlike [`Land`](super::Land) it costs the same for any number of cells, and serves many dimensions.
#[derive(Clone, Debug)]
pub struct Rbf {
    centres: Array2<f32>,
    /// `1/(4 κ² σ_k²)`.
    rates: Vec<f64>,
    weights: Vec<f64>,
    shape: Shape,
}

/// Rounds of coordinate descent over the weights.
const ROUNDS: usize = 200;

impl Rbf {
    /// The metric of `cells` with at most `count` centres of width `kappa`, κ, times their clusters' radii.
    pub fn fit(cells: ArrayView2<'_, f32>, count: usize, kappa: f64, shape: Shape, seed: Seed) -> Self {
        let (centres, radii) = clusters(cells, count, seed);
        // A cluster of equal cells has the width of the smallest other one.
        let least = radii.iter().copied().filter(|r| *r > 0.0).fold(f64::INFINITY, f64::min);
        let least = if least.is_finite() { least } else { 1.0 };
        let rates: Vec<f64> = radii.iter().map(|r| 0.25 / (kappa * r.max(least)).powi(2)).collect();
        let mut metric = Self { weights: vec![0.0; rates.len()], centres, rates, shape };
        metric.solve(cells);
        metric
    }

    /// The kernel of centre `k` at `x`.
    fn kernel(&self, k: usize, x: &[f32]) -> f64 {
        let square: f32 = self.centres.row(k).iter().zip(x).map(|(c, x)| (x - c) * (x - c)).sum();
        (-self.rates[k] * f64::from(square)).exp()
    }

    /// `min_{ω ≥ 0} Σ_i (1 − h(p_i))²`, by coordinate descent on the normal equations.
    fn solve(&mut self, cells: ArrayView2<'_, f32>) {
        let count = self.rates.len();
        let cells = cells.as_standard_layout();
        let basis = Array2::from_shape_fn((cells.nrows(), count), |(i, k)| {
            self.kernel(k, cells.row(i).to_slice().expect("standard layout"))
        });
        let gram = basis.t().dot(&basis);
        let right = basis.sum_axis(ndarray::Axis(0));
        for _ in 0..ROUNDS {
            for k in 0..count {
                let others: f64 =
                    (0..count).filter(|j| *j != k).map(|j| gram[[k, j]] * self.weights[j]).sum();
                self.weights[k] = ((right[k] - others) / gram[[k, k]].max(f64::MIN_POSITIVE)).max(0.0);
            }
        }
    }
}

impl Metric for Rbf {
    fn energy(&self, x: &[f32], v: &[f32], by_x: &mut [f32], by_v: &mut [f32]) -> f64 {
        let mut h = 0.0;
        let mut slope = vec![0.0_f64; x.len()];
        for k in 0..self.rates.len() {
            let part = self.weights[k] * self.kernel(k, x);
            h += part;
            for ((slope, x), c) in slope.iter_mut().zip(x).zip(self.centres.row(k)) {
                *slope -= 2.0 * self.rates[k] * part * f64::from(x - c);
            }
        }
        let (g, by_h) = self.shape.at(h);
        let square: f64 = v.iter().map(|v| f64::from(v * v)).sum();
        for i in 0..x.len() {
            by_x[i] = (by_h * square * slope[i]) as f32;
            by_v[i] = 2.0 * g as f32 * v[i];
        }
        g * square
    }
}
