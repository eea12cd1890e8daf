//! Rows moved in fixed groups over the threads.

use crate::{ModelError, Space};
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
        let all = concatenate(Axis(0), &parts).unwrap_or_else(|_| Array2::zeros(points.raw_dim()));
        space.frame.leave(all)
    };
    let mut states: Vec<Array2<f32>> = (0..times.len()).map(at).collect();
    if let Some(first) = states.first_mut() {
        // Not a round trip through the network's coordinates: the cells as they were given.
        first.assign(&points);
    }
    Ok(states)
}
