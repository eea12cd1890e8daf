//! Rows moved in fixed groups over the threads, and cells that move so.

use crate::{ModelError, Space};
use chreode_core::Snapshot;
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use rayon::prelude::*;

/// Rows integrated together; fixed, so that neither an adaptive solve nor the noise of a path depends on the thread count.
const ROWS: usize = 512;

/// Moves the rows of `points`, in the user's coordinates, to each of `times`, in the user's units.
///
/// `solve` is given the number of a group, its rows in the network's coordinates and all network times; it returns an
/// array a time. The first array of the answer is `points` as they were given.
///
/// # Errors
/// A different number of columns, or what `solve` returns.
pub(crate) fn moved(
    space: &Space,
    points: ArrayView2<'_, f32>,
    times: &[f64],
    solve: impl Fn(usize, Array2<f32>, &[f64]) -> Result<Vec<Array2<f32>>, ModelError> + Sync,
) -> Result<Vec<Array2<f32>>, ModelError> {
    let all = solved(space, points, times, points.ncols(), solve)?;
    let mut states: Vec<Array2<f32>> = all.into_iter().map(|all| space.frame.leave(all)).collect();
    if let Some(first) = states.first_mut() {
        // Not a round trip through the network's coordinates: the cells as they were given.
        first.assign(&points);
    }
    Ok(states)
}

/// The same in the network's coordinates, with what `solve` puts beside them: arrays of `columns` columns.
///
/// # Errors
/// A different number of columns, or what `solve` returns.
pub(crate) fn solved(
    space: &Space,
    points: ArrayView2<'_, f32>,
    times: &[f64],
    columns: usize,
    solve: impl Fn(usize, Array2<f32>, &[f64]) -> Result<Vec<Array2<f32>>, ModelError> + Sync,
) -> Result<Vec<Array2<f32>>, ModelError> {
    space.frame.check(points)?;
    let taus: Vec<f64> = times.iter().map(|&t| space.clock.network(t)).collect();
    let inside = space.frame.enter(points);
    let groups: Vec<Vec<Array2<f32>>> = (0..inside.nrows().div_ceil(ROWS))
        .into_par_iter()
        .map(|group| {
            let rows = group * ROWS..((group + 1) * ROWS).min(inside.nrows());
            solve(group, inside.slice(s![rows, ..]).to_owned(), &taus)
        })
        .collect::<Result<_, _>>()?;
    let at = |k: usize| {
        let parts: Vec<_> = groups.iter().map(|group| group[k].view()).collect();
        concatenate(Axis(0), &parts).unwrap_or_else(|_| Array2::zeros((0, columns)))
    };
    Ok((0..times.len()).map(at).collect())
}

/// `cells` at other places, a snapshot a time; their weights stay.
pub(crate) fn carried(cells: &Snapshot, times: &[f64], places: Vec<Array2<f32>>) -> Vec<Snapshot> {
    let at = |(points, &time)| Snapshot { time, points, weights: cells.weights.clone() };
    places.into_iter().zip(times).map(at).collect()
}

/// The velocity of every row at time `t` in the user's coordinates and time, from that of `v` in the network's.
///
/// # Errors
/// A different number of columns.
pub(crate) fn velocity(
    space: &Space,
    t: f64,
    points: ArrayView2<'_, f32>,
    v: impl FnOnce(f64, &Array2<f32>) -> Array2<f32>,
) -> Result<Array2<f32>, ModelError> {
    let Space { frame, clock, .. } = space;
    frame.check(points)?;
    Ok(frame.leave_velocity(v(clock.network(t), &frame.enter(points)), clock.unit))
}
