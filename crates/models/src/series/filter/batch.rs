//! Individuals as visits in the order of time.

use super::config::{FilterConfig, Update};
use crate::series::epochs::Epochs;
use crate::series::latent::measured;
use crate::series::walk::{Program, Visit, Way};
use crate::series::{Individual, Series};
use crate::{BatchSource, Clock, ModelError};
use chreode_core::Seed;
use ndarray::Array2;

/// What a step consumes.
#[derive(Debug)]
pub struct FilterBatch {
    pub(super) program: Program<f32>,
    pub(super) rows: usize,
    /// Measured values of each read, 0 where there are none.
    pub(super) targets: Array2<f32>,
    /// 1 / measured values in all, 0 where there is none; in the same order.
    pub(super) weights: Array2<f32>,
    pub(super) labels: Vec<Option<bool>>,
}

/// What the jump is given at a time.
fn jump(one: &Individual, i: usize, gap: f64, config: &FilterConfig) -> Vec<f32> {
    let row = measured(one, i);
    let (values, mask) = row.split_at(row.len() / 2);
    match config.update {
        Update::OdeRnn => row,
        Update::Rnn => row.iter().copied().chain([gap as f32]).collect(),
        Update::GruOdeBayes => {
            let mask = mask.iter().flat_map(|&m| std::iter::repeat_n(m, config.prep));
            values.iter().copied().chain(mask).collect()
        }
    }
}

/// How the state gets from visit to visit.
pub(super) fn way(config: &FilterConfig) -> Way {
    match config.update {
        Update::Rnn => Way::Still,
        _ => Way::Flow { longest: config.longest * config.span, from: Some(0.0), to: None },
    }
}

/// Columns of what a jump is given.
pub(super) fn width(features: usize, config: &FilterConfig) -> usize {
    match config.update {
        Update::OdeRnn => 2 * features,
        Update::Rnn => 2 * features + 1,
        Update::GruOdeBayes => features * (1 + config.prep),
    }
}

/// On which side of its jumps a state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Before: what is forecast.
    Before,
    /// After: what goes on from there.
    After,
    /// On both.
    Around,
}

/// The visits of an individual: its measurements.
pub(super) fn visits(one: &Individual, clock: Clock, reads: Reads, config: &FilterConfig) -> Vec<Visit> {
    let mut last = 0.0;
    let visit = |i: usize| {
        let at = clock.network(one.times[i]);
        let jump = Some(jump(one, i, at - last, config));
        last = at;
        Visit { at, jump, before: reads != Reads::After, after: reads != Reads::Before }
    };
    (0..one.times.len()).map(visit).collect()
}

/// Batches of individuals, each once an epoch.
pub(super) struct FilterBatches<'d> {
    series: &'d Series,
    clock: Clock,
    config: FilterConfig,
    epochs: Epochs,
}

impl<'d> FilterBatches<'d> {
    pub(super) fn new(series: &'d Series, clock: Clock, config: &FilterConfig) -> Self {
        let epochs = Epochs::new(series.len(), config.fit.batch, Seed(config.fit.seed));
        Self { series, clock, config: config.clone(), epochs }
    }
}

impl BatchSource for FilterBatches<'_> {
    type Batch = FilterBatch;

    fn batch(&self, index: u64) -> Result<FilterBatch, ModelError> {
        let (_, chosen) = self.epochs.batch(index);
        let some: Vec<&Individual> = chosen.iter().map(|&i| &self.series.individuals()[i]).collect();
        let reads = match self.config.update {
            Update::GruOdeBayes => Reads::Around,
            Update::OdeRnn | Update::Rnn => Reads::Before,
        };
        let visits: Vec<Vec<Visit>> =
            some.iter().map(|one| visits(one, self.clock, reads, &self.config)).collect();
        let features = self.series.features().len();
        let program = Program::new(&visits, width(features, &self.config), way(&self.config));
        let values = some.iter().map(|one| one.measurements()).sum::<usize>().max(1) as f32;
        let mut targets = Array2::zeros((program.reads.len(), features));
        let mut weights = Array2::zeros(targets.raw_dim());
        for (k, read) in program.reads.iter().enumerate() {
            for (j, &x) in some[read.row].values.row(read.visit).iter().enumerate() {
                if !x.is_nan() {
                    targets[[k, j]] = x;
                    weights[[k, j]] = 1.0 / values;
                }
            }
        }
        let labels = some.iter().map(|one| one.label).collect();
        Ok(FilterBatch { program, rows: some.len(), targets, weights, labels })
    }
}
