//! Training and scoring.

use anyhow::{Context, Result};
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Dataset, Frame, ModelConfig, Pool, Sampler};
use chreode_ot::{Order, wasserstein};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;
use std::time::Instant;

/// How much is done.
pub(crate) struct Experiment {
    pub(crate) populations: Populations,
    /// Whether the coordinates are the networks' as they are.
    pub(crate) whitened: bool,
    pub(crate) seeds: Vec<u64>,
    pub(crate) inner: bool,
    /// Starts of each cell: one is the cell itself, more are normal draws around it.
    pub(crate) draws: usize,
    pub(crate) threads: usize,
}

/// The width of starts around a cell: the noise that the paths of the models have.
const JITTER: f32 = 0.1;

/// One question: the cells of `source` at `time`, of what is left without the times `out`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fold {
    pub(crate) out: Vec<f64>,
    pub(crate) time: f64,
}

/// W1 of every fold, seed by seed, and the seconds of training.
pub(crate) struct Scores {
    pub(crate) folds: Vec<Fold>,
    pub(crate) w1: Vec<Vec<f64>>,
    pub(crate) seconds: Vec<f64>,
}

impl Experiment {
    /// The questions: each inner time, or, of each fold, the other inner times.
    pub(crate) fn folds(&self) -> Vec<Fold> {
        let times = self.populations.times();
        let inner = &times[1..times.len() - 1];
        let outer = |&time: &f64| Fold { out: vec![time], time };
        if !self.inner {
            return inner.iter().map(outer).collect();
        }
        let nested = |&held: &f64| {
            let others = inner.iter().filter(move |&&time| time != held);
            others.map(move |&time| Fold { out: vec![held, time], time })
        };
        inner.iter().flat_map(nested).collect()
    }

    /// For each time left out the model that scores best, with the first seed, on the other inner times; then every
    /// fold with every seed, by the models chosen.
    pub(crate) fn choose(&self, models: &[(String, ModelConfig)]) -> Result<(Vec<String>, Scores)> {
        let times = self.populations.times();
        let inner = &times[1..times.len() - 1];
        let (mut names, mut folds, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        let mut w1 = vec![Vec::new(); self.seeds.len()];
        for &held in inner {
            let mut best: Option<(f64, &(String, ModelConfig))> = None;
            for model in models {
                let mut sum = 0.0;
                for &time in inner.iter().filter(|&&time| time != held) {
                    sum += self.one(&model.1, &Fold { out: vec![held, time], time }, self.seeds[0])?.0;
                }
                if best.is_none_or(|(least, _)| sum < least) {
                    best = Some((sum, model));
                }
            }
            let (_, (name, config)) = best.context("there is no model to choose from")?;
            let fold = Fold { out: vec![held], time: held };
            for (scores, &seed) in w1.iter_mut().zip(&self.seeds) {
                let (score, time) = self.one(config, &fold, seed)?;
                scores.push(score);
                seconds.push(time);
            }
            names.push(name.clone());
            folds.push(fold);
        }
        Ok((names, Scores { folds, w1, seconds }))
    }

    /// Every fold with every seed.
    pub(crate) fn run(&self, config: &ModelConfig) -> Result<Scores> {
        let folds = self.folds();
        let (mut w1, mut seconds) = (Vec::new(), Vec::new());
        for &seed in &self.seeds {
            let mut scores = Vec::new();
            for fold in &folds {
                let (score, time) = self.one(config, fold, seed)?;
                scores.push(score);
                seconds.push(time);
            }
            w1.push(scores);
        }
        Ok(Scores { folds, w1, seconds })
    }

    /// The cells to push.
    fn started(&self, cells: &Snapshot, seed: Seed) -> Snapshot {
        if self.draws == 1 {
            return cells.clone();
        }
        let scale = if self.whitened { JITTER } else { 0.0 };
        let mut rng = seed.stream("starts", 0);
        let points = Array2::from_shape_fn((cells.len() * self.draws, cells.points.ncols()), |(i, j)| {
            let noise: f32 = StandardNormal.sample(&mut rng);
            cells.points[[i / self.draws, j]] + scale * noise
        });
        Snapshot::new(cells.time, points)
    }

    /// W1 and seconds of training.
    fn one(&self, config: &ModelConfig, fold: &Fold, seed: u64) -> Result<(f64, f64)> {
        let mut training = self.populations.clone();
        for &time in &fold.out {
            training = training.hold_out(time)?.0;
        }
        let before =
            training.snapshots().iter().rfind(|s| s.time < fold.time).expect("an inner time has one before");
        let before = before.clone();
        let frame = match self.whitened {
            true => Frame::identity(training.features().to_vec()),
            false => Frame::isotropic(&training)?,
        };
        let mut config = config.clone();
        config.fit_mut().seed = seed;
        let start = Instant::now();
        let mut run = config.start(&Dataset::Populations(training), frame)?;
        run.train(Pool::with_threads(self.threads), &mut |_| ControlFlow::Continue(()))?;
        let model = run.finish().dynamics()?;
        let seconds = start.elapsed().as_secs_f64();
        let before = self.started(&before, Seed(seed));
        let states = model.evolve(&before, &[before.time, fold.time], &Sampler::published(), Seed(seed))?;
        let (found, truth) = (&states[1], self.populations.at(fold.time)?);
        let weights = found.weights.as_ref().map(|w| w.view());
        let w1 = wasserstein(found.points.view(), truth.points.view(), weights, None, Order::One)?;
        Ok((w1.value, seconds))
    }
}
