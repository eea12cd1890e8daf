//! Chains of cells through all times.

use crate::{Minibatches, ModelError, Pairing};
use chreode_core::Stream;
use ndarray::Array2;

/// Couplings of neighbouring minibatches, joined end to end: a Markov chain through all times, whose law between two
/// neighbours is their coupling.
pub struct Chains<'p, Q> {
    minibatches: Minibatches<'p>,
    pairing: Q,
}

/// The chains of a step.
pub struct Chained {
    /// The minibatch of each time.
    pub cells: Vec<Array2<f32>>,
    /// Of each time, the row that each chain passes through.
    pub rows: Vec<Vec<usize>>,
}

impl<'p, Q: Pairing> Chains<'p, Q> {
    /// The chains of `minibatches`, by a pairing that gives each cell one partner.
    pub fn new(minibatches: Minibatches<'p>, pairing: Q) -> Self {
        Self { minibatches, pairing }
    }

    /// What is chained.
    pub fn minibatches(&self) -> &Minibatches<'p> {
        &self.minibatches
    }

    /// The chains of step `index`, as many as a minibatch has cells, and the generator that goes on from there.
    ///
    /// # Errors
    /// A minibatch that cannot be paired.
    pub fn draw(&self, index: u64) -> Result<(Chained, Stream), ModelError> {
        let (cells, mut rng) = self.minibatches.draw(index);
        let times = self.minibatches.times();
        let mut rows = vec![(0..self.minibatches.size()).collect::<Vec<_>>()];
        for (j, pair) in cells.windows(2).enumerate() {
            let length = times[j + 1] - times[j];
            let pairs = self.pairing.pair(pair[0].view(), pair[1].view(), length, &mut rng)?;
            let mut partner = vec![0; pair[0].nrows()];
            pairs.into_iter().for_each(|(source, target)| partner[source] = target);
            let last = rows.last().expect("begins with the first time");
            let next = last.iter().map(|&row| partner[row]).collect();
            rows.push(next);
        }
        Ok((Chained { cells, rows }, rng))
    }
}

impl Chained {
    /// The number of chains.
    pub fn len(&self) -> usize {
        self.rows[0].len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Coordinate `i` of chain `c` at each time.
    pub fn knots(&self, c: usize, i: usize, x: &mut [f64]) {
        for ((x, cells), rows) in x.iter_mut().zip(&self.cells).zip(&self.rows) {
            *x = f64::from(cells[[rows[c], i]]);
        }
    }
}
