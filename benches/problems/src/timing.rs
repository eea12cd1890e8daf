//! How a solve is timed, the same in every program.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long a measurement may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Time for all samples; one sample is taken whatever it costs.
    pub budget: Duration,
    /// Most samples.
    pub samples: usize,
}

impl Timing {
    /// 3 samples in 6 ms.
    pub const ROUGH: Self = Self { budget: Duration::from_millis(6), samples: 3 };
    /// 9 samples in 60 ms.
    pub const SHORT: Self = Self { budget: Duration::from_millis(60), samples: 9 };
    /// 25 samples in 600 ms.
    pub const LONG: Self = Self { budget: Duration::from_millis(600), samples: 25 };
}

/// Median seconds of `solve`, after one call that warms up: each sample repeats it until the clock can tell.
pub fn time<T>(timing: Timing, mut solve: impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    black_box(solve());
    let once = start.elapsed();
    let sample = timing.budget / timing.samples as u32;
    let inner = (sample.as_secs_f64() / once.as_secs_f64().max(1e-9)).clamp(1.0, 1e6) as u32;
    let mut seconds = Vec::new();
    let begin = Instant::now();
    while seconds.is_empty() || (seconds.len() < timing.samples && begin.elapsed() < timing.budget) {
        let start = Instant::now();
        for _ in 0..inner {
            black_box(solve());
        }
        seconds.push(start.elapsed().as_secs_f64() / f64::from(inner));
    }
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
