//! Metrics that are small where there are cells.

mod centres;
mod land;
mod rbf;

pub use land::Land;
pub use rbf::Rbf;

/// A diagonal metric `G(x)` of the state space: `|v|²_G = Σ_α G_α(x) v_α²`.
pub trait Metric: Send + Sync {
    /// `Σ_α G_α(x) v_α²`, with its gradients by `x` and by `v`. All slices have the length of a state.
    fn energy(&self, x: &[f32], v: &[f32], by_x: &mut [f32], by_v: &mut [f32]) -> f64;
}

/// Settings shared by metrics: `G = (h + ρ)^{−a}`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// ρ: how much a place without cells costs.
    pub rho: f64,
    /// The power a.
    pub power: f64,
}

impl Shape {
    /// `G` at `h`, and `dG/dh`.
    fn at(self, h: f64) -> (f64, f64) {
        let g = (h + self.rho).powf(-self.power);
        (g, -self.power * g / (h + self.rho))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn cloud() -> Array2<f32> {
        Array2::from_shape_fn((30, 2), |(i, j)| ((i * 7 + j * 11) % 13) as f32 * 0.2 - 1.0)
    }

    #[test]
    fn gradients_are_slopes() {
        let shape = Shape { rho: 0.05, power: 1.5 };
        let metrics: [Box<dyn Metric>; 2] = [
            Box::new(Land::new(cloud(), 0.4, shape)),
            Box::new(Rbf::fit(cloud().view(), 6, 1.5, shape, chreode_core::Seed(3))),
        ];
        let (x, v) = ([0.13_f32, -0.31], [0.7_f32, -0.4]);
        for (k, metric) in metrics.iter().enumerate() {
            let energy = |x: &[f32; 2], v: &[f32; 2]| metric.energy(x, v, &mut [0.0; 2], &mut [0.0; 2]);
            let (mut by_x, mut by_v) = ([0.0; 2], [0.0; 2]);
            metric.energy(&x, &v, &mut by_x, &mut by_v);
            for i in 0..2 {
                let step = |at: &[f32; 2], h: f32| {
                    let mut moved = *at;
                    moved[i] += h;
                    moved
                };
                let h = 1e-2;
                let slope_x = (energy(&step(&x, h), &v) - energy(&step(&x, -h), &v)) / f64::from(2.0 * h);
                let slope_v = (energy(&x, &step(&v, h)) - energy(&x, &step(&v, -h))) / f64::from(2.0 * h);
                for (slope, found) in [(slope_x, by_x[i]), (slope_v, by_v[i])] {
                    let found = f64::from(found);
                    assert!(
                        (slope - found).abs() < 0.02 * (1.0 + slope.abs()),
                        "metric {k}: {found}, slope {slope}"
                    );
                }
            }
        }
    }

    #[test]
    fn moving_where_there_are_no_cells_costs_more() {
        let shape = Shape { rho: 0.01, power: 1.0 };
        let land = Land::new(cloud(), 0.4, shape);
        let rbf = Rbf::fit(cloud().view(), 6, 1.5, shape, chreode_core::Seed(3));
        for metric in [&land as &dyn Metric, &rbf] {
            let cost = |x: [f32; 2]| metric.energy(&x, &[1.0, 0.0], &mut [0.0; 2], &mut [0.0; 2]);
            assert!(cost([6.0, 6.0]) > 3.0 * cost([0.1, 0.1]), "{} {}", cost([6.0, 6.0]), cost([0.1, 0.1]));
            // Without any cell near, h = 0: G = 1/ρ.
            assert!((cost([60.0, 60.0]) - 100.0).abs() < 1e-3);
        }
    }
}
