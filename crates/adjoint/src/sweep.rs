//! The way back over steps of which only some starting states are in memory.

use crate::binomial::split;

/// Visits the steps `0..steps` from the last to the first, each with the state it begins from.
///
/// `states` are those before every `spacing`-th step, and count among the `checkpoints`; further ones are
/// made by `advance(from, state, to)` as far as there is room, and given up as soon as the way back has
/// passed them. The number of steps advanced over is
/// [`advances_between`](crate::binomial::advances_between), the least for each part.
pub(crate) fn sweep<Y, E>(
    steps: usize,
    checkpoints: usize,
    (spacing, states): (usize, &[Y]),
    mut advance: impl FnMut(usize, &Y, usize) -> Y,
    mut visit: impl FnMut(usize, &Y) -> Result<(), E>,
) -> Result<(), E> {
    // Where they are, and the state itself unless it is one of those given.
    let mut kept: Vec<(usize, Option<Y>)> = (0..states.len()).map(|i| (i * spacing, None)).collect();
    let (mut left, mut owned) = (steps, 0);
    while let Some((at, own)) = kept.last().filter(|_| left > 0) {
        let (at, state) = (*at, own.as_ref().unwrap_or_else(|| &states[at / spacing]));
        let length = left - at;
        // Those given stay in memory after the way back has passed them.
        let free = checkpoints - states.len() - owned;
        if length == 1 {
            visit(at, state)?;
            left = at;
            owned -= usize::from(own.is_some());
            kept.pop();
        } else if free == 0 {
            let state = advance(at, state, left - 1);
            left -= 1;
            visit(left, &state)?;
        } else {
            let to = at + split(length, free + 1);
            let state = advance(at, state, to);
            kept.push((to, Some(state)));
            owned += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    //! The count is the binomial formula, the order is right, and the memory is kept.

    use super::sweep;
    use crate::binomial::{advances, advances_between, best_spacing};

    /// Steps advanced over, with states that are their own numbers.
    fn counted(steps: usize, checkpoints: usize, spacing: usize) -> usize {
        let states: Vec<usize> = (0..steps.div_ceil(spacing)).map(|i| i * spacing).collect();
        let (mut total, mut expected) = (0, steps);
        let advance = |from: usize, state: &usize, to: usize| {
            assert!(*state == from && from < to);
            total += to - from;
            to
        };
        let visit = |n: usize, state: &usize| {
            expected -= 1;
            assert_eq!((n, *state), (expected, expected));
            Ok::<(), ()>(())
        };
        sweep(steps, checkpoints, (spacing, &states), advance, visit).expect("nothing fails");
        assert_eq!(expected, 0);
        total
    }

    #[test]
    fn counts() {
        for steps in 1..150 {
            for checkpoints in 1..12 {
                assert_eq!(counted(steps, checkpoints, 256), advances(steps, checkpoints));
                let spacing = best_spacing(steps, checkpoints);
                let best = counted(steps, checkpoints, spacing);
                assert_eq!(best, advances_between(steps, checkpoints, spacing));
                assert!(best <= advances(steps, checkpoints));
            }
            assert_eq!(counted(steps, steps, best_spacing(steps, steps)), 0);
        }
    }
}
