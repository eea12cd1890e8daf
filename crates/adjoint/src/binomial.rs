//! How often steps must be repeated when only some states are kept.
//!
//! A. Griewank and A. Walther, Algorithm 799: revolve, ACM Trans. Math. Softw. 26 (2000) 19-45,
//! doi:10.1145/347837.347846.

/// β(s, r) = (s + r)! / (s! r!): the most steps that `s` checkpoints can reverse with every step taken at
/// most `r` times again. Saturates at `usize::MAX`.
pub fn binomial(s: usize, r: usize) -> usize {
    let (few, many) = if s < r { (s, r) } else { (r, s) };
    let mut value: u128 = 1;
    for i in 1..=few {
        // Exact: the value so far is β(many, i − 1), and the product is divisible by i.
        value = value * (many as u128 + i as u128) / i as u128;
        if value > usize::MAX as u128 {
            return usize::MAX;
        }
    }
    value as usize
}

/// r: the least with β(s, r) ≥ `steps`.
fn repetitions(steps: usize, s: usize) -> usize {
    (0..).find(|r| binomial(s, *r) >= steps).expect("with one checkpoint, `steps` repetitions are enough")
}

/// The least number of steps that must be taken (beside the one within each step's own pullback) to reverse
/// `steps` steps with `checkpoints` states in memory, the initial one among them:
///
/// t(l, s) = r l − β(s + 1, r − 1), where β(s, r − 1) < l ≤ β(s, r).
///
/// 0 for no steps, and with no checkpoint at all.
pub fn advances(steps: usize, checkpoints: usize) -> usize {
    if steps == 0 || checkpoints == 0 {
        return 0;
    }
    match repetitions(steps, checkpoints) {
        0 => 0,
        r => (r * steps).saturating_sub(binomial(checkpoints.saturating_add(1), r - 1)),
    }
}

/// After how many of `steps` steps, at least 2, the next checkpoint is best set, when `checkpoints`, at least
/// 2, are free or at the start.
pub(crate) fn split(steps: usize, checkpoints: usize) -> usize {
    let (s, r) = (checkpoints, repetitions(steps, checkpoints));
    // Any number is optimal that leaves both parts with as many repetitions as they deserve.
    let most = binomial(s, r - 1).min(steps - binomial(s - 1, r - 1).min(steps - 1));
    most.clamp(1, steps - 1)
}

/// The steps taken again to reverse `steps` steps with `checkpoints` states in memory, when every
/// `spacing`-th was kept on the way forward: each part is reversed with the checkpoints that are left.
pub(crate) fn advances_between(steps: usize, checkpoints: usize, spacing: usize) -> usize {
    let parts = steps.div_ceil(spacing);
    let length = |i: usize| if i + 1 == parts { steps - spacing * i } else { spacing };
    let left = checkpoints - parts.saturating_sub(1);
    (0..parts).map(|i| advances(length(i), left)).fold(0, usize::saturating_add)
}

/// The spacing, a power of two that `checkpoints` states can have, for which the least steps are taken again.
pub(crate) fn best_spacing(steps: usize, checkpoints: usize) -> usize {
    let powers = (0..usize::BITS - 1).map(|i| 1usize << i);
    let possible = powers.skip_while(|spacing| steps.div_ceil(*spacing) > checkpoints);
    let mut best = (1, usize::MAX);
    for spacing in possible {
        let cost = advances_between(steps, checkpoints, spacing);
        if cost < best.1 {
            best = (spacing, cost);
        }
        if spacing >= steps {
            break;
        }
    }
    best.0
}
