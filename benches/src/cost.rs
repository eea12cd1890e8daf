//! What a training costs.

use crate::Heap;
use anyhow::Result;
use serde::Serialize;
use std::time::Instant;

/// Seconds of the clock, and the most memory held at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Of the clock, so that other work on the machine is in them.
    pub seconds: f64,
    /// Mebibytes on the heap at the peak, beyond what was held before: the data are not in it, copies of them are. A
    /// buffer that grows counts twice while it is copied.
    pub peak_mib: f64,
}

impl Cost {
    /// What `work` returns, and costs; nothing else may run in the program meanwhile.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn of<T>(heap: &Heap, work: impl FnOnce() -> Result<T>) -> Result<(T, Self)> {
        heap.reset_peak_usage();
        let (before, start) = (heap.current_usage(), Instant::now());
        let done = work()?;
        let seconds = start.elapsed().as_secs_f64();
        let held = heap.peak_usage().saturating_sub(before);
        Ok((done, Self { seconds, peak_mib: held as f64 / f64::from(1 << 20) }))
    }

    /// This, and then `next`: the sum of the seconds, and the higher peak.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self { seconds: self.seconds + next.seconds, peak_mib: self.peak_mib.max(next.peak_mib) }
    }

    /// Of one of several alike: the mean of the seconds, and the highest peak; nothing for none.
    #[must_use]
    pub fn typical(costs: &[Self]) -> Self {
        let all = costs.iter().fold(Self::default(), |sum, &cost| sum.then(cost));
        Self { seconds: all.seconds / costs.len().max(1) as f64, ..all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static HEAP: Heap = Heap;

    #[test]
    fn a_buffer_that_is_gone_at_the_end_counts_and_what_was_there_does_not() {
        let kept = vec![0_u8; 32 << 20];
        let (length, cost) = Cost::of(&HEAP, || Ok(vec![0_u8; 64 << 20].len() + kept.len())).unwrap();
        assert_eq!(length, 96 << 20);
        // Other tests come and go beside this one, with little.
        assert!((56.0..72.0).contains(&cost.peak_mib), "{cost:?}");
    }

    #[test]
    fn seconds_are_added_or_averaged_and_peaks_are_not() {
        let [short, long] = [(1.0, 5.0), (3.0, 2.0)].map(|(seconds, peak_mib)| Cost { seconds, peak_mib });
        assert_eq!(short.then(long), Cost { seconds: 4.0, peak_mib: 5.0 });
        assert_eq!(Cost::typical(&[short, long]), Cost { seconds: 2.0, peak_mib: 5.0 });
        assert_eq!(Cost::typical(&[]), Cost::default());
    }
}
