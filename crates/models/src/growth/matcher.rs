//! Batches of rows on the paths between weighted cells.

use super::{GrowthBatch, GrowthPath, Mass, Pair, PairPlan, UnbalancedPlanner};
use crate::minibatches::{Draw, row};
use crate::{BatchSource, Clock, Made, ModelError};
use chreode_core::{Populations, Seed, Stream};
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// Of which cells a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plans {
    /// Of all cells of two snapshots while they make at most 2 million pairs, else of minibatches.
    #[default]
    Auto,
    /// Of all cells, once.
    Whole,
    /// Of the cells of each batch.
    Minibatch,
}

/// The largest number of pairs between two snapshots of which [`Plans::Auto`] makes one plan.
const WHOLE: usize = 2_000_000;

/// Planner × path over every interval of a series of populations with masses.
///
/// Each step takes `batch` pairs from the plan of every interval, by systematic sampling, and a moment of each,
/// stratified: rows `x`, `u = dx/dτ`, `g = d log m/dτ`, weighted by `m` or all alike. Plans are those of whole
/// snapshots, made once when first asked for, or of minibatches, made anew each step.
///
/// Batch `k` is a pure function of the seed and `k`.
pub struct GrowthMatcher<'p, Q, P> {
    populations: &'p Populations,
    masses: Vec<Array1<f64>>,
    planner: Q,
    path: P,
    clock: Clock,
    settings: Draws,
    /// How cells are drawn where minibatches are paired.
    draws: Vec<Draw>,
    /// The plan of each interval, where whole snapshots are paired.
    plans: Option<Arc<Whole>>,
}

/// The plan of each interval, made when first asked for.
type Whole = Vec<OnceLock<Result<PairPlan, ModelError>>>;

/// How rows are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Draws {
    /// Pairs an interval and step.
    pub(crate) batch: usize,
    /// Noise of the points.
    pub(crate) sigma: f64,
    /// What rows count.
    pub(crate) weighing: Weighing,
    /// Whose plans.
    pub(crate) plans: Plans,
    /// The seed of all.
    pub(crate) seed: Seed,
}

/// What a row counts in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// The mass of its path at its moment.
    Mass,
    /// 1.
    Equal,
}

impl<'p, Q: UnbalancedPlanner, P: GrowthPath> GrowthMatcher<'p, Q, P> {
    pub(crate) fn new(
        populations: &'p Populations,
        mass: &Mass,
        model: &'static str,
        (planner, path): (Q, P),
        settings: Draws,
        made: &Made,
    ) -> Result<Self, ModelError> {
        let clock = Clock::of(&populations.times())?;
        if let Some(small) = populations.snapshots().iter().find(|s| s.len() < 2) {
            return Err(ModelError::SmallSnapshot { time: small.time, cells: small.len(), wanted: 2 });
        }
        let masses = mass.of(populations, model)?;
        let largest =
            populations.intervals().map(|(a, b)| a.len().saturating_mul(b.len())).max().unwrap_or(0);
        let whole = match settings.plans {
            Plans::Auto => largest <= WHOLE,
            Plans::Whole => true,
            Plans::Minibatch => false,
        };
        let none = || populations.intervals().map(|_| OnceLock::new()).collect::<Whole>();
        let plans = whole.then(|| made.or(none));
        let draws = populations.snapshots().iter().map(Draw::of).collect();
        Ok(Self { populations, masses, planner, path, clock, settings, draws, plans })
    }

    /// The plan of interval `j`, of all its cells.
    ///
    /// # Errors
    /// A transport problem without a plan.
    pub fn whole(&self, j: usize) -> Result<PairPlan, ModelError> {
        let cells = |k: usize| (self.populations.points(k), &self.masses[k]);
        self.planner.plan(cells(j), cells(j + 1))
    }

    /// Some cells of snapshot `k`, all with the same mass, which sums to the snapshot's; their rows, and that mass.
    fn some(&self, k: usize, rng: &mut Stream) -> (Vec<usize>, Array1<f64>) {
        let (n, total) = (self.settings.batch, self.masses[k].sum());
        let rows = self.draws[k].rows(self.masses[k].len(), n, rng);
        (rows, Array1::from_elem(n, total / n as f64))
    }

    /// `batch` pairs of interval `j`, as rows of its two snapshots.
    fn pairs(&self, j: usize, rng: &mut Stream) -> Result<Vec<Pair>, ModelError> {
        if let Some(plans) = &self.plans {
            let plan = plans[j].get_or_init(|| self.whole(j)).as_ref().map_err(Clone::clone)?;
            return Ok(plan.draw(self.settings.batch, rng));
        }
        let ((rows, a), (columns, b)) = (self.some(j, rng), self.some(j + 1, rng));
        let cells = |k: usize, rows: &[usize]| self.populations.points(k).select(Axis(0), rows);
        let (x0, x1) = (cells(j, &rows), cells(j + 1, &columns));
        let plan = self.planner.plan((x0.view(), &a), (x1.view(), &b))?;
        let named =
            |p: Pair| Pair { source: p.source.map(|i| rows[i]), target: p.target.map(|i| columns[i]), ..p };
        Ok(plan.draw(self.settings.batch, rng).into_iter().map(named).collect())
    }
}

impl<Q: UnbalancedPlanner, P: GrowthPath> BatchSource for GrowthMatcher<'_, Q, P> {
    type Batch = GrowthBatch;

    fn batch(&self, index: u64) -> Result<GrowthBatch, ModelError> {
        let Draws { batch: n, sigma, weighing, seed, .. } = self.settings;
        let mut rng = seed.stream("batch", index);
        let (snapshots, width) = (self.populations.snapshots(), self.populations.dims());
        let rows = n * (snapshots.len() - 1);
        let mut batch = GrowthBatch {
            t: Vec::with_capacity(rows),
            x: Array2::zeros((rows, width)),
            u: Array2::zeros((rows, width)),
            g: Array2::zeros((rows, 1)),
            weight: Vec::with_capacity(rows),
        };
        let mut strata: Vec<usize> = (0..n).collect();
        for j in 0..snapshots.len() - 1 {
            let (from, to) = (self.populations.points(j), self.populations.points(j + 1));
            let start = self.clock.network(snapshots[j].time);
            let length = self.clock.network(snapshots[j + 1].time) - start;
            strata.shuffle(&mut rng);
            for (pair, stratum) in self.pairs(j, &mut rng)?.into_iter().zip(&strata) {
                let s = (*stratum as f64 + rng.random::<f64>()) / n as f64;
                let here = batch.t.len();
                let source = pair.source.map(|i| row(&from, i));
                let target = pair.target.map(|i| row(&to, i));
                let (Some(x0), Some(x1)) = (source.or(target), target.or(source)) else { continue };
                let (mut x, mut u) = (batch.x.row_mut(here), batch.u.row_mut(here));
                let (x, u) = (
                    x.as_slice_mut().expect("a new array is contiguous"),
                    u.as_slice_mut().expect("a new array is contiguous"),
                );
                let (mass, growth) = self.path.at(s, (x0, pair.m0), (x1, pair.m1), x, u);
                u.iter_mut().for_each(|u| *u = (f64::from(*u) / length) as f32);
                if sigma > 0.0 {
                    for x in x.iter_mut() {
                        let noise: f64 = StandardNormal.sample(&mut rng);
                        *x += (sigma * noise) as f32;
                    }
                }
                batch.g[[here, 0]] = (growth / length) as f32;
                batch.t.push((start + s * length) as f32);
                batch.weight.push(match weighing {
                    Weighing::Mass => mass as f32,
                    Weighing::Equal => 1.0,
                });
            }
        }
        Ok(batch)
    }
}
