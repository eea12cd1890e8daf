//! Planar distributions whose density is known, so that a likelihood can be compared with the truth.

use chreode_core::Seed;
use ndarray::{Array1, Array2, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// A distribution of the plane with a known density.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanarDensity {
    /// Eight normal distributions of standard deviation 0.3 on a circle of radius 2.
    EightGaussians,
    /// Two rings around 0, as likely as each other: radii normally distributed about 1 and 2.2 with deviation 0.15.
    Rings,
    /// Uniform on every other one of the 16 unit squares of `[-2, 2]²`. Its entropy is log 8.
    Checkerboard,
}

/// Of the eight Gaussians.
const SPREAD: f64 = 0.3;
/// Of the rings.
const RADII: [f64; 2] = [1.0, 2.2];
const WIDTH: f64 = 0.15;

impl PlanarDensity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EightGaussians, Self::Rings, Self::Checkerboard];

    /// `n` points, two columns.
    pub fn sample(self, n: usize, seed: Seed) -> Array2<f32> {
        let mut rng = seed.stream("known density", 0);
        let mut points = Array2::zeros((n, 2));
        for mut point in points.rows_mut() {
            let (u, z): (f64, [f64; 2]) = (rng.random(), [0; 2].map(|_| StandardNormal.sample(&mut rng)));
            let [x, y] = match self {
                Self::EightGaussians => {
                    let angle = (8.0 * u).floor() * TAU / 8.0;
                    [2.0 * angle.cos() + SPREAD * z[0], 2.0 * angle.sin() + SPREAD * z[1]]
                }
                Self::Rings => {
                    let radius = RADII[usize::from(u < 0.5)] + WIDTH * z[0];
                    let angle = TAU * rng.random::<f64>();
                    [radius * angle.cos(), radius * angle.sin()]
                }
                Self::Checkerboard => {
                    let square = (8.0 * u).floor();
                    let row = (square / 2.0).floor();
                    let column = 2.0 * (square - 2.0 * row) + row % 2.0;
                    [column - 2.0 + rng.random::<f64>(), row - 2.0 + rng.random::<f64>()]
                }
            };
            point[0] = x as f32;
            point[1] = y as f32;
        }
        points
    }

    /// The log-density of every row; −∞ where there is none.
    ///
    /// # Panics
    /// Unless there are two columns.
    pub fn log_density(self, points: ArrayView2<'_, f32>) -> Array1<f64> {
        points.rows().into_iter().map(|p| self.at(f64::from(p[0]), f64::from(p[1])).ln()).collect()
    }

    fn at(self, x: f64, y: f64) -> f64 {
        match self {
            Self::EightGaussians => {
                let bump = |k: usize| {
                    let angle = k as f64 * TAU / 8.0;
                    let square = (x - 2.0 * angle.cos()).powi(2) + (y - 2.0 * angle.sin()).powi(2);
                    (-0.5 * square / (SPREAD * SPREAD)).exp()
                };
                (0..8).map(bump).sum::<f64>() / (8.0 * TAU * SPREAD * SPREAD)
            }
            Self::Rings => {
                let r = x.hypot(y);
                // A negative radius is a positive one on the other side: below rounding, but it makes the density exact.
                let normal = |d: f64| (-0.5 * (d / WIDTH).powi(2)).exp() / (TAU.sqrt() * WIDTH);
                RADII.iter().map(|radius| 0.5 * (normal(r - radius) + normal(r + radius))).sum::<f64>()
                    / (TAU * r)
            }
            Self::Checkerboard => {
                let [i, j] = [x, y].map(|v| (v + 2.0).floor());
                let inside = |v: f64| (0.0..4.0).contains(&v);
                if inside(i) && inside(j) && (i + j) % 2.0 == 0.0 { 1.0 / 8.0 } else { 0.0 }
            }
        }
    }
}
