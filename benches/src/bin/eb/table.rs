//! The rows, on the terminal and in the file.

use crate::folds::{Experiment, Scores};
use chreode_benches::{Cost, moments};
use serde::Serialize;
use std::fmt::{self, Display};

/// One model.
#[derive(Serialize)]
pub(crate) struct Row {
    model: String,
    w1_mean: f64,
    /// Of the means over folds, over seeds; absent for one seed.
    w1_sd: Option<f64>,
    /// Mean and deviation of each fold.
    w1_by_fold: Vec<(f64, Option<f64>)>,
    /// Training of one fold.
    #[serde(flatten)]
    cost: Cost,
}

impl Row {
    pub(crate) fn new(model: &str, scores: &Scores) -> Self {
        let means: Vec<f64> =
            scores.w1.iter().map(|folds| folds.iter().sum::<f64>() / folds.len() as f64).collect();
        let (w1_mean, w1_sd) = moments(&means);
        let fold = |k: usize| moments(&scores.w1.iter().map(|folds| folds[k]).collect::<Vec<_>>());
        let w1_by_fold = (0..scores.folds.len()).map(fold).collect();
        let cost = Cost::typical(&scores.costs);
        Self { model: model.into(), w1_mean, w1_sd, w1_by_fold, cost }
    }
}

impl Row {
    /// W1 in the mean over folds and seeds.
    pub(crate) fn mean(&self) -> f64 {
        self.w1_mean
    }
}

/// The first lines of the table.
pub(crate) fn header(experiment: &Experiment) -> String {
    let Experiment { populations, seeds, threads, .. } = experiment;
    let folds: String = experiment
        .folds()
        .iter()
        .map(|fold| match &fold.out[..] {
            [one] => format!("{:>18}", format!("time {one}")),
            [held, other] => format!("{:>18}", format!("{other} without {held}")),
            _ => String::new(),
        })
        .collect();
    format!(
        "{} cells, {} components, {} seeds, {threads} threads; W1\n{:<32}{:>18}{folds}{:>11}{:>10}",
        populations.cells(),
        populations.dims(),
        seeds.len(),
        "model",
        "mean",
        "train (s)",
        "peak MiB"
    )
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |&(mean, sd): &(f64, Option<f64>)| match sd {
            Some(sd) => format!("{:>18}", format!("{mean:.4} ± {sd:.4}")),
            None => format!("{mean:>18.4}"),
        };
        let folds: String = self.w1_by_fold.iter().map(pair).collect();
        let (mean, Cost { seconds, peak_mib }) = (pair(&(self.w1_mean, self.w1_sd)), self.cost);
        write!(f, "{:<32}{mean}{folds}{seconds:>11.1}{peak_mib:>10.1}", self.model)
    }
}
