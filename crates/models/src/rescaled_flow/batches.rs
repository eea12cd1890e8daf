//! Points of curves through pairs of whole plans, and the shares of mass that cells give and receive.

use super::plan::Plan;
use crate::{Batch, BatchSource, Clock, Curve, Made, ModelError, RescaledFlowConfig};
use chreode_core::{Populations, Seed, Stream};
use ndarray::{Array2, CowArray, Ix2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::sync::{Arc, OnceLock};

/// Rows to regress velocities on, and cells with their shares.
#[derive(Clone, Debug, PartialEq)]
pub struct RescaledBatch {
    /// Times, points and velocities.
    pub flow: Batch,
    /// The network time of each cell.
    pub t: Vec<f32>,
    /// Some cells.
    pub x: Array2<f32>,
    /// `η` and `ξ` of each; `None` for the one that it was not drawn for.
    pub shares: Array2<Option<f32>>,
}

/// Pairs of unbalanced plans between whole populations, on curves through cells of up to four times.
pub struct RescaledMatcher<'p> {
    populations: &'p Populations,
    points: Vec<CowArray<'p, f32, Ix2>>,
    times: Vec<f64>,
    settings: RescaledFlowConfig,
    /// Of each interval: without more cells, with one before, with one after, with both.
    curves: Vec<[Curve; 4]>,
    /// One an interval, made when the first batch is.
    plans: Arc<OnceLock<Result<Vec<Plan>, ModelError>>>,
}

impl<'p> RescaledMatcher<'p> {
    /// Curves between the pairs that `settings` describe.
    ///
    /// # Errors
    /// Fewer than two times, or a snapshot with fewer than two cells.
    pub fn new(populations: &'p Populations, settings: RescaledFlowConfig) -> Result<Self, ModelError> {
        let clock = Clock::of(&populations.times())?;
        if let Some(small) = populations.snapshots().iter().find(|s| s.len() < 2) {
            return Err(ModelError::SmallSnapshot { time: small.time, cells: small.len(), wanted: 2 });
        }
        let times: Vec<f64> = populations.times().into_iter().map(|t| clock.network(t)).collect();
        let points = populations.snapshots().iter().map(|s| s.points.as_standard_layout()).collect();
        let curve = |j: usize, before: usize, after: usize| {
            let (from, to) = (j.saturating_sub(before), (j + 1 + after).min(times.len() - 1));
            Curve::new(settings.spline, times[from..=to].to_vec())
        };
        let curves = (0..times.len() - 1)
            .map(|j| [curve(j, 0, 0), curve(j, 1, 0), curve(j, 0, 1), curve(j, 1, 1)])
            .collect();
        Ok(Self { populations, points, times, settings, curves, plans: Arc::default() })
    }

    /// The same with the plans in `made`, which are put there when they are made.
    pub(super) fn keeping(self, made: &Made) -> Self {
        Self { plans: made.or(OnceLock::new), ..self }
    }

    fn plans(&self) -> Result<&[Plan], ModelError> {
        let make = || {
            let each = self.populations.intervals().enumerate().map(|(j, (from, to))| {
                let mut rng = Seed(self.settings.fit.seed).stream("plan", j as u64);
                Plan::between(from, to, &self.settings, &mut rng)
            });
            each.collect()
        };
        self.plans.get_or_init(make).as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// A pair of interval `j`: the rows of its cells, with one before and one after where the plans know any.
    fn drawn(
        &self,
        plans: &[Plan],
        j: usize,
        rng: &mut Stream,
    ) -> (Option<usize>, [usize; 2], Option<usize>) {
        let (source, target) = plans[j].pairs[rng.random_range(0..plans[j].pairs.len())];
        let one = |of: &[usize], rng: &mut Stream| match of.is_empty() {
            true => None,
            false => Some(of[rng.random_range(0..of.len())]),
        };
        let before = j.checked_sub(1).and_then(|k| one(&plans[k].partners[1][source], rng));
        let after = plans.get(j + 1).and_then(|plan| one(&plan.partners[0][target], rng));
        (before, [source, target], after)
    }
}

impl BatchSource for RescaledMatcher<'_> {
    type Batch = RescaledBatch;

    fn batch(&self, index: u64) -> Result<RescaledBatch, ModelError> {
        let plans = self.plans()?;
        let mut rng = Seed(self.settings.fit.seed).stream("batch", index);
        let (width, batch) = (self.populations.dims(), self.settings.fit.batch);
        let sigma = self.settings.sigma as f32;
        let rows = batch * plans.len();
        let mut flow = Batch::empty(rows, width);
        // Shares vary slowly over cells: a quarter of the rows teaches them.
        let some = batch.div_ceil(4);
        let asked = 2 * some * plans.len();
        let (mut t, mut x) = (Vec::with_capacity(asked), Vec::with_capacity(asked * width));
        let mut shares = Vec::with_capacity(2 * asked);
        for (j, plan) in plans.iter().enumerate() {
            let (start, length) = (self.times[j], self.times[j + 1] - self.times[j]);
            for _ in 0..batch {
                let (before, [source, target], after) = self.drawn(plans, j, &mut rng);
                let s: f32 = rng.random();
                let (at, u) = flow.push((start + f64::from(s) * length) as f32);
                let curve = &self.curves[j][usize::from(before.is_some()) + 2 * usize::from(after.is_some())];
                let cells =
                    [(before, j.saturating_sub(1)), (Some(source), j), (Some(target), j + 1), (after, j + 2)];
                let (mut knots, mut slopes) = ([0.0; 4], [0.0; 4]);
                for i in 0..width {
                    let mut count = 0;
                    for (row, time) in &cells {
                        if let Some(row) = row {
                            knots[count] = f64::from(self.points[*time][[*row, i]]);
                            count += 1;
                        }
                    }
                    curve.slopes(&knots[..count], &mut slopes[..count]);
                    let piece = usize::from(before.is_some());
                    let (position, velocity) =
                        curve.at(piece, f64::from(s), &knots[..count], &slopes[..count]);
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    at[i] = position as f32 + sigma * noise;
                    u[i] = velocity as f32;
                }
            }
            for (known, time, column) in [(&plan.leave, j, 0), (&plan.arrive, j + 1, 1)] {
                for _ in 0..some {
                    let (row, share) = known[rng.random_range(0..known.len())];
                    t.push(self.times[time] as f32);
                    x.extend(self.points[time].row(row));
                    shares.extend(if column == 0 { [Some(share), None] } else { [None, Some(share)] });
                }
            }
        }
        let x = Array2::from_shape_vec((asked, width), x).expect("a row a cell");
        let shares = Array2::from_shape_vec((asked, 2), shares).expect("a row a cell");
        Ok(RescaledBatch { flow, t, x, shares })
    }
}
