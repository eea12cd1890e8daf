//! Stretches of individuals: where they start, and what was measured after.

use super::config::{NeuralOdeConfig, Order};
use crate::series::epochs::Epochs;
use crate::series::picks::Picks;
use crate::series::{Individual, Series, SeriesError};
use crate::{BatchSource, Clock, ModelError};
use chreode_core::Seed;
use ndarray::{Array1, Array2, s};
use rand::RngExt;

/// What a step consumes.
#[derive(Debug)]
pub struct PathBatch {
    pub(super) start: Start,
    pub(super) picks: Picks,
    /// Measured values, 0 where there are none: one row a pick.
    pub(super) targets: Array2<f32>,
    /// 1 / measured values, 0 where there is none.
    pub(super) weights: Array2<f32>,
}

/// Where individuals start: a row each.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// x₀.
    pub(super) x: Array2<f32>,
    /// For the second order, `[x₀, (x₁ − x₀)/h, h]`.
    pub(super) motion: Option<Array2<f32>>,
}

impl Start {
    /// From the measurements of each individual at one index, and, for the second order, the next.
    pub(super) fn new(at: &[(&Individual, usize)], clock: Clock, order: Order) -> Self {
        let features = at.first().map_or(0, |(one, _)| one.values.ncols());
        let mut x = Array2::zeros((at.len(), features));
        let mut motion = Array2::zeros((at.len(), 2 * features + 1));
        for (k, &(one, i)) in at.iter().enumerate() {
            let x0 = one.values.row(i);
            x.row_mut(k).assign(&x0);
            if order == Order::Second {
                let gap = (one.times[i + 1] - one.times[i]) / clock.unit;
                let slope: Array1<f32> = (&one.values.row(i + 1) - &x0) / gap as f32;
                motion.slice_mut(s![k, ..features]).assign(&x0);
                motion.slice_mut(s![k, features..2 * features]).assign(&slope);
                motion[[k, 2 * features]] = gap as f32;
            }
        }
        Self { x, motion: (order == Order::Second).then_some(motion) }
    }
}

/// Whether `one` can start at its `i`-th time.
pub(super) fn can_start(one: &Individual, i: usize, needed: usize) -> bool {
    let complete = |i: usize| one.values.row(i).iter().all(|x| !x.is_nan());
    i + needed <= one.times.len() && (i..i + needed).all(complete)
}

/// The error of an individual that cannot start at its first time.
pub(super) fn no_start(one: &Individual, features: &[String], config: &NeuralOdeConfig) -> SeriesError {
    let (model, needed) = (config.method(), config.starts());
    if one.times.len() < needed {
        return SeriesError::Short { model, id: one.id.clone(), found: one.times.len(), needed };
    }
    let missing = (0..needed).flat_map(|i| (0..features.len()).map(move |j| (i, j)));
    let missing = missing.into_iter().find(|&(i, j)| !one.measured(i, j)).map_or(0, |(_, j)| j);
    SeriesError::Start { model, id: one.id.clone(), feature: features[missing].clone() }
}

/// Batches of individuals, each once an epoch.
pub(super) struct PathBatches<'d> {
    series: &'d Series,
    clock: Clock,
    config: NeuralOdeConfig,
    /// Individuals, and the indices at which each can start with something to learn after.
    able: Vec<(usize, Vec<usize>)>,
    epochs: Epochs,
}

impl<'d> PathBatches<'d> {
    pub(super) fn new(
        series: &'d Series,
        clock: Clock,
        config: &NeuralOdeConfig,
    ) -> Result<Self, ModelError> {
        let needed = config.starts();
        let mut able = Vec::new();
        for (k, one) in series.individuals().iter().enumerate() {
            // A stretch may start anywhere, a whole individual only at its first time.
            let most = if config.window > 0 { one.times.len() } else { 1 };
            let ends = |i: &usize| i + needed < one.times.len() && can_start(one, *i, needed);
            let starts: Vec<usize> = (0..most).filter(ends).collect();
            if config.window == 0 && one.times.len() > needed && starts.is_empty() {
                return Err(no_start(one, series.features(), config).into());
            }
            if !starts.is_empty() {
                able.push((k, starts));
            }
        }
        if able.is_empty() {
            return Err(no_start(&series.individuals()[0], series.features(), config).into());
        }
        let epochs = Epochs::new(able.len(), config.fit.batch, Seed(config.fit.seed));
        Ok(Self { series, clock, config: config.clone(), able, epochs })
    }
}

impl BatchSource for PathBatches<'_> {
    type Batch = PathBatch;

    fn batch(&self, index: u64) -> Result<PathBatch, ModelError> {
        let (_, chosen) = self.epochs.batch(index);
        let rng = &mut Seed(self.config.fit.seed).stream("stretch", index);
        let starts = chosen.iter().map(|&k| {
            let (individual, starts) = &self.able[k];
            (&self.series.individuals()[*individual], starts[rng.random_range(0..starts.len())])
        });
        let starts: Vec<(&Individual, usize)> = starts.collect();
        let after = |&(one, i): &(&Individual, usize)| {
            let end = if self.config.window > 0 { i + self.config.window } else { one.times.len() };
            (i + 1)..end.max(i + 1 + self.config.starts()).min(one.times.len())
        };
        let since = |at: &(&Individual, usize)| {
            let (one, i) = *at;
            after(at).map(|k| (one.times[k] - one.times[i]) / self.clock.unit).collect()
        };
        let times: Vec<Vec<f64>> = starts.iter().map(since).collect();
        let rows = times.iter().map(Vec::len).sum();
        let mut targets = Array2::zeros((rows, self.series.features().len()));
        let mut weights = Array2::zeros(targets.raw_dim());
        let measured = starts.iter().flat_map(|at| after(at).map(|k| at.0.values.row(k)));
        for ((mut target, mut weight), row) in
            targets.rows_mut().into_iter().zip(weights.rows_mut()).zip(measured)
        {
            for ((target, weight), &x) in target.iter_mut().zip(&mut weight).zip(row) {
                if !x.is_nan() {
                    (*target, *weight) = (x, 1.0);
                }
            }
        }
        let values: f32 = weights.sum();
        weights /= values.max(1.0);
        let start = Start::new(&starts, self.clock, self.config.order);
        Ok(PathBatch { start, picks: Picks::new(&times), targets, weights })
    }
}
