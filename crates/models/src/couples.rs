//! Pairs of cells of neighbouring snapshots, with a moment of each.

use crate::minibatches::row;
use crate::{Ends, Minibatches, ModelError, Pairing};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// Pairing over every interval of a series of populations: what every matching loss starts from.
///
/// Each step draws a minibatch from every snapshot, pairs neighbouring snapshots, and takes one moment from each pair. A
/// cell drawn at an inner time serves both intervals that meet there.
pub struct Couples<'p, Q> {
    minibatches: Minibatches<'p>,
    pairing: Q,
}

/// A moment on the way from one cell to its pair.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Network time: `τ = τ₀ + s L`.
    pub time: f32,
    /// The fraction of the way, uniform in [0, 1).
    pub s: f32,
    /// The two cells, noise for the path between them, and the length L of the interval.
    pub ends: Ends<'a>,
}

impl<'p, Q: Pairing> Couples<'p, Q> {
    /// The pairs of `minibatches`.
    pub fn new(minibatches: Minibatches<'p>, pairing: Q) -> Self {
        Self { minibatches, pairing }
    }

    /// What is paired.
    pub fn minibatches(&self) -> &Minibatches<'p> {
        &self.minibatches
    }

    /// Pairs in a step.
    pub fn rows(&self) -> usize {
        self.minibatches.size() * (self.minibatches.populations().snapshots().len() - 1)
    }

    /// Calls `visit` with each pair of step `index`, interval by interval.
    ///
    /// # Errors
    /// A minibatch that cannot be paired.
    pub fn each(&self, index: u64, mut visit: impl FnMut(Moment<'_>)) -> Result<(), ModelError> {
        let (cells, mut rng) = self.minibatches.draw(index);
        let times = self.minibatches.times();
        let mut noise = vec![0.0_f32; self.minibatches.populations().dims()];
        for (j, pair) in cells.windows(2).enumerate() {
            let (from, to) = (pair[0].view(), pair[1].view());
            let (start, length) = (times[j], times[j + 1] - times[j]);
            for (source, target) in self.pairing.pair(from, to, length, &mut rng)? {
                let s: f32 = rng.random();
                noise.iter_mut().for_each(|e| *e = StandardNormal.sample(&mut rng));
                let ends = Ends {
                    x0: row(&from, source),
                    x1: row(&to, target),
                    noise: &noise,
                    length: length as f32,
                };
                visit(Moment { time: (start + f64::from(s) * length) as f32, s, ends });
            }
        }
        Ok(())
    }
}
