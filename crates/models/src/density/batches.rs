//! Cells to make likely, and the probes of their divergence; and paths to them, to begin with.

use super::{Base, BaseDensity};
use crate::minibatches::{Draw, row};
use crate::{Batch, BatchSource, Clock, Exact, Fit, ModelError, Pairing, Sampling, Space};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::{Array2, Array3, Axis};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The law of random probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// Random signs: the less varying of the two.
    #[default]
    Rademacher,
    /// Standard normal, as FFJORD was published.
    Gaussian,
}

/// Rows whose likelihood is raised.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodBatch {
    /// Network time of each row.
    pub t: Vec<f32>,
    /// One cell a row.
    pub x: Array2<f32>,
    /// What each row counts; they sum to 1.
    pub weight: Vec<f64>,
    /// Probes of shape `[probes, rows, columns]`; `None` for the exact divergence.
    pub probes: Option<Array3<f32>>,
}

/// What a step of a normalising flow consumes.
#[derive(Clone, Debug, PartialEq)]
pub enum DensityBatch {
    /// Rows on straight paths from the base through the snapshots, whose velocity is regressed: where training may begin.
    Matching(Batch),
    /// Rows whose likelihood is raised.
    Likelihood(LikelihoodBatch),
}

/// Draws cells of every snapshot that the base is not made of.
pub(super) struct Cells<'p> {
    snapshots: &'p [Snapshot],
    draws: Vec<Draw>,
    clock: Clock,
    batch: usize,
    probes: usize,
    probe: Probe,
    seed: Seed,
    /// Steps of matching before those of likelihood, and from where: the base and its network time.
    matching: (u64, BaseDensity, f64),
    pairing: Exact,
}

impl<'p> Cells<'p> {
    pub(super) fn new(
        data: &'p Populations,
        space: &Space,
        (base, matching): (Base, u64),
        (probes, probe): (usize, Probe),
        fit: &Fit,
    ) -> Result<Self, ModelError> {
        let snapshots = match base {
            Base::Normal => data.snapshots(),
            Base::Gaussian | Base::Kernel => &data.snapshots()[1..],
        };
        if snapshots.is_empty() {
            return Err(ModelError::TooFewTimes { times: data.times() });
        }
        let (clock, seed) = (space.clock, Seed(fit.seed));
        let density = base.fit(&data.snapshots()[0], data.features(), seed)?;
        let matching = (matching, density, base.start(space));
        let pairing = Exact::new(Sampling::Permutation);
        let draws = snapshots.iter().map(Draw::of).collect();
        Ok(Self { snapshots, draws, clock, batch: fit.batch, probes, probe, seed, matching, pairing })
    }

    /// Cells of every snapshot.
    fn cells(&self, rng: &mut Stream) -> Vec<(f64, Array2<f32>)> {
        let some = |(snapshot, draw): (&Snapshot, &Draw)| {
            (self.clock.network(snapshot.time), draw.cells(snapshot, self.batch, rng))
        };
        self.snapshots.iter().zip(&self.draws).map(some).collect()
    }

    /// Points on straight lines between optimal pairs, from draws of the base through the snapshots.
    fn paths(&self, index: u64, rng: &mut Stream) -> Result<Batch, ModelError> {
        let (_, base, start) = &self.matching;
        let mut from = (*start, base.sample(self.batch, self.seed.child(&format!("base {index}"))));
        let cells = self.cells(rng);
        let mut batch = Batch::empty(self.batch * cells.len(), from.1.ncols());
        for to in cells {
            let (x0, x1, length) = (from.1.view(), to.1.view(), to.0 - from.0);
            for (i, j) in self.pairing.pair(x0, x1, length, rng)? {
                let s: f32 = rng.random();
                let (x, u) = batch.push((from.0 + f64::from(s) * length) as f32);
                for ((x, u), (x0, x1)) in x.iter_mut().zip(u).zip(row(&x0, i).iter().zip(row(&x1, j))) {
                    *x = x0 + s * (x1 - x0);
                    *u = (x1 - x0) / length as f32;
                }
            }
            from = to;
        }
        Ok(batch)
    }
}

impl BatchSource for Cells<'_> {
    type Batch = DensityBatch;

    fn batch(&self, index: u64) -> Result<DensityBatch, ModelError> {
        let mut rng = self.seed.stream("batch", index);
        if index < self.matching.0 {
            return Ok(DensityBatch::Matching(self.paths(index, &mut rng)?));
        }
        let columns = self.snapshots[0].points.ncols();
        let rows = self.batch * self.snapshots.len();
        let mut x = Array2::zeros((0, columns));
        let mut t = Vec::with_capacity(rows);
        for (time, cells) in self.cells(&mut rng) {
            x.append(Axis(0), cells.view()).expect("snapshots have the same columns");
            t.resize(t.len() + self.batch, time as f32);
        }
        let mut probe = || match self.probe {
            Probe::Rademacher => {
                if rng.random::<bool>() {
                    1.0
                } else {
                    -1.0
                }
            }
            Probe::Gaussian => StandardNormal.sample(&mut rng),
        };
        let probes =
            (self.probes > 0).then(|| Array3::from_shape_simple_fn((self.probes, rows, columns), &mut probe));
        let weight = vec![1.0 / rows as f64; rows];
        Ok(DensityBatch::Likelihood(LikelihoodBatch { t, x, weight, probes }))
    }
}
