//! The laws of the peers' arrays, for runs without them.

use chreode_core::{Seed, Stream};
use ndarray::{Array1, Array2};
use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};
use std::f64::consts::{FRAC_PI_4, PI};

fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` standard normal points.
pub(crate) fn normals(n: usize, d: usize, rng: &mut Stream) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, d), || normal(rng))
}

/// Eight Gaussians of variance 0.1 on a circle of radius 5.
pub(crate) fn eight_gaussians(n: usize, rng: &mut Stream) -> Array2<f64> {
    let mut points = 0.1_f64.sqrt() * normals(n, 2, rng);
    for mut point in points.rows_mut() {
        let (sin, cos) = (f64::from(rng.random_range(0..8_u8)) * FRAC_PI_4).sin_cos();
        point[0] += 5.0 * cos;
        point[1] += 5.0 * sin;
    }
    points
}

/// Two half circles with noise 0.2, times 3, less 1.
pub(crate) fn two_moons(n: usize, rng: &mut Stream) -> Array2<f64> {
    let mut points = 0.2 * normals(n, 2, rng);
    for mut point in points.rows_mut() {
        let (sin, cos) = rng.random_range(0.0..PI).sin_cos();
        let moon = if rng.random_bool(0.5) { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
        point.iter_mut().zip(moon).for_each(|(p, c)| *p = 3.0 * (*p + c) - 1.0);
    }
    points
}

/// Eight Gaussians of standard deviation 0.3 with centres on a sphere of radius 5.
pub(crate) fn mixture(n: usize, d: usize, rng: &mut Stream) -> Array2<f64> {
    let mut centres = normals(8, d, rng);
    for mut centre in centres.rows_mut() {
        centre *= 5.0 / centre.dot(&centre).sqrt();
    }
    let mut points = 0.3 * normals(n, d, rng);
    points.rows_mut().into_iter().for_each(|mut p| p += &centres.row(rng.random_range(0..8)));
    points
}

/// A standard normal cloud, and one that is sheared and moved.
pub(crate) fn clouds(n: usize, m: usize, d: usize, seed: Seed) -> (Array2<f64>, Array2<f64>) {
    let rng = &mut seed.stream("clouds", d as u64);
    let root = (d as f64).sqrt();
    let shear = Array2::eye(d) + normals(d, d, rng) * (0.3 / root);
    let mean = normals(1, d, rng) * (2.0 / root);
    let x = normals(n, d, rng);
    (x, normals(m, d, rng).dot(&shear) + mean)
}

/// Exponential weights of sum 1, none of them tiny.
pub(crate) fn weights(n: usize, seed: Seed) -> Array1<f64> {
    let rng = &mut seed.stream("weights", n as u64);
    let weights = Array1::from_shape_simple_fn(n, || {
        let w: f64 = Exp1.sample(rng);
        w + 1e-3
    });
    &weights / weights.sum()
}
