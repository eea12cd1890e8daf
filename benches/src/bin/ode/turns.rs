//! Several solves timed in turn, so that a busy moment falls on all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds at most.
const ROUNDS: usize = 31;

/// Seconds of a solve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) least: f64,
}

/// Seconds of each of `solves`, run in turn for about `budget` in all, after one call that warms up.
pub(crate) fn turns(budget: Duration, solves: &mut [&mut dyn FnMut()]) -> Vec<Times> {
    let once: Vec<f64> = solves
        .iter_mut()
        .map(|solve| {
            solve();
            let start = Instant::now();
            solve();
            start.elapsed().as_secs_f64()
        })
        .collect();
    let sample = budget.as_secs_f64() / (ROUNDS * solves.len()) as f64;
    let inner: Vec<u32> = once.iter().map(|s| (sample / s.max(1e-9)).clamp(1.0, 1e6) as u32).collect();
    let mut seconds = vec![Vec::new(); solves.len()];
    let begin = Instant::now();
    for round in 0..ROUNDS {
        if round >= 3 && begin.elapsed() > budget {
            break;
        }
        for ((solve, inner), seconds) in solves.iter_mut().zip(&inner).zip(&mut seconds) {
            let start = Instant::now();
            for _ in 0..*inner {
                solve();
                black_box(());
            }
            seconds.push(start.elapsed().as_secs_f64() / f64::from(*inner));
        }
    }
    seconds
        .into_iter()
        .map(|mut s| {
            s.sort_by(f64::total_cmp);
            Times { median: s[s.len() / 2], least: s[0] }
        })
        .collect()
}
