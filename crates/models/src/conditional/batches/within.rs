//! A plan a condition.

use super::{ConditionalBatch, Telling};
use crate::{
    Batch, BatchSource, Condition, ConditionError, Conditions, Couples, FlowConfig, Minibatches, ModelError,
    Pairing, Path,
};
use chreode_core::{Populations, Seed};
use rand::RngExt;
use rand::seq::SliceRandom;

/// Pairs within every condition: each step draws some conditions, and for each a minibatch of every time at which it has
/// cells, paired from time to time.
///
/// Conditions are drawn by systematic sampling in proportion to the mean number of their cells at the times after their first,
/// in an order that is shuffled for every step: a condition with twice the cells a time has on average twice the slots,
/// whether it is measured at more times or at fewer.
///
/// Batch `k` is a pure function of the seed and `k`.
pub struct WithinMatcher {
    groups: Vec<Group>,
    slots: usize,
    path: Box<dyn Path>,
    null: Vec<f32>,
    told: f64,
    seed: Seed,
}

/// A condition, its pairs and its share of the rows.
struct Group {
    row: Vec<f32>,
    couples: Couples<'static, Box<dyn Pairing>>,
    share: f64,
}

impl WithinMatcher {
    /// Pairs of each of `series` by the coupling of `flow`, along `path`, in `slots` slots a step; `minibatches` makes
    /// the minibatches of a slot from the number of a condition and its cells.
    ///
    /// # Errors
    /// No series, a condition that is not known, or cells that no minibatch can be drawn from.
    pub fn new(
        series: Vec<(Condition, Populations)>,
        conditions: &Conditions,
        slots: usize,
        (flow, path): (&FlowConfig, Box<dyn Path>),
        minibatches: impl Fn(usize, Populations) -> Result<Minibatches<'static>, ModelError>,
    ) -> Result<Self, ModelError> {
        if series.is_empty() {
            return Err(ConditionError::Empty.into());
        }
        let later = |cells: &Populations| {
            let later = &cells.snapshots()[1..];
            later.iter().map(|s| s.len() as f64).sum::<f64>() / later.len().max(1) as f64
        };
        let total: f64 = series.iter().map(|(_, cells)| later(cells)).sum();
        let group = |(k, (condition, cells)): (usize, (Condition, Populations))| {
            let (row, share) = (conditions.row(&condition)?, later(&cells) / total);
            let couples = Couples::new(minibatches(k, cells)?, flow.pairing());
            Ok(Group { row, couples, share })
        };
        let groups = series.into_iter().enumerate().map(group).collect::<Result<_, ModelError>>()?;
        let (null, seed) = (conditions.null(), Seed(flow.fit.seed));
        Ok(Self { groups, slots, path, null, told: 1.0, seed })
    }

    /// The same, with the condition told with probability `told`.
    #[must_use]
    pub fn telling(self, told: f64) -> Self {
        Self { told, ..self }
    }

    /// The conditions of the slots of step `index`.
    fn drawn(&self, index: u64) -> Vec<usize> {
        let mut rng = self.seed.stream("conditions", index);
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.shuffle(&mut rng);
        let offset: f64 = rng.random();
        let mut sum = 0.0;
        let mut drawn = Vec::with_capacity(self.slots);
        for &k in &order {
            sum += self.groups[k].share * self.slots as f64;
            while drawn.len() < self.slots && (drawn.len() as f64 + offset) < sum {
                drawn.push(k);
            }
        }
        // The shares sum to 1 but for rounding.
        drawn.resize(self.slots, order[order.len() - 1]);
        drawn
    }
}

impl BatchSource for WithinMatcher {
    type Batch = ConditionalBatch;

    fn batch(&self, index: u64) -> Result<ConditionalBatch, ModelError> {
        let drawn = self.drawn(index);
        let rows = drawn.iter().map(|&k| self.groups[k].couples.rows()).sum();
        let width = self.groups[0].couples.minibatches().populations().dims();
        let mut flow = Batch::empty(rows, width);
        let mut telling = Telling::new(self.told, &self.null, self.seed.stream("told", index));
        for (slot, &k) in drawn.iter().enumerate() {
            let Group { couples, row, .. } = &self.groups[k];
            couples.each(index * self.slots as u64 + slot as u64, |moment| {
                let (x, u) = flow.push(moment.time);
                self.path.at(moment.s, moment.ends, x, u);
                u.iter_mut().for_each(|u| *u /= moment.ends.length);
                telling.push(row);
            })?;
        }
        Ok(telling.batch(flow))
    }
}
