//! The planar sets that flow matching is measured on, by the definitions of the published code.

use crate::{ModelError, error::require};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::Array2;
use rand::{RngExt, seq::SliceRandom};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A distribution in the plane.
///
/// Two families go by the same names in the literature: those of the `torchcfm` notebooks and those of the
/// experiments behind the tables of Tong et al. 2024 (TMLR, arXiv 2302.00482; AISTATS, arXiv
/// 2307.03672). Numbers on one say nothing about the other, so each has its own variant here. Source:
/// github.com/atong01/conditional-flow-matching, `torchcfm/utils.py` and `runner/src/datamodules`.
///
/// Points of index `i` draw from streams of their own and come in random order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Planar {
    /// `N(0, I)`.
    Normal,
    /// Notebook: eight normals on a circle of radius 5, of variance `√0.1 ≈ 0.316` per axis (the
    /// published code passes a standard deviation where a covariance is expected).
    EightGaussiansNotebook,
    /// Tables, the target of `moon-8gaussians`: radius 12, standard deviation 1.5.
    EightGaussians,
    /// Tables, `gaussians` (torchdyn): eight groups of equal size (up to one), radius 5, standard
    /// deviation 1, each group shifted as a whole by `10⁻⁴ N(0, I)`.
    Gaussians,
    /// Notebook (torchdyn): two half circles, each point moved by `0.2 U` along **both** axes with one
    /// `U` uniform in [0, 1); then `3 x − 1` on both axes.
    MoonsNotebook,
    /// Tables, `moons` (scikit-learn, noise 0.05): times 2, then 1 off the first axis.
    Moons,
    /// Tables, the source of `moon-8gaussians`: scikit-learn moons of noise 0.1, less the mean of
    /// all entries, over their standard deviation (both axes together, `2n − 1` degrees), times 7.
    StandardisedMoons,
    /// Tables, `scurve` (scikit-learn, noise 0.05): first and third axis, times 1.5.
    SCurve,
}

impl Planar {
    /// `count` points, one a row.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for no point at all, or a single standardised one.
    pub fn sample(self, count: usize, seed: Seed) -> Result<Array2<f32>, ModelError> {
        require("the number of points", count as f64, count >= 1, "at least 1")?;
        let each = |point: &dyn Fn(&mut Stream) -> [f64; 2]| {
            (0..count).map(|i| point(&mut seed.stream("point", i as u64))).collect::<Vec<_>>()
        };
        let points = match self {
            Self::Normal => each(&|rng| normal2(rng, 1.0)),
            Self::EightGaussiansNotebook => each(&|rng| on_a_ring(rng, 5.0, 0.1f64.powf(0.25))),
            Self::EightGaussians => each(&|rng| on_a_ring(rng, 12.0, 1.5)),
            Self::Gaussians => groups(count, seed),
            Self::MoonsNotebook => moons(count, seed, |rng| [0.2 * rng.random::<f64>(); 2])
                .into_iter()
                .map(|p| p.map(|v| 3.0 * v - 1.0))
                .collect(),
            Self::Moons => moons(count, seed, |rng| normal2(rng, 0.05))
                .into_iter()
                .map(|[x, y]| [2.0 * x - 1.0, 2.0 * y])
                .collect(),
            Self::StandardisedMoons => {
                require("the number of points", count as f64, count >= 2, "at least 2 to standardise")?;
                standardise(moons(count, seed, |rng| normal2(rng, 0.1)), 7.0)
            }
            Self::SCurve => each(&s_curve),
        };
        Ok(Array2::from_shape_fn((count, 2), |(i, j)| points[i][j] as f32))
    }

    /// Two snapshots, at times 0 and 1, of two sets with `count` points each.
    ///
    /// The published sizes are 10,000 points to train on, and 10,000 (AISTATS) or 1,000 (TMLR) to
    /// test on; take these from [`Seed::child`]ren of one seed.
    ///
    /// # Errors
    /// As [`sample`](Self::sample).
    pub fn pair(source: Self, target: Self, count: usize, seed: Seed) -> Result<Populations, ModelError> {
        let from = source.sample(count, seed.child("source"))?;
        let to = target.sample(count, seed.child("target"))?;
        let axes = vec!["x".to_string(), "y".to_string()];
        Ok(Populations::new(vec![Snapshot::new(0.0, from), Snapshot::new(1.0, to)], axes)?)
    }
}

fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
}

fn normal2(rng: &mut Stream, sd: f64) -> [f64; 2] {
    [sd * normal(rng), sd * normal(rng)]
}

fn on_a_ring(rng: &mut Stream, radius: f64, sd: f64) -> [f64; 2] {
    const CENTRES: [[f64; 2]; 8] = [
        [1.0, 0.0],
        [-1.0, 0.0],
        [0.0, 1.0],
        [0.0, -1.0],
        [FRAC_1_SQRT_2, FRAC_1_SQRT_2],
        [FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
        [-FRAC_1_SQRT_2, FRAC_1_SQRT_2],
        [-FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    ];
    let [cx, cy] = CENTRES[rng.random_range(0..8)];
    let [x, y] = normal2(rng, sd);
    [radius * cx + x, radius * cy + y]
}

fn groups(count: usize, seed: Seed) -> Vec<[f64; 2]> {
    let shifts: Vec<[f64; 2]> = (0..8).map(|k| normal2(&mut seed.stream("group", k), 1e-4)).collect();
    order(count, seed)
        .into_iter()
        .enumerate()
        .map(|(i, place)| {
            let k = place % 8;
            let angle = 2.0 * PI * (k + 1) as f64 / 8.0;
            let [x, y] = normal2(&mut seed.stream("point", i as u64), 1.0);
            [5.0 * angle.cos() + x + shifts[k][0], 5.0 * angle.sin() + y + shifts[k][1]]
        })
        .collect()
}

/// Half of the points on an upper half circle around (0, 0), the rest on a lower one around (1, ½),
/// at equal angles from end to end, with `noise` added.
fn moons(count: usize, seed: Seed, noise: impl Fn(&mut Stream) -> [f64; 2]) -> Vec<[f64; 2]> {
    let outer = count / 2;
    let angle = |i: usize, n: usize| if n > 1 { PI * i as f64 / (n - 1) as f64 } else { 0.0 };
    order(count, seed)
        .into_iter()
        .enumerate()
        .map(|(i, place)| {
            let [x, y] = if place < outer {
                let a = angle(place, outer);
                [a.cos(), a.sin()]
            } else {
                let a = angle(place - outer, count - outer);
                [1.0 - a.cos(), 0.5 - a.sin()]
            };
            let [u, v] = noise(&mut seed.stream("point", i as u64));
            [x + u, y + v]
        })
        .collect()
}

/// A random order of the places `0..count`.
fn order(count: usize, seed: Seed) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.shuffle(&mut seed.stream("order", 0));
    places
}

fn s_curve(rng: &mut Stream) -> [f64; 2] {
    let t = 3.0 * PI * (rng.random::<f64>() - 0.5);
    let [x, z] = normal2(rng, 0.05);
    [1.5 * (t.sin() + x), 1.5 * (t.signum() * (t.cos() - 1.0) + z)]
}

fn standardise(points: Vec<[f64; 2]>, scale: f64) -> Vec<[f64; 2]> {
    let n = 2.0 * points.len() as f64;
    let mean = points.iter().flatten().sum::<f64>() / n;
    let variance = points.iter().flatten().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    points.into_iter().map(|p| p.map(|v| (v - mean) / variance.sqrt() * scale)).collect()
}
