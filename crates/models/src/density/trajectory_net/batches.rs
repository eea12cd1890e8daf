//! Cells of every snapshot, and how many descendants each is thought to have.

use crate::growth::{GrowthBatch, Mass, SemiRelaxed, UnbalancedPlanner};
use crate::{BatchSource, Made, Minibatches, ModelError};
use chreode_core::{Populations, Seed};
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand::seq::index;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A batch of a stage.
#[derive(Clone, Debug, PartialEq)]
pub enum TrajectoryBatch {
    /// For the growth rate: cells with the logarithm of their descendants, per unit of network time until the next
    /// snapshot; no velocity. They count by their mass.
    Descendants(Box<GrowthBatch>),
    /// For the flow: cells of every snapshot.
    Cells(Vec<Array2<f32>>),
}

/// Cells of one snapshot that have descendants.
struct Rated {
    cells: Array2<f32>,
    /// The logarithm of their number, per unit of network time.
    rates: Vec<f32>,
    /// The cell's mass, relative to the mean of these.
    weights: Vec<f32>,
}

/// Makes the batches: the first `growing` for the growth rate.
pub(super) struct Stages<'p> {
    minibatches: Minibatches<'p>,
    growing: u64,
    mass: Mass,
    planner: SemiRelaxed,
    seed: Seed,
    rated: Arc<OnceLock<Result<Vec<Rated>, ModelError>>>,
}

/// The most cells of a snapshot that a plan is made of.
const MOST: usize = 1000;

impl<'p> Stages<'p> {
    pub(super) fn new(
        data: &'p Populations,
        batch: usize,
        (growing, mass, planner): (u64, &Mass, SemiRelaxed),
        seed: Seed,
        made: &Made,
    ) -> Result<Self, ModelError> {
        if growing > 0 {
            mass.of(data, "TrajectoryNet with growth")?;
        }
        let minibatches = Minibatches::new(data, batch, seed)?;
        Ok(Self { minibatches, growing, mass: mass.clone(), planner, seed, rated: made.or(OnceLock::new) })
    }

    /// The rates of the cells of every snapshot but the last: the logarithm of what a cell sends to the next one, as a
    /// multiple of its mass, by a semi-relaxed plan. A cell that sends nothing has no rate, and is left out.
    fn rated(&self) -> Result<Vec<Rated>, ModelError> {
        let data = self.minibatches.populations();
        let masses = self.mass.of(data, "TrajectoryNet with growth")?;
        let times = self.minibatches.times();
        let some = |k: usize| -> (Array2<f32>, Array1<f64>) {
            let (points, masses) = (data.points(k), &masses[k]);
            let mut rng = self.seed.stream("descendants", k as u64);
            let mut rows = index::sample(&mut rng, points.nrows(), MOST.min(points.nrows())).into_vec();
            rows.sort_unstable();
            let held = masses.select(Axis(0), &rows);
            let scale = masses.sum() / held.sum();
            (points.select(Axis(0), &rows), held * scale)
        };
        let interval = |k: usize| {
            let ((cells, a), (next, b)) = (some(k), some(k + 1));
            let plan = self.planner.plan((cells.view(), &a), (next.view(), &b))?;
            let length = times[k + 1] - times[k];
            let mut rates = BTreeMap::new();
            for pair in plan.pairs() {
                if let Some(i) = pair.source {
                    rates.insert(i, ((pair.m1 / pair.m0).ln() / length) as f32);
                }
            }
            let (rows, rates): (Vec<usize>, Vec<f32>) = rates.into_iter().unzip();
            let held = a.select(Axis(0), &rows);
            let mean = held.sum() / rows.len() as f64;
            let weights = held.iter().map(|mass| (mass / mean) as f32).collect();
            Ok(Rated { cells: cells.select(Axis(0), &rows), rates, weights })
        };
        (0..times.len() - 1).map(interval).collect()
    }

    /// Rows of every rated snapshot.
    fn descendants(&self, index: u64) -> Result<GrowthBatch, ModelError> {
        let rated = self.rated.get_or_init(|| self.rated()).as_ref().map_err(Clone::clone)?;
        let mut rng = self.seed.stream("grow", index);
        let (n, width) = (self.minibatches.size(), self.minibatches.populations().dims());
        let rows = n * rated.len();
        let zeros = |columns| Array2::zeros((rows, columns));
        let (mut x, mut g) = (zeros(width), zeros(1));
        let (mut t, mut weight) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for (Rated { cells, rates, weights }, time) in rated.iter().zip(self.minibatches.times()) {
            for _ in 0..n {
                let i = rng.random_range(0..rates.len());
                x.row_mut(t.len()).assign(&cells.row(i));
                g[[t.len(), 0]] = rates[i];
                t.push(time as f32);
                weight.push(weights[i]);
            }
        }
        Ok(GrowthBatch { t, x, u: zeros(width), g, weight })
    }
}

impl BatchSource for Stages<'_> {
    type Batch = TrajectoryBatch;

    fn batch(&self, index: u64) -> Result<TrajectoryBatch, ModelError> {
        if index < self.growing {
            return Ok(TrajectoryBatch::Descendants(Box::new(self.descendants(index)?)));
        }
        Ok(TrajectoryBatch::Cells(self.minibatches.draw(index).0))
    }
}
