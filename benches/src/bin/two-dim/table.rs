//! The rows, on the terminal and in the file.

use crate::experiment::{Experiment, Method, Points, Run};
use crate::published::{Published, Set};
use anyhow::{Result, ensure};
use chreode_benches::{Cost, moments};
use serde::Serialize;
use std::fmt::{self, Display};

/// One set and model.
#[derive(Serialize)]
pub(crate) struct Row {
    set: &'static str,
    model: Method,
    w2_mean: f64,
    w2_sd: Option<f64>,
    npe_mean: f64,
    npe_sd: Option<f64>,
    /// W₂ of the motion with noise, where the model has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    w2_noisy_mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    w2_noisy_sd: Option<f64>,
    /// Training alone, of one seed.
    #[serde(flatten)]
    cost: Cost,
    /// W₂ between two samples of the target.
    w2_floor_mean: f64,
    /// Absent where the points were drawn once.
    w2_floor_sd: Option<f64>,
    published_w2: Option<Published>,
    published_npe: Option<Published>,
}

impl Row {
    pub(crate) fn of(set: &Set, method: Method, points: Points, runs: &[Run]) -> Self {
        let place =
            |run: &Run| run.scores.iter().position(|(m, _)| *m == method).expect("a method of the set");
        let column = |value: &dyn Fn(&Run, usize) -> f64| {
            moments(&runs.iter().map(|r| value(r, place(r))).collect::<Vec<_>>())
        };
        let (w2_mean, w2_sd) = column(&|run, k| run.scores[k].1.w2);
        let (npe_mean, npe_sd) = column(&|run, k| run.scores[k].1.npe);
        let noisy: Option<Vec<f64>> = runs.iter().map(|run| run.noisy[place(run)]).collect();
        let noisy = noisy.map(|values| moments(&values));
        let costs: Vec<Cost> = runs.iter().map(|run| run.costs[place(run)]).collect();
        let (w2_floor_mean, w2_floor_sd) = column(&|run, _| run.floor);
        let w2_floor_sd = w2_floor_sd.filter(|_| points == Points::Each);
        let published = set.published(method);
        let (published_w2, published_npe) = (published.map(|p| p.w2), published.and_then(|p| p.npe));
        Self {
            set: set.name,
            model: method,
            w2_mean,
            w2_sd,
            npe_mean,
            npe_sd,
            w2_noisy_mean: noisy.map(|(mean, _)| mean),
            w2_noisy_sd: noisy.and_then(|(_, sd)| sd),
            cost: Cost::typical(&costs),
            w2_floor_mean,
            w2_floor_sd,
            published_w2,
            published_npe,
        }
    }
}

/// The set of the short check.
pub(crate) const QUICK: &str = "N->moons";

/// What W₂ and the path energy of each method stay below there, in the order of [`Method::ALL`]. Points that do not move
/// have a path energy of 1, and a W₂ that is larger still.
const BOUNDS: [(f64, f64); 6] = [(0.6, 0.9), (0.6, 0.5), (0.6, 0.9), (0.7, 0.7), (0.6, 0.4), (0.7, 0.5)];

impl Row {
    /// Fails above the bounds of the short check.
    pub(crate) fn check(&self) -> Result<()> {
        let (name, (w2, npe)) = (self.model.names().0, BOUNDS[self.model as usize]);
        ensure!(self.w2_mean <= w2, "{name}: W2 {:.3} is above its bound {w2}", self.w2_mean);
        ensure!(
            self.npe_mean <= npe,
            "{name}: a path energy of {:.3} is above its bound {npe}",
            self.npe_mean
        );
        Ok(())
    }
}

/// The first lines of the table.
pub(crate) fn header(experiment: &Experiment) -> String {
    let Experiment { seeds, steps, count, threads, .. } = experiment;
    format!(
        "{seeds} seeds, {steps} updates, {count} points, {threads} threads\n{:<20}{:<14}{:>16}{:>16}{:>16}{:>16}{:>16}{:>10}{:>10}",
        "set", "model", "W2", "published", "NPE", "published", "W2 floor", "train (s)", "peak MiB"
    )
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |mean: f64, sd: Option<f64>| match sd {
            Some(sd) => format!("{mean:.3} ± {sd:.3}"),
            None => format!("{mean:.3}"),
        };
        let published = |p: Option<Published>| p.map_or(String::new(), |(mean, sd)| pair(mean, Some(sd)));
        write!(
            f,
            "{:<20}{:<14}{:>16}{:>16}{:>16}{:>16}{:>16}{:>10.1}{:>10.1}",
            self.set,
            self.model.names().0,
            pair(self.w2_mean, self.w2_sd),
            published(self.published_w2),
            pair(self.npe_mean, self.npe_sd),
            published(self.published_npe),
            pair(self.w2_floor_mean, self.w2_floor_sd),
            self.cost.seconds,
            self.cost.peak_mib
        )?;
        match self.w2_noisy_mean {
            Some(mean) => write!(f, "   with noise: W2 {}", pair(mean, self.w2_noisy_sd)),
            None => Ok(()),
        }
    }
}
