//! Individuals as steps of the recognition, and what is asked of the latent path.

use super::config::{Arrivals, Generation, LatentConfig, Learns, PriorShare, Recognition};
use crate::series::epochs::Epochs;
use crate::series::walk::{Program, Visit, Way};
use crate::series::{Individual, Series};
use crate::{BatchSource, Clock, ModelError};
use chreode_core::Seed;
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};

/// The factor by which 1 − the weight of the KL term shrinks from epoch to epoch, as published.
const KL_DECAY: f64 = 0.99;

/// What a step consumes.
#[derive(Debug)]
pub struct LatentBatch {
    pub(super) encode: Program<f32>,
    pub(super) asked: Asked,
    /// One row an individual: the random numbers of z₀.
    pub(super) noise: Array2<f32>,
    /// Measured values, 0 where there are none: one row for each of `asked.picks`.
    pub(super) targets: Array2<f32>,
    /// 1 / (values of this feature of this individual × features × individuals), 0 where there is none.
    pub(super) weights: Array2<f32>,
    pub(super) labels: Vec<Option<bool>>,
    /// The weight of each individual's divergence from the prior.
    pub(super) kl: Vec<f32>,
}

/// Where on the latent paths of some individuals.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Individuals.
    pub(super) rows: usize,
    /// The union of the network times and 0, increasing.
    pub(super) grid: Vec<f64>,
    /// For each time asked for: its place in the grid, and whose it is.
    pub(super) picks: Vec<(usize, usize)>,
    /// The steps of a recurrent generation, which reads in another order: see `read`.
    pub(super) steps: Option<Program<f32>>,
    /// The pick that each read of the steps is.
    pub(super) read: Vec<usize>,
}

/// How far the latent paths go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the last time asked for.
    Times,
    /// To the end of the span at least, over which rates are integrated.
    Span,
}

impl Asked {
    /// Of lists of network times, one an individual and increasing.
    pub(super) fn new(times: &[Vec<f64>], config: &LatentConfig, reach: Reach) -> Self {
        Self::through(times, &vec![Vec::new(); times.len()], config, reach)
    }

    /// As [`new`](Self::new), where a recurrent generation also stops at the times of `given`, as it did when it learnt
    /// whole courses: from 0 to the first time after them in one step is no step that training made.
    pub(super) fn after(
        times: &[Vec<f64>],
        given: &[&Individual],
        clock: Clock,
        config: &LatentConfig,
    ) -> Self {
        let rest = config.until < 1.0 && config.learns == Learns::Rest;
        let taus = |one: &&Individual| {
            let times = one.times.iter().filter(|_| !rest);
            times.map(|&t| clock.network(t)).collect()
        };
        Self::through(times, &given.iter().map(taus).collect::<Vec<_>>(), config, Reach::Times)
    }

    /// The times asked for, and increasing ones at which a recurrent generation stops without being read.
    fn through(times: &[Vec<f64>], stops: &[Vec<f64>], config: &LatentConfig, reach: Reach) -> Self {
        let end = if reach == Reach::Span { Some(config.span) } else { None };
        let mut grid: Vec<f64> = times.iter().flatten().copied().chain([0.0]).chain(end).collect();
        grid.sort_by(f64::total_cmp);
        grid.dedup();
        let place = |t: &f64| grid.partition_point(|g| g < t);
        let mut starts = Vec::with_capacity(times.len());
        let mut picks = Vec::new();
        for (row, times) in times.iter().enumerate() {
            starts.push(picks.len());
            picks.extend(times.iter().map(|t| (place(t), row)));
        }
        let steps = (config.generation == Generation::Rnn).then(|| {
            let visits: Vec<_> = times.iter().zip(stops).map(|(times, stops)| visits(times, stops)).collect();
            Program::new(&visits, 1, Way::Still)
        });
        // An individual is read at its times in order.
        let mut next = starts;
        let reads = steps.as_ref().map_or(&[][..], |steps| &steps.reads);
        let read = reads.iter().map(|read| {
            next[read.row] += 1;
            next[read.row] - 1
        });
        let read = read.collect();
        Self { rows: times.len(), grid, picks, steps, read }
    }
}

/// The steps of a recurrent generation from 0 on: read at `times`, and not read at the `stops` before the last of them.
///
/// Each is told how far it goes.
fn visits(times: &[f64], stops: &[f64]) -> Vec<Visit> {
    let last = times.last().copied().unwrap_or(f64::NEG_INFINITY);
    let stops = stops.iter().filter(|t| **t < last && !times.contains(t)).map(|&t| (t, false));
    let mut all: Vec<(f64, bool)> = times.iter().map(|&t| (t, true)).chain(stops).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut before = 0.0;
    let visit = |(at, after): (f64, bool)| {
        let jump = Some(vec![(at - before) as f32]);
        before = at;
        Visit { at, jump, before: false, after }
    };
    all.into_iter().map(visit).collect()
}

/// The steps of the recognition, from the last measurement back to network time 0.
///
/// A recurrent network is told how far it is from each measurement to the one before it, and from the first to 0: the same
/// values at other times are another individual.
///
/// # Errors
/// [`SeriesError::Far`](crate::SeriesError::Far).
pub(super) fn recognition(
    individuals: &[&Individual],
    clock: Clock,
    config: &LatentConfig,
) -> Result<Program<f32>, ModelError> {
    let features = individuals.first().map_or(0, |one| one.values.ncols());
    let (way, told) = match config.recognition {
        Recognition::OdeRnn => {
            (Way::Flow { longest: config.longest * config.span, from: None, to: Some(0.0) }, 0)
        }
        Recognition::Rnn => (Way::Still, 1),
    };
    let visits = |one: &&Individual| {
        let tau = |i: usize| clock.network(one.times[i]);
        let visit = |i: usize| {
            let before = if i > 0 { tau(i - 1) } else { 0.0 };
            let gap = std::iter::repeat_n((tau(i) - before) as f32, told);
            Visit {
                at: tau(i),
                jump: Some(measured(one, i).into_iter().chain(gap).collect()),
                ..Visit::default()
            }
        };
        (0..one.times.len()).rev().map(visit).collect()
    };
    let visits: Vec<Vec<Visit>> = individuals.iter().map(visits).collect();
    way.check(individuals, &visits)?;
    Ok(Program::new(&visits, 2 * features + told, way))
}

/// The values at a time, 0 where nothing was measured, and then 1 where something was.
pub(crate) fn measured(one: &Individual, i: usize) -> Vec<f32> {
    let row = one.values.row(i);
    let values = row.iter().map(|&x| if x.is_nan() { 0.0 } else { x });
    values.chain(row.iter().map(|x| f32::from(u8::from(!x.is_nan())))).collect()
}

/// Batches of individuals, each once an epoch.
pub(super) struct LatentBatches<'d> {
    series: &'d Series,
    clock: Clock,
    config: LatentConfig,
    epochs: Epochs,
}

impl<'d> LatentBatches<'d> {
    pub(super) fn new(series: &'d Series, clock: Clock, config: &LatentConfig) -> Self {
        let epochs = Epochs::new(series.len(), config.fit.batch, Seed(config.fit.seed));
        Self { series, clock, config: config.clone(), epochs }
    }

    /// What is shown and what is asked of an individual, in a step.
    fn divided(&self, individual: usize, index: u64) -> (Individual, Individual) {
        let LatentConfig { until, shown, span, learns, .. } = self.config;
        let one = &self.series.individuals()[individual];
        let early = |i: usize| self.clock.network(one.times[i]) < until * span;
        let (given, asked) = match learns {
            _ if until >= 1.0 => (one.clone(), one.clone()),
            Learns::Whole => (one.keep(early), one.clone()),
            Learns::Rest => (one.keep(early), one.keep(|i| !early(i))),
        };
        if shown >= 1.0 {
            return (given, asked);
        }
        let seed = Seed(self.config.fit.seed).child("shown");
        (given.thinned(shown, seed, index * self.series.len() as u64 + individual as u64), asked)
    }
}

impl BatchSource for LatentBatches<'_> {
    type Batch = LatentBatch;

    fn batch(&self, index: u64) -> Result<LatentBatch, ModelError> {
        let (epoch, chosen) = self.epochs.batch(index);
        let (given, asked): (Vec<_>, Vec<_>) = chosen.iter().map(|&i| self.divided(i, index)).unzip();
        let wait = self.config.kl_wait;
        let kl = if epoch < wait { 0.0 } else { 1.0 - KL_DECAY.powi((epoch - wait).min(100_000) as i32) };
        let share = |one: &Individual| match self.config.prior {
            PriorShare::Values => one.measurements().max(1),
            PriorShare::Latents => self.config.latents,
        };
        let kl = asked.iter().map(|one| (kl / (share(one) * asked.len()) as f64) as f32).collect();
        let encode = recognition(&given.iter().collect::<Vec<_>>(), self.clock, &self.config)?;
        let taus = |one: &Individual| one.times.iter().map(|&t| self.clock.network(t)).collect();
        let times: Vec<Vec<f64>> = asked.iter().map(taus).collect();
        let reach = match self.config.arrivals {
            Arrivals::Given => Reach::Times,
            Arrivals::Poisson => Reach::Span,
        };
        let (targets, weights) = targets(&asked, self.series.features().len());
        let rng = &mut Seed(self.config.fit.seed).stream("latent", index);
        let noise = (chosen.len(), self.config.latents);
        Ok(LatentBatch {
            encode,
            asked: Asked::new(&times, &self.config, reach),
            noise: Array2::from_shape_simple_fn(noise, || StandardNormal.sample(rng)),
            targets,
            weights,
            labels: asked.iter().map(|one| one.label).collect(),
            kl,
        })
    }
}

/// Measured values and their weights.
fn targets(asked: &[Individual], features: usize) -> (Array2<f32>, Array2<f32>) {
    let rows = asked.iter().map(|one| one.times.len()).sum();
    let mut targets = Array2::zeros((rows, features));
    let mut weights = Array2::zeros((rows, features));
    let cells = (asked.len() * features) as f32;
    let mut start = 0;
    for one in asked {
        for j in 0..features {
            let n = one.values.column(j).iter().filter(|x| !x.is_nan()).count() as f32;
            for (i, &x) in one.values.column(j).iter().enumerate() {
                if !x.is_nan() {
                    targets[[start + i, j]] = x;
                    weights[[start + i, j]] = 1.0 / (n * cells);
                }
            }
        }
        start += one.times.len();
    }
    (targets, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fit;
    use ndarray::array;

    /// Four individuals of 4 values each but one, which has 3.
    fn series() -> Series {
        let one = |k: usize| {
            let hole = if k == 2 { f32::NAN } else { 0.5 };
            let values = array![[1.0_f32, k as f32], [0.0, hole]];
            Individual { id: k.to_string(), times: vec![0.0, 1.0 + 0.1 * k as f64], values, label: None }
        };
        Series::new((0..4).map(one).collect(), vec!["x".into(), "y".into()]).unwrap()
    }

    /// The weights of the prior, by the number of values, in the batch of step `index`; an epoch has two.
    fn weights(prior: PriorShare, index: u64) -> Vec<(usize, f32)> {
        let fit = Fit { batch: 2, ..LatentConfig::default().fit };
        let config = LatentConfig { prior, latents: 7, kl_wait: 3, fit, ..LatentConfig::default() };
        let series = series();
        let batches = LatentBatches::new(&series, Clock { origin: 0.0, unit: 0.2 }, &config);
        let (_, chosen) = batches.epochs.batch(index);
        let values = chosen.iter().map(|&i| series.individuals()[i].measurements());
        values.zip(batches.batch(index).unwrap().kl).collect()
    }

    #[test]
    fn the_prior_weighs_as_much_as_the_settings_say() {
        for (prior, index, grown) in [
            (PriorShare::Values, 5, 0.0),
            (PriorShare::Values, 8, 1.0 - 0.99),
            (PriorShare::Values, 207, 1.0 - 0.99_f64.powi(100)),
            (PriorShare::Latents, 6, 0.0),
            (PriorShare::Latents, 26, 1.0 - 0.99_f64.powi(10)),
        ] {
            for (values, weight) in weights(prior, index) {
                let share = if prior == PriorShare::Values { values } else { 7 };
                let expected = grown / (2 * share) as f64;
                assert!(
                    (f64::from(weight) - expected).abs() < 1e-7,
                    "{prior:?} {index}: {weight} {expected}"
                );
            }
        }
        let seen: Vec<usize> =
            [0, 1].iter().flat_map(|&i| weights(PriorShare::Values, i)).map(|w| w.0).collect();
        assert!(seen.contains(&3) && seen.len() == 4, "{seen:?}");
    }

    /// A forecast stops where its training did: reads are those of a walk through the whole course.
    #[test]
    fn a_recurrent_forecast_goes_through_what_was_given() {
        let series = series();
        let given: Vec<&Individual> = series.individuals()[..2].iter().collect();
        let config = LatentConfig::rnn_vae();
        let clock = Clock { origin: -0.5, unit: 1.0 };
        let times = [vec![1.0, 2.0], vec![0.2, 1.6, 3.0]];
        let gaps = |asked: &Asked| {
            asked.steps.as_ref().unwrap().inputs.column(0).mapv(|x| (10.0 * x).round()).to_vec()
        };
        // 0.5, 1.0, 1.5, 2.0 and 0.2, 0.5, 1.6, 3.0: the k-th steps of both, then the next.
        let through = Asked::after(&times, &given, clock, &config);
        assert_eq!(gaps(&through), [5.0, 2.0, 5.0, 3.0, 5.0, 11.0, 5.0, 14.0]);
        assert_eq!(through.read, [2, 0, 3, 1, 4]);
        assert_eq!(through.picks.len(), 5);
        // What learnt the rest alone went to it at once.
        let rest = LatentConfig { until: 0.5, learns: Learns::Rest, ..config.clone() };
        let at_once = Asked::after(&times, &given, clock, &rest);
        assert_eq!(gaps(&at_once), [10.0, 2.0, 10.0, 14.0, 14.0]);
        assert_eq!(gaps(&Asked::new(&times, &config, Reach::Times)), gaps(&at_once));
    }

    #[test]
    fn a_recurrent_recognition_is_told_where_the_measurements_are() {
        let series = series();
        let some: Vec<&Individual> = series.individuals()[..1].iter().collect();
        let config = LatentConfig::rnn_vae();
        let clock = Clock { origin: -0.5, unit: 1.0 };
        let program = recognition(&some, clock, &config).unwrap();
        // From the last to the one before it, and from the first to network time 0.
        assert_eq!(program.inputs.column(4).to_vec(), [1.0, 0.5]);
    }
}
