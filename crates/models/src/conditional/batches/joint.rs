//! One plan over all conditions.

use super::{ConditionalBatch, Telling};
use crate::{
    Batch, BatchSource, ConditionError, Conditioned, Conditions, Couples, Ends, Frame, Minibatches,
    ModelError, Pairing, Path,
};
use chreode_core::{Populations, Seed, Snapshot};
use ndarray::{Array2, s};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs at the cost `|x₀ − x₁|² + λ D d(c₀, c₁)`, where `D` is the mean squared distance of two cells of the data, and
/// `d` is 1 for two labels (0 for the same) plus the squared difference of standardised covariates.
///
/// Cheng and Schwing, *The curse of conditions*, 2025, arXiv:2503.10636, with a squared
/// distance in the place of their cosine distance, and a given weight in the place of one that is searched for. The cost is a squared distance between cells
/// with `√(λ D)` times their conditions as further coordinates, so every plan between points serves. The network is told the
/// condition of the later cell.
///
/// Batch `k` is a pure function of the seed and `k`.
pub struct JointMatcher {
    couples: Couples<'static, Box<dyn Pairing>>,
    path: Box<dyn Path>,
    conditions: Conditions,
    scale: f32,
    told: f64,
    seed: Seed,
}

impl JointMatcher {
    /// Pairs of `data` by the pairing along the path; `distance` is λ, and `batch` cells are drawn a snapshot and step.
    ///
    /// # Errors
    /// Cells that no minibatch can be drawn from, or that are all the same.
    pub fn new(
        data: &Conditioned,
        (pairing, path): (Box<dyn Pairing>, Box<dyn Path>),
        distance: f64,
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        let (cells, conditions) = (data.populations(), data.conditions().clone());
        // Two independent cells of the pooled populations differ by twice the variance.
        let variance = Frame::isotropic(cells)?.scale.iter().map(|s| s * s).sum::<f64>();
        let scale = (2.0 * distance * variance).sqrt() as f32;
        let later = data.numbers()[1..].iter().flatten();
        let later: BTreeSet<&str> = later.map(|&k| data.known()[k].label.as_str()).collect();
        if let Some(lost) = conditions.labels.iter().find(|label| !later.contains(label.as_str())) {
            let (condition, time) = (lost.clone(), cells.snapshots()[0].time);
            return Err(ConditionError::Once { condition, time }.into());
        }
        let met: BTreeSet<usize> = data.numbers().iter().flatten().copied().collect();
        let row = |number: usize| Ok((number, conditions.row(&data.known()[number])?));
        let rows = met.into_iter().map(row).collect::<Result<BTreeMap<_, _>, ConditionError>>()?;
        let (width, further) = (cells.dims(), conditions.width() - 1);
        let extended = cells.snapshots().iter().zip(data.numbers()).map(|(snapshot, numbers)| {
            let mut points = Array2::zeros((snapshot.len(), width + further));
            points.slice_mut(s![.., ..width]).assign(&snapshot.points);
            for (mut point, &number) in points.rows_mut().into_iter().zip(numbers) {
                for (k, &value) in rows[&number][..further].iter().enumerate() {
                    point[width + k] = scale * value * unit(&conditions, k);
                }
            }
            Snapshot { points, ..snapshot.clone() }
        });
        let names = (0..further).map(|k| format!("condition-{k}"));
        let features = cells.features().iter().cloned().chain(names).collect();
        let populations = Populations::new(extended.collect(), features)?;
        let clock = crate::Clock::of(&populations.times())?;
        let couples = Couples::new(Minibatches::owned(populations, clock, batch, seed)?, pairing);
        Ok(Self { couples, path, conditions, scale, told: 1.0, seed })
    }

    /// The same, with the condition told with probability `told`.
    #[must_use]
    pub fn telling(self, told: f64) -> Self {
        Self { told, ..self }
    }
}

/// Two labels differ in two columns: the squared distance of their indicators is 2, and 1 is wanted.
fn unit(conditions: &Conditions, column: usize) -> f32 {
    if column < conditions.labels.len() { std::f32::consts::FRAC_1_SQRT_2 } else { 1.0 }
}

impl BatchSource for JointMatcher {
    type Batch = ConditionalBatch;

    fn batch(&self, index: u64) -> Result<ConditionalBatch, ModelError> {
        let further = self.conditions.width() - 1;
        let width = self.couples.minibatches().populations().dims() - further;
        let mut flow = Batch::empty(self.couples.rows(), width);
        let null = self.conditions.null();
        let mut telling = Telling::new(self.told, &null, self.seed.stream("told", index));
        let mut row = vec![0.0; further + 1];
        self.couples.each(index, |moment| {
            let Ends { x0, x1, noise, length } = moment.ends;
            let ends = Ends { x0: &x0[..width], x1: &x1[..width], noise: &noise[..width], length };
            let (x, u) = flow.push(moment.time);
            self.path.at(moment.s, ends, x, u);
            u.iter_mut().for_each(|u| *u /= length);
            for (k, (value, &column)) in row.iter_mut().zip(&x1[width..]).enumerate() {
                let here = column / (self.scale * unit(&self.conditions, k));
                // An indicator is 0 or 1, and not what rounding makes of it.
                *value = if k < self.conditions.labels.len() { here.round() } else { here };
            }
            telling.push(&row);
        })?;
        Ok(telling.batch(flow))
    }
}
