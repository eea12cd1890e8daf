//! What the protocol reports, and the statistics the publications print.

use super::{Baselines, Distances};
use serde::Serialize;

/// One fold with one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The held-out time.
    pub time: f64,
    /// The run.
    pub seed: u64,
    /// Predicted cells against measured ones.
    #[serde(flatten)]
    pub distances: Distances,
    /// Wall-clock time of training and prediction.
    pub seconds: f64,
}

/// A mean over seeds and its spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistic {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation (`n − 1`); absent for a single seed.
    pub sd: Option<f64>,
}

impl Statistic {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        Self { mean, sd: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()) }
    }
}

/// The numbers of the publications' tables: each distance averaged over the held-out times for each
/// seed, then mean and standard deviation of these averages over seeds.
///
/// (The average of all scores is the same mean; their pooled deviation would be another number,
/// dominated by the differences between times.)
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// W₁.
    pub w1: Statistic,
    /// W₂.
    pub w2: Statistic,
    /// MMD.
    pub mmd: Statistic,
    /// Energy distance.
    pub energy: Statistic,
    /// W₁ over the seeds at each held-out time.
    pub w1_by_time: Vec<(f64, Statistic)>,
    /// Seconds of all folds of a seed.
    pub seconds: Statistic,
}

impl Summary {
    pub(super) fn of(scores: &[Score], seeds: &[u64]) -> Self {
        let of_seed = |seed: u64, f: &dyn Fn(&Score) -> f64| {
            scores.iter().filter(|s| s.seed == seed).map(f).collect::<Vec<_>>()
        };
        let average = |f: &dyn Fn(&Score) -> f64| {
            let means: Vec<f64> = seeds.iter().map(|&s| Statistic::of(&of_seed(s, f)).mean).collect();
            Statistic::of(&means)
        };
        let total: Vec<f64> = seeds.iter().map(|&s| of_seed(s, &|x| x.seconds).iter().sum()).collect();
        let w1_by_time = scores
            .chunk_by(|a, b| a.time == b.time)
            .map(|run| (run[0].time, Statistic::of(&run.iter().map(|s| s.distances.w1).collect::<Vec<_>>())))
            .collect();
        Self {
            w1: average(&|s| s.distances.w1),
            w2: average(&|s| s.distances.w2),
            mmd: average(&|s| s.distances.mmd),
            energy: average(&|s| s.distances.energy),
            w1_by_time,
            seconds: Statistic::of(&total),
        }
    }
}

/// Everything a run of the protocol found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// By held-out time, then by seed.
    pub scores: Vec<Score>,
    /// The published statistics.
    pub summary: Summary,
    /// What must be beaten, one entry a held-out time.
    pub baselines: Vec<Baselines>,
}
