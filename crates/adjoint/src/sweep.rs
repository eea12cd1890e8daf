//! The way back over steps of which only some starting states are in memory.

use crate::binomial::split;

/// Visits the steps `0..steps` from the last to the first, each with the state it begins from.
///
/// `first` is the state before step 0 and counts as one of `checkpoints` (at least 1); further ones are made by
/// `advance(from, state, to)` and given up as soon as the way back has passed them. The number of steps
/// advanced over is the least there is, [`advances`](crate::advances).
pub(crate) fn sweep<Y, E>(
    steps: usize,
    checkpoints: usize,
    first: &Y,
    mut advance: impl FnMut(usize, &Y, usize) -> Y,
    mut visit: impl FnMut(usize, &Y) -> Result<(), E>,
) -> Result<(), E> {
    let mut kept: Vec<(usize, Y)> = Vec::new();
    let mut left = steps;
    while left > 0 {
        let (at, state) = kept.last().map_or((0, first), |(at, y)| (*at, y));
        let length = left - at;
        let free = checkpoints - 1 - kept.len();
        if length == 1 {
            visit(at, state)?;
            left = at;
            kept.pop();
        } else if free == 0 {
            let state = advance(at, state, left - 1);
            left -= 1;
            visit(left, &state)?;
        } else {
            let to = at + split(length, free + 1);
            let state = advance(at, state, to);
            kept.push((to, state));
        }
    }
    Ok(())
}
