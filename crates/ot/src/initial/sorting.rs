//! Potentials from sorting both sides.

use crate::{Geometry, OtError, Transport};
use ndarray::{Array1, ArrayView1};

/// `(f, g)` from the monotone plan of both sides sorted by a number each, as starting potentials.
///
/// The plan that matches the sorted sides in order moves along a staircase of n + m − 1 pairs; `f_i + g_j =
/// c_ij` along it gives the potentials in O((n + m) log(n + m)), with one cost a pair. Where the cost is a
/// convex function of the difference of the two numbers these potentials are optimal without entropy; else
/// they are a start. Points in several dimensions can be sorted along any direction, e.g. the first principal
/// component. After J. Thornton and M. Cuturi, 2022, arXiv
/// 2206.07630, where the potentials of the sorted plan take several passes over the costs.
///
/// # Errors
/// As many numbers as there are not points, a number that is not finite, or a pair of the staircase with a
/// cost that is not finite.
pub fn sorting_potentials<G: Geometry + ?Sized>(
    problem: &Transport<'_, G>,
    source: ArrayView1<'_, f64>,
    target: ArrayView1<'_, f64>,
) -> Result<(Array1<f64>, Array1<f64>), OtError> {
    let (n, m) = problem.shape();
    let from = order("source", "the numbers of the source points", source, n)?;
    let to = order("target", "the numbers of the target points", target, m)?;
    let (a, b) = (problem.source(), problem.target());
    let (mut f, mut g) = (Array1::zeros(n), Array1::zeros(m));
    let (mut i, mut j) = (0, 0);
    let (mut left, mut room) = (a[from[0]], b[to[0]]);
    let cost = |i: usize, j: usize| {
        let (row, column) = (from[i], to[j]);
        match problem.geometry().cost(row, column) {
            value if value.is_finite() => Ok(value),
            value => Err(OtError::BadCost { row, column, value }),
        }
    };
    g[to[0]] = cost(0, 0)?;
    while i + 1 < n || j + 1 < m {
        let moved = left.min(room);
        (left, room) = (left - moved, room - moved);
        if (left <= room || j + 1 == m) && i + 1 < n {
            i += 1;
            left = a[from[i]];
            f[from[i]] = cost(i, j)? - g[to[j]];
        } else {
            j += 1;
            room = b[to[j]];
            g[to[j]] = cost(i, j)? - f[from[i]];
        }
    }
    Ok((f, g))
}

fn order(
    side: &'static str,
    what: &'static str,
    numbers: ArrayView1<'_, f64>,
    expected: usize,
) -> Result<Vec<usize>, OtError> {
    if numbers.len() != expected {
        return Err(OtError::Shape { what, expected, found: numbers.len() });
    }
    if let Some(row) = numbers.iter().position(|v| !v.is_finite()) {
        return Err(OtError::BadPoint { side, row, column: 0, value: numbers[row] });
    }
    let mut order: Vec<usize> = (0..expected).collect();
    order.sort_by(|&i, &j| numbers[i].total_cmp(&numbers[j]));
    Ok(order)
}
