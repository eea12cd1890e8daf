//! Cells to make likely, and the probes of their divergence.

use super::Base;
use crate::{BatchSource, Clock, Fit, ModelError};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::{Array2, Array3, Axis};
use rand::RngExt;
use rand::seq::index;
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

/// Draws cells of every snapshot that the base is not made of.
pub(super) struct Cells<'p> {
    snapshots: &'p [Snapshot],
    clock: Clock,
    batch: usize,
    probes: usize,
    probe: Probe,
    seed: Seed,
}

impl<'p> Cells<'p> {
    pub(super) fn new(
        data: &'p Populations,
        clock: Clock,
        base: Base,
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
        Ok(Self { snapshots, clock, batch: fit.batch, probes, probe, seed: Seed(fit.seed) })
    }
}

/// Rows of `n` cells: without replacement where all weigh the same and there are enough.
fn draw(snapshot: &Snapshot, n: usize, rng: &mut Stream) -> Vec<usize> {
    let count = snapshot.len();
    match &snapshot.weights {
        None if n <= count => index::sample(rng, count, n).into_vec(),
        None => (0..n).map(|_| rng.random_range(0..count)).collect(),
        Some(weights) => {
            let mut sum = 0.0;
            let cumulative: Vec<f64> = weights
                .iter()
                .map(|&w| {
                    sum += f64::from(w);
                    sum
                })
                .collect();
            (0..n)
                .map(|_| cumulative.partition_point(|&c| c <= rng.random::<f64>() * sum).min(count - 1))
                .collect()
        }
    }
}

impl BatchSource for Cells<'_> {
    type Batch = LikelihoodBatch;

    fn batch(&self, index: u64) -> Result<LikelihoodBatch, ModelError> {
        let mut rng = self.seed.stream("batch", index);
        let columns = self.snapshots[0].points.ncols();
        let rows = self.batch * self.snapshots.len();
        let mut x = Array2::zeros((0, columns));
        let mut t = Vec::with_capacity(rows);
        for snapshot in self.snapshots {
            let cells = snapshot.points.select(Axis(0), &draw(snapshot, self.batch, &mut rng));
            x.append(Axis(0), cells.view()).expect("snapshots have the same columns");
            t.resize(t.len() + self.batch, self.clock.network(snapshot.time) as f32);
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
        Ok(LikelihoodBatch { t, x, weight: vec![1.0 / rows as f64; rows], probes })
    }
}
