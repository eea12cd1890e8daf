//! The nearest neighbours of points, by comparing all pairs.

use super::PointCloud;
use crate::{Euclidean, Geometry, OtError};
use chreode_core::Real;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// For each point its `k` nearest others with their distances, nearest first; ties by number.
pub(super) fn nearest<T: Real>(
    points: ArrayView2<'_, T>,
    k: usize,
) -> Result<Vec<Vec<(usize, f64)>>, OtError> {
    let cloud = PointCloud::new(points, points, &Euclidean)?;
    let n = points.nrows();
    if k == 0 || k >= n {
        return Err(OtError::BadParameter {
            name: "the number of neighbours",
            value: k as f64,
            range: "at least 1 and below the number of points",
        });
    }
    Ok((0..n)
        .into_par_iter()
        .map_init(
            || (Vec::new(), Vec::new()),
            |(buffer, found), point| {
                let distances = cloud.costs(point, 0..n, buffer);
                found.clear();
                found.extend(distances.iter().copied().enumerate().filter(|(other, _)| *other != point));
                let order = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
                found.select_nth_unstable_by(k - 1, order);
                let mut near = found[..k].to_vec();
                near.sort_by(order);
                near
            },
        )
        .collect())
}
