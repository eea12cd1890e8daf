//! Predictions made from the data alone.

use crate::{ModelError, error::require};
use chreode_core::{Seed, Snapshot};
use chreode_ot::{NetworkSimplex, OtSolver, PointCloud, SquaredEuclidean, Transport};
use ndarray::{Array1, Array2};
use rand::seq::SliceRandom;

/// The displacement interpolation at `time` of the exact plan `π` between two snapshots.
///
/// Each entry `π_ij` of the squared-Euclidean plan becomes the point `(1 − s) x_i + s y_j` of weight
/// `π_ij`, with `s = (time − t₀)/(t₁ − t₀)`: the geodesic of W₂ (McCann 1997, doi
/// 10.1006/aima.1997.1634).
///
/// # Errors
/// A `time` outside `[t₀, t₁]`, and what transport says of the snapshots.
pub fn displacement(from: &Snapshot, to: &Snapshot, time: f64) -> Result<Snapshot, ModelError> {
    let fraction = (time - from.time) / (to.time - from.time);
    require(
        "the fraction of the way between the snapshots",
        fraction,
        (0.0..=1.0).contains(&fraction),
        "between 0 and 1; take a time between the two snapshots",
    )?;
    let cloud = PointCloud::new(from.points.view(), to.points.view(), &SquaredEuclidean)?;
    let (a, b) = (from.probabilities(), to.probabilities());
    let plan = NetworkSimplex::default().solve(&Transport::new(&cloud, a.view(), b.view())?)?;
    let entries = plan.entries();
    let points = Array2::from_shape_fn((entries.len(), from.points.ncols()), |(k, j)| {
        let x = f64::from(from.points[[entries[k].row, j]]);
        let y = f64::from(to.points[[entries[k].column, j]]);
        (x + fraction * (y - x)) as f32
    });
    let weights: Array1<f32> = entries.iter().map(|e| e.mass as f32).collect();
    Ok(Snapshot { time, points, weights: Some(weights) })
}

/// Two random halves of a snapshot; the second has one cell more when their number is odd.
///
/// # Errors
/// [`ModelError::TooFewToSplit`] below two cells.
pub fn halves(snapshot: &Snapshot, seed: Seed) -> Result<(Snapshot, Snapshot), ModelError> {
    let cells = snapshot.len();
    if cells < 2 {
        return Err(ModelError::TooFewToSplit { time: snapshot.time, cells });
    }
    let mut order: Vec<usize> = (0..cells).collect();
    order.shuffle(&mut seed.stream("halves", 0));
    let part = |rows: &[usize]| Snapshot {
        time: snapshot.time,
        points: snapshot.points.select(ndarray::Axis(0), rows),
        weights: snapshot.weights.as_ref().map(|w| w.select(ndarray::Axis(0), rows)),
    };
    let (one, other) = order.split_at(cells / 2);
    Ok((part(one), part(other)))
}
