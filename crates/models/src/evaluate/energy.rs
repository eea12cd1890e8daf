//! Path energy along Euler steps, and the scores of the planar tables.

use super::distances::w2;
use crate::{ModelError, error::require};
use chreode_core::{Snapshot, VectorField};
use ndarray::{Array2, ArrayView2};
use serde::Serialize;

/// Adds up `E ∫ |v(t, x_t)|² dt` over the steps of a path, as the left Riemann sum that Euler's
/// method makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PathEnergy(f64);

impl PathEnergy {
    /// No step yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A step of length `h` on which the cells, one a row, have these velocities.
    pub fn add(&mut self, velocities: ArrayView2<'_, f32>, h: f64) {
        let squares = velocities
            .rows()
            .into_iter()
            .map(|row| row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>());
        self.0 += h * squares.sum::<f64>() / velocities.nrows() as f64;
    }

    /// The energy so far.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// Where a flow takes points, and at what energy.
#[derive(Clone, Debug, PartialEq)]
pub struct EulerPath {
    /// The points at the end.
    pub points: Array2<f32>,
    /// `E ∫ |v|² dt`.
    pub energy: f64,
}

/// Pushes `points` from `span[0]` to `span[1]` by Euler steps of equal length; the publications
/// take 100 a unit of time.
///
/// # Errors
/// [`ModelError::Parameter`] without points, for no step or for a span that is not finite; [`ModelError::Diverged`] at
/// the first step that leaves the finite numbers.
pub fn push_forward(
    field: &(impl VectorField<Array2<f32>> + ?Sized),
    points: &Array2<f32>,
    span: [f64; 2],
    steps: usize,
) -> Result<EulerPath, ModelError> {
    require("the number of points", points.nrows() as f64, points.nrows() > 0, "at least 1")?;
    require("steps", steps as f64, steps > 0, "at least 1")?;
    let [begin, end] = span;
    let h = (end - begin) / steps as f64;
    require("the length of the time span", end - begin, true, "finite")?;
    let (mut points, mut velocity) = (points.clone(), Array2::zeros(points.dim()));
    let mut energy = PathEnergy::new();
    for k in 0..steps {
        let time = begin + k as f64 * h;
        field.eval_into(time, &points, &mut velocity);
        energy.add(velocity.view(), h.abs());
        points.scaled_add(h as f32, &velocity);
        if let Some(row) = points.rows().into_iter().position(|r| r.iter().any(|v| !v.is_finite())) {
            return Err(ModelError::Diverged { row, time: time + h });
        }
    }
    Ok(EulerPath { points, energy: energy.value() })
}

/// `|E − W₂²| / W₂²`: how far the energy of a path is from the least that joins its two ends, by the
/// theorem of Benamou and Brenier (2000, doi 10.1007/s002110050002).
///
/// `w2` is W₂ between the *test* source and target, not between samples of the model
/// (arXiv 2307.03672, appendix F.3).
///
/// # Errors
/// [`ModelError::Parameter`] for a distance of 0, where the quotient is undefined, or an energy that
/// is not finite.
pub fn normalised_path_energy(energy: f64, w2: f64) -> Result<f64, ModelError> {
    require("w2", w2, w2 > 0.0, "above 0, or the normalised path energy is undefined")?;
    require("energy", energy, energy >= 0.0, "at least 0")?;
    let least = w2 * w2;
    Ok((energy - least).abs() / least)
}

/// The two numbers of the planar tables (arXiv 2307.03672, table 2), and what they are made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairScore {
    /// W₂ between pushed source points and the target's test points: the tables' first number.
    pub w2: f64,
    /// [`normalised_path_energy`]: the second.
    pub npe: f64,
    /// `E ∫ |v|² dt`.
    pub energy: f64,
    /// W₂ between the source's and the target's test points.
    pub least_w2: f64,
}

/// Scores a flow from one planar set to another on test points of both.
///
/// # Errors
/// What transport says of the points, and as [`normalised_path_energy`].
pub fn score_pair(
    path: &EulerPath,
    source: &Array2<f32>,
    target: &Array2<f32>,
) -> Result<PairScore, ModelError> {
    let snapshot = |points: &Array2<f32>| Snapshot::new(1.0, points.clone());
    let target = snapshot(target);
    let (found, least) =
        rayon::join(|| w2(&snapshot(&path.points), &target), || w2(&snapshot(source), &target));
    let (found, least_w2) = (found?, least?);
    let npe = normalised_path_energy(path.energy, least_w2)?;
    Ok(PairScore { w2: found, npe, energy: path.energy, least_w2 })
}
