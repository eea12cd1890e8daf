//! Minibatches of every snapshot.

use crate::{Clock, ModelError};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand::seq::index;
use rand_distr::{Distribution, weighted::WeightedAliasIndex};
use std::borrow::Cow;

/// As many cells of every snapshot, drawn anew for every step.
///
/// Minibatch `k` is a pure function of the seed and `k`.
pub struct Minibatches<'p> {
    populations: Cow<'p, Populations>,
    clock: Clock,
    batch: usize,
    seed: Seed,
    draws: Vec<Draw>,
}

/// How cells of one snapshot are drawn.
pub(crate) enum Draw {
    /// Equal weights: without replacement, when there are enough.
    Distinct,
    /// By weight, with replacement.
    Weighted(WeightedAliasIndex<f32>),
}

impl<'p> Minibatches<'p> {
    /// `batch` cells a snapshot and step.
    ///
    /// # Errors
    /// Fewer than two times, a batch of 0, or a snapshot with fewer than two cells.
    pub fn new(populations: &'p Populations, batch: usize, seed: Seed) -> Result<Self, ModelError> {
        Self::from(Cow::Borrowed(populations), Clock::of(&populations.times())?, batch, seed)
    }

    /// `batch` cells a snapshot and step of some of the cells of a series, by the clock of that series.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn owned(
        populations: Populations,
        clock: Clock,
        batch: usize,
        seed: Seed,
    ) -> Result<Minibatches<'static>, ModelError> {
        Clock::of(&populations.times())?;
        Minibatches::from(Cow::Owned(populations), clock, batch, seed)
    }

    fn from(
        populations: Cow<'p, Populations>,
        clock: Clock,
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        if batch == 0 {
            return Err(ModelError::Parameter { name: "batch", value: 0.0, rule: "at least 1" });
        }
        if let Some(small) = populations.snapshots().iter().find(|s| s.len() < 2) {
            return Err(ModelError::SmallSnapshot { time: small.time, cells: small.len(), wanted: 2 });
        }
        let draws = populations.snapshots().iter().map(Draw::of).collect();
        Ok(Self { populations, clock, batch, seed, draws })
    }

    /// The populations drawn from.
    pub fn populations(&self) -> &Populations {
        &self.populations
    }

    /// The clock of the series.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Cells a snapshot and step.
    pub fn size(&self) -> usize {
        self.batch
    }

    /// The network time of every snapshot.
    pub fn times(&self) -> Vec<f64> {
        self.populations.snapshots().iter().map(|s| self.clock.network(s.time)).collect()
    }

    /// The cells of step `index`, an array a snapshot, and the generator that goes on from there.
    pub fn draw(&self, index: u64) -> (Vec<Array2<f32>>, Stream) {
        let mut rng = self.seed.stream("batch", index);
        let snapshots = self.populations.snapshots().iter().zip(&self.draws);
        let cells = snapshots.map(|(s, draw)| draw.cells(s, self.batch, &mut rng)).collect();
        (cells, rng)
    }
}

impl Draw {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        match &snapshot.weights {
            None => Self::Distinct,
            Some(w) => Self::Weighted(
                WeightedAliasIndex::new(w.to_vec()).expect("populations hold valid weights, not all zero"),
            ),
        }
    }

    /// `n` of the rows of a snapshot of `count` cells.
    pub(crate) fn rows(&self, count: usize, n: usize, rng: &mut Stream) -> Vec<usize> {
        match self {
            Self::Distinct if n <= count => index::sample(rng, count, n).into_vec(),
            Self::Distinct => (0..n).map(|_| rng.random_range(0..count)).collect(),
            Self::Weighted(weights) => (0..n).map(|_| weights.sample(rng)).collect(),
        }
    }

    /// `n` of the cells of `snapshot`.
    pub(crate) fn cells(&self, snapshot: &Snapshot, n: usize, rng: &mut Stream) -> Array2<f32> {
        snapshot.points.select(Axis(0), &self.rows(snapshot.len(), n, rng))
    }
}

/// A row of points held row by row, as a slice.
pub(crate) fn row<'a>(points: &'a ArrayView2<'_, f32>, i: usize) -> &'a [f32] {
    let width = points.ncols();
    &points.as_slice().expect("populations and selections hold their points row by row")
        [i * width..(i + 1) * width]
}
