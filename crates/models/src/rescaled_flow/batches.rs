//! Points of straight paths, and how often cells were drawn for them.

use crate::minibatches::row;
use crate::{Batch, BatchSource, Ends, Minibatches, ModelError, Pairing, Path, Straight};
use ndarray::{Array2, Axis, concatenate};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// Rows to regress velocities on, and cells with their counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RescaledBatch {
    /// Times, points and velocities.
    pub flow: Batch,
    /// The network time of each cell.
    pub t: Vec<f32>,
    /// The cells of all minibatches.
    pub x: Array2<f32>,
    /// How often a cell was drawn to leave and to arrive; NaN where there is no interval on that side.
    pub counts: Array2<f32>,
}

/// Unbalanced pairs and their counts.
pub struct RescaledMatcher<'p, Q> {
    minibatches: Minibatches<'p>,
    pairing: Q,
    path: Straight,
}

impl<'p, Q: Pairing> RescaledMatcher<'p, Q> {
    /// Straight paths with noise `sigma` between pairs that may leave cells out.
    pub fn new(minibatches: Minibatches<'p>, pairing: Q, sigma: f32) -> Self {
        Self { minibatches, pairing, path: Straight { sigma } }
    }
}

impl<Q: Pairing> BatchSource for RescaledMatcher<'_, Q> {
    type Batch = RescaledBatch;

    fn batch(&self, index: u64) -> Result<RescaledBatch, ModelError> {
        let (cells, mut rng) = self.minibatches.draw(index);
        let (times, size) = (self.minibatches.times(), self.minibatches.size());
        let width = self.minibatches.populations().dims();
        let mut flow = Batch::empty(size * (times.len() - 1), width);
        let mut counts = Array2::from_elem((size * times.len(), 2), f32::NAN);
        let mut noise = vec![0.0_f32; width];
        for (j, pair) in cells.windows(2).enumerate() {
            let (from, to) = (pair[0].view(), pair[1].view());
            let (start, length) = (times[j], times[j + 1] - times[j]);
            for i in 0..size {
                (counts[[j * size + i, 0]], counts[[(j + 1) * size + i, 1]]) = (0.0, 0.0);
            }
            for (source, target) in self.pairing.pair(from, to, length, &mut rng)? {
                counts[[j * size + source, 0]] += 1.0;
                counts[[(j + 1) * size + target, 1]] += 1.0;
                let s: f32 = rng.random();
                noise.iter_mut().for_each(|e| *e = StandardNormal.sample(&mut rng));
                let (x, u) = flow.push((start + f64::from(s) * length) as f32);
                let ends = Ends {
                    x0: row(&from, source),
                    x1: row(&to, target),
                    noise: &noise,
                    length: length as f32,
                };
                self.path.at(s, ends, x, u);
                u.iter_mut().for_each(|u| *u /= length as f32);
            }
        }
        let views: Vec<_> = cells.iter().map(|c| c.view()).collect();
        let x = concatenate(Axis(0), &views).expect("minibatches of one width");
        let t = times.iter().flat_map(|&t| std::iter::repeat_n(t as f32, size)).collect();
        Ok(RescaledBatch { flow, t, x, counts })
    }
}
