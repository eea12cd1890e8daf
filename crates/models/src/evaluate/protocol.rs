//! Leave one time out: folds, seeds, and their distances.

use super::{Baselines, Bootstrap, Distances, Fold, Forecast, Score, Scores, Summary};
use crate::{ModelError, error::require};
use chreode_core::{CoreError, Populations, Seed, Snapshot};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Which times are held out, each in a fold of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldOut {
    /// Every time but the first and the last.
    #[default]
    EachInner,
    /// These.
    Times(Vec<f64>),
}

/// The leave-one-time-out protocol of Tong et al. (arXiv 2302.00482 and 2307.03672).
///
/// For each held-out time `t` and each seed a method is trained on the other times, pushes the
/// *real* cells of the time before to `t`, and the exact distances between all pushed cells and all
/// cells measured at `t` are computed: W₁ with Euclidean cost, W₂ with squared Euclidean cost, MMD
/// and energy distance. The held-out cells reach neither the method nor any choice; the published code validates
/// on pairs that contain them, which is a leak this protocol does not repeat.
///
/// Cells keep the coordinates they are given. The published five-dimensional numbers are on
/// principal components scaled to unit variance over **all** cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocol {
    /// The folds.
    pub held_out: HeldOut,
    /// The runs; 42 to 46 as published.
    pub seeds: Vec<u64>,
    /// Confidence intervals of W₁.
    pub bootstrap: Bootstrap,
    /// Widths `σ` of the kernels `exp(−|x − y|² / 2σ²)` whose mean the MMD takes. By default those of
    /// the published code, 0.01 to 100 (which takes their sum: its `RBF_MMD` is 5 times this MMD²).
    /// They do not follow the data, so that methods can be compared.
    pub mmd_widths: Vec<f64>,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            held_out: HeldOut::EachInner,
            seeds: vec![42, 43, 44, 45, 46],
            bootstrap: Bootstrap::default(),
            mmd_widths: vec![0.01, 0.1, 1.0, 10.0, 100.0],
        }
    }
}

/// A fold with the answer, which methods never see.
pub(super) struct Held {
    pub(super) training: Populations,
    pub(super) before: Snapshot,
    pub(super) after: Snapshot,
    pub(super) truth: Snapshot,
}

impl Protocol {
    /// Runs all folds with all seeds, one after the other, and the baselines once a fold.
    ///
    /// Only the distances of one answer are computed in parallel; the result is the same for any
    /// number of threads, but for [`Score::seconds`].
    ///
    /// # Errors
    /// A time that is not there or is an end, fewer than three times, no seed, a repeated seed or
    /// time; an error of the method, or an answer that is not a population in the same
    /// coordinates, with its fold.
    pub fn run(
        &self,
        populations: &Populations,
        method: &(impl Forecast + ?Sized),
    ) -> Result<Scores, ModelError> {
        require("the number of seeds", self.seeds.len() as f64, !self.seeds.is_empty(), "at least 1")?;
        for (i, &seed) in self.seeds.iter().enumerate() {
            require("a seed", seed as f64, !self.seeds[..i].contains(&seed), "given once")?;
        }
        self.bootstrap.check()?;
        require(
            "the number of mmd_widths",
            self.mmd_widths.len() as f64,
            !self.mmd_widths.is_empty(),
            "at least 1",
        )?;
        for &width in &self.mmd_widths {
            require("a width in mmd_widths", width, width > 0.0, "above 0")?;
        }
        let folds = self.folds(populations)?;
        // First: faults of the data then show before hours of training.
        let baselines = folds.iter().map(Baselines::of).collect::<Result<Vec<_>, _>>()?;
        let mut scores = Vec::with_capacity(folds.len() * self.seeds.len());
        for fold in &folds {
            for &seed in &self.seeds {
                scores.push(self.score(fold, seed, method)?);
            }
        }
        Ok(Scores { summary: Summary::of(&scores, &self.seeds), scores, baselines })
    }

    /// The baselines alone, once a fold: they need no method and no seed.
    ///
    /// # Errors
    /// As [`run`](Self::run), of the times.
    pub fn baselines(&self, populations: &Populations) -> Result<Vec<Baselines>, ModelError> {
        self.folds(populations)?.iter().map(Baselines::of).collect()
    }

    fn folds(&self, populations: &Populations) -> Result<Vec<Held>, ModelError> {
        let times = populations.times();
        let inner = times.get(1..times.len().saturating_sub(1)).unwrap_or_default();
        if inner.is_empty() {
            return Err(CoreError::HeldOutEnd { time: times[0], inner: vec![] }.into());
        }
        let held = match &self.held_out {
            HeldOut::EachInner => inner.to_vec(),
            HeldOut::Times(times) => times.clone(),
        };
        require("the number of held-out times", held.len() as f64, !held.is_empty(), "at least 1")?;
        let mut folds = Vec::with_capacity(held.len());
        for (i, &time) in held.iter().enumerate() {
            require("a held-out time", time, !held[..i].contains(&time), "given once")?;
            let (training, truth) = populations.hold_out(time)?;
            let at = times.iter().position(|&t| t == time).expect("it could be held out");
            let neighbour = |k: usize| populations.snapshots()[k].clone();
            folds.push(Held { training, before: neighbour(at - 1), after: neighbour(at + 1), truth });
        }
        Ok(folds)
    }

    fn score(&self, held: &Held, seed: u64, method: &(impl Forecast + ?Sized)) -> Result<Score, ModelError> {
        let time = held.truth.time;
        let fold = Fold { training: &held.training, source: &held.before, time, seed: Seed(seed) };
        let begin = Instant::now();
        let outcome = method.forecast(&fold);
        let seconds = begin.elapsed().as_secs_f64();
        let named = |reason| ModelError::Forecast { time, seed, reason: Box::new(reason) };
        let points = outcome.map_err(named)?;
        // Whatever time the method wrote on its answer, it is an answer to this fold.
        let answer = Populations::new(vec![Snapshot { time, ..points }], held.training.features().to_vec())
            .map_err(|reason| named(reason.into()))?;
        let distances =
            Distances::between(&answer.snapshots()[0], &held.truth, &self.bootstrap, &self.mmd_widths)?;
        Ok(Score { time, seed, distances, seconds })
    }
}
