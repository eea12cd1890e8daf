//! Paths of individuals, and the measurements that each piece leads to.

use super::config::CdeConfig;
use super::control::Control;
use crate::series::epochs::Epochs;
use crate::series::picks::Picks;
use crate::series::{Individual, Series, SeriesError};
use crate::{BatchSource, Clock, ModelError};
use chreode_core::Seed;
use ndarray::Array2;

/// What a step consumes.
#[derive(Debug)]
pub struct ControlBatch {
    pub(super) control: Control,
    pub(super) places: Places,
    /// Measured values at the end of each place's gap, 0 where there are none.
    pub(super) targets: Array2<f32>,
    /// 1 / measured values in all, 0 where there is none.
    pub(super) weights: Array2<f32>,
    pub(super) labels: Vec<Option<bool>>,
}

/// Where z is read, and how long after that a forecast is for.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) picks: Picks,
    /// In network time, a pick each.
    pub(super) gaps: Vec<f32>,
}

impl Places {
    /// The last measurement before each network time asked for (the first, where there is none before).
    pub(super) fn before(control: &Control, asked: &[Vec<f64>]) -> Self {
        let mut gaps = Vec::new();
        let mut knots = Vec::new();
        for (times, asked) in control.times.iter().zip(asked) {
            let last = |tau: &f64| times.partition_point(|t| t < tau).max(1) - 1;
            gaps.extend(asked.iter().map(|tau| (tau - times[last(tau)]) as f32));
            knots.push(asked.iter().map(|tau| last(tau) as f64).collect());
        }
        let mut picks = Picks::new(&knots);
        // The last state, from which labels are read.
        let end = control.pieces() as f64;
        if picks.grid.last() != Some(&end) {
            picks.grid.push(end);
        }
        Self { picks, gaps }
    }
}

/// Batches of individuals, each once an epoch.
pub(super) struct ControlBatches<'d> {
    series: &'d Series,
    clock: Clock,
    config: CdeConfig,
    /// Individuals that have a path.
    able: Vec<usize>,
    epochs: Epochs,
}

impl<'d> ControlBatches<'d> {
    pub(super) fn new(series: &'d Series, clock: Clock, config: &CdeConfig) -> Result<Self, ModelError> {
        let all = series.individuals();
        let able: Vec<usize> = (0..series.len()).filter(|&i| all[i].times.len() > 1).collect();
        if able.is_empty() {
            let (model, id, found) = (config.method(), all[0].id.clone(), all[0].times.len());
            return Err(SeriesError::Short { model, id, found, needed: 2 }.into());
        }
        let epochs = Epochs::new(able.len(), config.fit.batch, Seed(config.fit.seed));
        Ok(Self { series, clock, config: config.clone(), able, epochs })
    }
}

impl BatchSource for ControlBatches<'_> {
    type Batch = ControlBatch;

    fn batch(&self, index: u64) -> Result<ControlBatch, ModelError> {
        let (_, chosen) = self.epochs.batch(index);
        let some: Vec<&Individual> =
            chosen.iter().map(|&k| &self.series.individuals()[self.able[k]]).collect();
        let control = Control::new(&some, self.clock, self.config.path)?;
        let asked: Vec<Vec<f64>> = control.times.iter().map(|times| times[1..].to_vec()).collect();
        let places = Places::before(&control, &asked);
        let mut targets = Array2::zeros((places.gaps.len(), self.series.features().len()));
        let mut weights = Array2::zeros(targets.raw_dim());
        let rows = some.iter().flat_map(|one| (1..one.times.len()).map(move |i| (*one, i)));
        for (k, (one, i)) in rows.enumerate() {
            for (j, &x) in one.values.row(i).iter().enumerate() {
                if !x.is_nan() {
                    (targets[[k, j]], weights[[k, j]]) = (x, 1.0);
                }
            }
        }
        let values: f32 = weights.sum();
        weights /= values.max(1.0);
        let labels = some.iter().map(|one| one.label).collect();
        Ok(ControlBatch { control, places, targets, weights, labels })
    }
}
