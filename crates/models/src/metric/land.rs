//! Local diagonal metrics.

use super::{Metric, Shape};
use ndarray::Array2;

/// `h_α(x) = Σ_i (p_{iα} − x_α)² exp(−|p_i − x|²/(2γ²))` over cells `p_i`: the local variance in each coordinate, which is
/// large where cells are and in directions in which they spread.
///
/// Arvanitidis, Hansen and Hauberg, *A locally adaptive normal distribution*, NeurIPS 2016, arXiv:1606.02518; as a metric
/// of interpolants in Kapusniak et al., NeurIPS 2024, arXiv:2405.14780, eq. 11.
#[derive(Clone, Debug)]
pub struct Land {
    points: Array2<f32>,
    width: f64,
    shape: Shape,
}

impl Land {
    /// The metric of these cells with kernels of standard deviation `width`, γ.
    pub fn new(points: Array2<f32>, width: f64, shape: Shape) -> Self {
        Self { points: points.as_standard_layout().into_owned(), width, shape }
    }
}

impl Metric for Land {
    fn energy(&self, x: &[f32], v: &[f32], by_x: &mut [f32], by_v: &mut [f32]) -> f64 {
        let d = x.len();
        let cells = self.points.as_slice().expect("kept contiguous").chunks_exact(d);
        let inverse = (1.0 / (self.width * self.width)) as f32;
        let kernel = |p: &[f32]| {
            let square: f32 = p.iter().zip(x).map(|(p, x)| (p - x) * (p - x)).sum();
            (-0.5 * square * inverse).exp()
        };
        // Far cells count nothing, and are passed over in both sums alike.
        const LEAST: f32 = 1e-12;
        let mut spread = vec![0.0_f64; d];
        let near: Vec<(&[f32], f32)> = cells.map(|p| (p, kernel(p))).filter(|(_, k)| *k > LEAST).collect();
        for (p, k) in &near {
            for i in 0..d {
                spread[i] += f64::from((p[i] - x[i]) * (p[i] - x[i]) * k);
            }
        }
        let mut energy = 0.0;
        let mut slope = vec![0.0_f32; d];
        for i in 0..d {
            let (g, by_h) = self.shape.at(spread[i]);
            let square = f64::from(v[i] * v[i]);
            energy += g * square;
            by_v[i] = 2.0 * g as f32 * v[i];
            slope[i] = (by_h * square) as f32;
        }
        by_x.fill(0.0);
        for (p, k) in &near {
            let along: f32 = (0..d).map(|i| slope[i] * (p[i] - x[i]) * (p[i] - x[i])).sum();
            for i in 0..d {
                by_x[i] += k * (p[i] - x[i]) * (along * inverse - 2.0 * slope[i]);
            }
        }
        energy
    }
}
