//! Repeated timings and their median.

use std::time::{Duration, Instant};

/// Seconds of repetitions.
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Of durations.
    pub(crate) fn new(durations: impl IntoIterator<Item = Duration>) -> Self {
        let mut seconds: Vec<f64> = durations.into_iter().map(|d| d.as_secs_f64()).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        Self(seconds)
    }

    /// The middle one, or the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let n = self.0.len();
        0.5 * (self.0[(n - 1) / 2] + self.0[n / 2])
    }

    /// The least.
    pub(crate) fn least(&self) -> f64 {
        self.0[0]
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Runs `task` once to warm up, then at least `least` times and until `budget` is spent, but no more than 200
/// times; returns its last value.
pub(crate) fn repeat<T, E>(
    least: usize,
    budget: Duration,
    mut task: impl FnMut() -> Result<T, E>,
) -> Result<(T, Times), E> {
    let mut value = task()?;
    let (begin, mut durations) = (Instant::now(), Vec::new());
    while durations.len() < least || (begin.elapsed() < budget && durations.len() < 200) {
        let start = Instant::now();
        value = task()?;
        durations.push(start.elapsed());
    }
    Ok((value, Times::new(durations)))
}

/// Runs `task` one time, for what takes long.
pub(crate) fn once<T, E>(task: impl FnOnce() -> Result<T, E>) -> Result<(T, Times), E> {
    let start = Instant::now();
    let value = task()?;
    Ok((value, Times::new([start.elapsed()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_times() {
        let times = |ms: &[u64]| Times::new(ms.iter().map(|&m| Duration::from_millis(m)));
        assert_eq!(times(&[9, 1, 3]).median(), 0.003);
        assert_eq!(times(&[9, 1, 3, 5]).median(), 0.004);
        assert_eq!(times(&[9, 1, 3]).least(), 0.001);
    }

    #[test]
    fn a_task_is_repeated_as_often_as_asked_after_one_warm_up() {
        let mut runs = 0;
        let (last, times) = repeat(3, Duration::ZERO, || {
            runs += 1;
            Ok::<_, ()>(runs)
        })
        .unwrap();
        assert_eq!((last, times.count()), (4, 3));
    }
}
