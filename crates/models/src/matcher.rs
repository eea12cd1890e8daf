//! Flow matching over snapshots: pairs of cells, points on their paths, velocities to learn.

use crate::{BatchSource, Clock, ModelError, Pairing, Path};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal, weighted::WeightedAliasIndex};

/// Rows to regress on: `v_θ(t[i], x[i])` should be `u[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Network time of each row.
    pub t: Vec<f32>,
    /// A point on a path a row.
    pub x: Array2<f32>,
    /// The target velocity, per unit of network time, a row.
    pub u: Array2<f32>,
}

/// Pairing × path over every interval of a series of populations.
///
/// Each step draws `batch` cells from every snapshot, pairs neighbouring snapshots, and takes one
/// moment, one point and one velocity from each pair: `batch` rows an interval. A cell drawn at an
/// inner time serves both intervals that meet there. For an interval of length Δτ in network time,
/// `τ = τ₀ + s Δτ` and `u = (dx/ds) / Δτ`.
///
/// Batch `k` is a pure function of the seed and `k`.
pub struct FlowMatcher<'p, Q, P> {
    populations: &'p Populations,
    pairing: Q,
    path: P,
    clock: Clock,
    batch: usize,
    seed: Seed,
    draws: Vec<Draw>,
}

/// How cells of one snapshot are drawn.
enum Draw {
    /// Equal weights: without replacement, when there are enough.
    Distinct,
    /// By weight, with replacement.
    Weighted(WeightedAliasIndex<f32>),
}

impl<'p, Q: Pairing, P: Path> FlowMatcher<'p, Q, P> {
    /// A matcher that draws `batch` cells a snapshot and step.
    ///
    /// # Errors
    /// Fewer than two times, a batch of 0, or a snapshot with fewer than two cells.
    pub fn new(
        populations: &'p Populations,
        pairing: Q,
        path: P,
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        let clock = Clock::of(&populations.times())?;
        if batch == 0 {
            return Err(ModelError::Parameter { name: "batch", value: 0.0, rule: "at least 1" });
        }
        if let Some(small) = populations.snapshots().iter().find(|s| s.len() < 2) {
            return Err(ModelError::SmallSnapshot { time: small.time, cells: small.len(), wanted: 2 });
        }
        let draws = populations.snapshots().iter().map(Draw::of).collect();
        Ok(Self { populations, pairing, path, clock, batch, seed, draws })
    }

    /// The clock of the series.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Rows in a batch.
    pub fn rows(&self) -> usize {
        self.batch * (self.populations.snapshots().len() - 1)
    }
}

impl Draw {
    fn of(snapshot: &Snapshot) -> Self {
        match &snapshot.weights {
            None => Self::Distinct,
            Some(w) => Self::Weighted(
                WeightedAliasIndex::new(w.to_vec()).expect("populations hold valid weights, not all zero"),
            ),
        }
    }

    fn cells(&self, snapshot: &Snapshot, n: usize, rng: &mut Stream) -> Array2<f32> {
        let rows = match self {
            Self::Distinct if n <= snapshot.len() => index::sample(rng, snapshot.len(), n).into_vec(),
            Self::Distinct => (0..n).map(|_| rng.random_range(0..snapshot.len())).collect(),
            Self::Weighted(weights) => (0..n).map(|_| weights.sample(rng)).collect(),
        };
        snapshot.points.select(Axis(0), &rows)
    }
}

/// A row as a slice.
fn row<'a>(points: &'a ArrayView2<'_, f32>, i: usize) -> &'a [f32] {
    let width = points.ncols();
    &points.as_slice().expect("selected rows are contiguous")[i * width..(i + 1) * width]
}

impl<Q: Pairing, P: Path> BatchSource for FlowMatcher<'_, Q, P> {
    type Batch = Batch;

    fn batch(&self, index: u64) -> Result<Batch, ModelError> {
        let mut rng = self.seed.stream("batch", index);
        let snapshots = self.populations.snapshots();
        let cells: Vec<_> =
            snapshots.iter().zip(&self.draws).map(|(s, draw)| draw.cells(s, self.batch, &mut rng)).collect();
        let (rows, width) = (self.rows(), self.populations.dims());
        let mut batch = Batch {
            t: Vec::with_capacity(rows),
            x: Array2::zeros((rows, width)),
            u: Array2::zeros((rows, width)),
        };
        let (x, u) = (
            batch.x.as_slice_mut().expect("a new array is contiguous"),
            batch.u.as_slice_mut().expect("a new array is contiguous"),
        );
        let mut noise = vec![0.0_f32; width];
        for (j, pair) in cells.windows(2).enumerate() {
            let (from, to) = (pair[0].view(), pair[1].view());
            let pairs = self.pairing.pair(from, to, &mut rng)?;
            let start = self.clock.network(snapshots[j].time);
            let length = self.clock.network(snapshots[j + 1].time) - start;
            for (source, target) in pairs {
                let s: f32 = rng.random();
                noise.iter_mut().for_each(|e| *e = StandardNormal.sample(&mut rng));
                let at = batch.t.len() * width;
                let (x, u) = (&mut x[at..at + width], &mut u[at..at + width]);
                self.path.at(s, row(&from, source), row(&to, target), &noise, x, u);
                u.iter_mut().for_each(|u| *u /= length as f32);
                batch.t.push((start + f64::from(s) * length) as f32);
            }
        }
        Ok(batch)
    }
}
