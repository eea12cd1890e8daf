//! Each individual once an epoch, in an order of its own.

use chreode_core::Seed;
use rand::seq::SliceRandom;

/// Batches without replacement; the batch of a step is a function of the step.
#[derive(Clone, Debug)]
pub(crate) struct Epochs {
    count: usize,
    size: usize,
    seed: Seed,
}

impl Epochs {
    /// Of `count` individuals, `size` a batch; the last batch of an epoch has what is left.
    pub(crate) fn new(count: usize, size: usize, seed: Seed) -> Self {
        Self { count, size: size.min(count).max(1), seed: seed.child("epochs") }
    }

    /// Batches of an epoch.
    pub(crate) fn length(&self) -> u64 {
        self.count.div_ceil(self.size) as u64
    }

    /// The epoch of a step, and whom it sees.
    pub(crate) fn batch(&self, index: u64) -> (u64, Vec<usize>) {
        let (epoch, place) = (index / self.length(), (index % self.length()) as usize);
        let mut order: Vec<usize> = (0..self.count).collect();
        order.shuffle(&mut self.seed.stream("order", epoch));
        let end = ((place + 1) * self.size).min(self.count);
        (epoch, order[place * self.size..end].to_vec())
    }
}
