//! The rows, on the terminal and in the file.

use crate::{Scored, published};
use chreode_benches::{Cost, moments};
use serde::Serialize;
use std::fmt::{self, Display};

/// The first line of the table.
pub(crate) const HEADER: &str = "set           model            W1                  published  mass error          published  train (s)  peak MiB";

/// One set and model.
#[derive(Serialize)]
pub(crate) struct Row {
    set: &'static str,
    model: &'static str,
    w1_mean: f64,
    w1_sd: Option<f64>,
    mass_error_mean: f64,
    mass_error_sd: Option<f64>,
    /// Time, and the means of W₁ and of the mass error there.
    by_time: Vec<(f64, f64, f64)>,
    /// Training alone, of one seed.
    #[serde(flatten)]
    cost: Cost,
    published_w1: Option<f64>,
    published_mass_error: Option<f64>,
}

impl Row {
    pub(crate) fn of(set: &'static str, model: &'static str, runs: &[Scored]) -> Self {
        let column = |value: &dyn Fn(&Scored) -> f64| moments(&runs.iter().map(value).collect::<Vec<_>>());
        let (w1_mean, w1_sd) = column(&|run| run.w1);
        let (mass_error_mean, mass_error_sd) = column(&|run| run.mass_error);
        let by_time = (0..runs[0].by_time.len()).map(|k| {
            (runs[0].by_time[k].0, column(&|run| run.by_time[k].1).0, column(&|run| run.by_time[k].2).0)
        });
        let published = published::of(set, model);
        Self {
            set,
            model,
            w1_mean,
            w1_sd,
            mass_error_mean,
            mass_error_sd,
            by_time: by_time.collect(),
            cost: Cost::typical(&runs.iter().map(|run| run.cost).collect::<Vec<_>>()),
            published_w1: published.map(|p| p.0),
            published_mass_error: published.and_then(|p| p.1),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |mean: f64, sd: Option<f64>| match sd {
            Some(sd) => format!("{mean:.4} ± {sd:.4}"),
            None => format!("{mean:.4}"),
        };
        let known = |value: Option<f64>| value.map_or("-".to_string(), |v| format!("{v:.3}"));
        write!(
            f,
            "{:<14}{:<17}{:<20}{:<11}{:<20}{:<11}{:<11.1}{:.1}",
            self.set,
            self.model,
            pair(self.w1_mean, self.w1_sd),
            known(self.published_w1),
            pair(self.mass_error_mean, self.mass_error_sd),
            known(self.published_mass_error),
            self.cost.seconds,
            self.cost.peak_mib
        )
    }
}
