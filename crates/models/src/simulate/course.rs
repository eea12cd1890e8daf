//! Individuals whose course in time is known.

use crate::{Individual, ModelError, Series, error::require};
use chreode_core::{Seed, Stream};
use ndarray::Array2;
use rand::{RngExt, seq::SliceRandom};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, TAU};

/// A law of courses. Individual `i` draws from a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Course {
    /// Pieces of two spirals in the plane, `x = 5 + 0.3 s cos s`, `y = 0.3 s sin s` with s from 0 to 6π, and, clockwise,
    /// `x = 15/s cos s − 5`, `y = 15/s sin s` with s from 6π + 1 to 1: from a random one of the points 100 to 399 of 500, as
    /// many points as are left of them, but 200 at most. The law is that of torchdiffeq's example of latent ODEs, which
    /// shows the first 100; what Chen et al. 2018 (arXiv:1806.07366, section 5.1) drew from is not published.
    Spirals,
    /// x = c + sin(2π f t) with f ~ U(0.4, 0.8), c ~ N(1, 0.1²), at `points` random times of [0, 5] and at 0 (Rubanova et
    /// al. 2019, arXiv:1907.03907, section 4.1).
    Periodic {
        /// Times beside 0.
        points: usize,
    },
    /// x = A cos(ω t + φ) with ω = 2, A ~ U(0.5, 1.5), φ uniform, at `points` random times of [0, 5] and at 0.
    Oscillators {
        /// Times beside 0.
        points: usize,
    },
    /// d/dt (x, y) = (−0.2 x − 2 y, 2 x − 0.2 y) from standard normal starts, at `points` random times of [0, 3] and 0.
    Damped {
        /// Times beside 0.
        points: usize,
    },
    /// The stochastic Brusselator `dx = (1 − (b + 1) x + a x² y) dt + σ² dW₁`, `dy = (b x − a x² y) dt + σ² dW₂` with a = 0.3,
    /// b = 1.4, σ = 0.1 and noises correlated by −0.99, measured at 20 to 29 of 500 times up to 50, both species at 80 %
    /// of them, one of them at the others (De Brouwer et al. 2019, arXiv:1905.12374, section 5.1).
    Brusselator,
}

impl Course {
    /// `count` individuals, with normal noise of standard deviation `noise` on what is measured.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for no individual, or noise that is not a number of 0 or more.
    pub fn sample(self, count: usize, noise: f64, seed: Seed) -> Result<Series, ModelError> {
        require("the number of individuals", count as f64, count > 0, "1 or more")?;
        require("noise", noise, noise >= 0.0, "a number of 0 or more")?;
        let one = |i: usize| {
            let rng = &mut seed.stream("course", i as u64);
            let (times, mut values) = self.course(rng);
            for x in &mut values {
                let e: f64 = StandardNormal.sample(rng);
                *x += (noise * e) as f32;
            }
            Individual { id: i.to_string(), times, values, label: None }
        };
        let names: &[&str] = match self {
            Self::Periodic { .. } | Self::Oscillators { .. } => &["x"],
            _ => &["x", "y"],
        };
        Ok(Series::new((0..count).map(one).collect(), names.iter().map(ToString::to_string).collect())?)
    }

    /// The times and the values of one individual.
    fn course(self, rng: &mut Stream) -> (Vec<f64>, Array2<f32>) {
        match self {
            Self::Spirals => {
                let clockwise = rng.random::<f64>() < 0.5;
                let first: usize = rng.random_range(100..400);
                let (count, step) = (200.min(500 - first), 6.0 * PI / 499.0);
                let point = |k: usize| {
                    let s = (first + k) as f64 * step;
                    let (angle, radius, centre) = if clockwise {
                        let s = 6.0 * PI + 1.0 - s;
                        (s, 0.3 * 50.0 / s, -5.0)
                    } else {
                        (s, 0.3 * s, 5.0)
                    };
                    [radius * angle.cos() + centre, radius * angle.sin()]
                };
                ((0..count).map(|k| k as f64 * step).collect(), rows((0..count).map(point)))
            }
            Self::Periodic { points } => {
                let frequency = rng.random_range(0.4..0.8);
                let e: f64 = StandardNormal.sample(rng);
                let times = random_times(points, 5.0, rng);
                let x = |&t: &f64| [1.0 + 0.1 * e + (TAU * frequency * t).sin()];
                let values = rows(times.iter().map(x));
                (times, values)
            }
            Self::Oscillators { points } => {
                let (amplitude, phase) = (rng.random_range(0.5..1.5), rng.random_range(0.0..TAU));
                let times = random_times(points, 5.0, rng);
                let values = rows(times.iter().map(|t| [amplitude * (2.0 * t + phase).cos()]));
                (times, values)
            }
            Self::Damped { points } => {
                let start: [f64; 2] = [StandardNormal.sample(rng), StandardNormal.sample(rng)];
                let times = random_times(points, 3.0, rng);
                let at = |&t: &f64| {
                    let (r, (s, c)) = ((-0.2 * t).exp(), (2.0 * t).sin_cos());
                    [r * (c * start[0] - s * start[1]), r * (s * start[0] + c * start[1])]
                };
                let values = rows(times.iter().map(at));
                (times, values)
            }
            Self::Brusselator => brusselator(rng),
        }
    }
}

/// 500 Euler–Maruyama steps of 0.1, of which 20 to 29 are measured: both species, or one of them.
fn brusselator(rng: &mut Stream) -> (Vec<f64>, Array2<f32>) {
    const STEPS: usize = 500;
    let [a, b, sigma, rho, step] = [0.3, 1.4, 0.1, -0.99, 0.1_f64];
    let mut normal = || -> f64 { StandardNormal.sample(rng) };
    let (mut x, mut y) = (1.0 + 0.3 * normal(), b / a + 0.3 * normal());
    let mut path = vec![[x, y]];
    for _ in 1..STEPS {
        let (e0, e1) = (normal(), normal());
        let (by_x, by_y) = (e0, rho * e0 + (1.0 - rho * rho).sqrt() * e1);
        // The authors' noise: a covariance of σ² dt, times σ again.
        let noise = sigma * sigma * step.sqrt();
        let reaction = a * x * x * y;
        let (dx, dy) = (1.0 - (b + 1.0) * x + reaction, b * x - reaction);
        x += dx * step + noise * by_x;
        y += dy * step + noise * by_y;
        path.push([x, y]);
    }
    let mut chosen: Vec<usize> = (0..STEPS).collect();
    chosen.shuffle(rng);
    chosen.truncate(rng.random_range(20..30));
    chosen.sort_unstable();
    let point = |&k: &usize| {
        let [x, y] = path[k];
        match rng.random::<f64>() {
            u if u < 0.1 => [x, f64::NAN],
            u if u < 0.2 => [f64::NAN, y],
            _ => [x, y],
        }
    };
    let values = rows(chosen.iter().map(point).collect::<Vec<_>>().into_iter());
    (chosen.iter().map(|&k| k as f64 * step).collect(), values)
}

/// 0 and `points` uniform times below `end`, increasing.
fn random_times(points: usize, end: f64, rng: &mut Stream) -> Vec<f64> {
    let mut times: Vec<f64> = (0..points).map(|_| rng.random_range(0.0..end)).chain([0.0]).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

fn rows<const N: usize>(points: impl Iterator<Item = [f64; N]>) -> Array2<f32> {
    let flat: Vec<f32> = points.flatten().map(|x| x as f32).collect();
    Array2::from_shape_vec((flat.len() / N, N), flat).expect("whole rows")
}
