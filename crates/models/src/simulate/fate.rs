//! Fate probabilities by simulated futures.

use super::Toggle;
use super::circuit::advance;
use chreode_core::Seed;

/// Walks the two masters alone: the genes they drive never act back on them.
pub(super) struct Futures<'a> {
    pub(super) toggle: &'a Toggle,
    pub(super) noise: f64,
    pub(super) end: f64,
    pub(super) step: f64,
    pub(super) count: usize,
    pub(super) seed: Seed,
}

impl Futures<'_> {
    /// The share of futures, from `masters` at `time`, in which the first master ends on top.
    ///
    /// The estimate's standard error is at most `1 / (2 √count)`. Nothing is left to chance at the
    /// last time, where the answer is 0 or 1 (½ on a tie).
    pub(super) fn share(&self, cell: u64, time: f64, masters: [f64; 2]) -> f32 {
        let mut rng = self.seed.stream("futures", cell);
        let steps = ((self.end - time) / self.step).ceil() as usize;
        let futures = if steps == 0 || self.noise == 0.0 { 1 } else { self.count };
        let h = if steps == 0 { 0.0 } else { (self.end - time) / steps as f64 };
        let mut won = 0.0;
        for _ in 0..futures {
            let mut x = masters;
            for k in 0..steps {
                let (gain, loss) = self.toggle.rates(time + k as f64 * h, x);
                for i in 0..2 {
                    advance(&mut x[i], gain[i], loss[i], h, self.noise, &mut rng);
                }
            }
            won += if x[0] == x[1] { 0.5 } else { f64::from(u8::from(x[0] > x[1])) };
        }
        (won / futures as f64) as f32
    }
}
