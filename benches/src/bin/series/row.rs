//! The rows, on the terminal and in the file.

use chreode_benches::{Cost, moments};
use serde::Serialize;

/// What the number of a quick run must be; a broken method misses it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// A model on a task.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) task: String,
    pub(crate) model: String,
    pub(crate) metric: &'static str,
    pub(crate) metric_mean: f64,
    pub(crate) metric_sd: Option<f64>,
    pub(crate) published: Option<f64>,
    pub(crate) seeds: usize,
    /// Training alone, of one seed.
    #[serde(flatten)]
    pub(crate) cost: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bound: Option<Bound>,
}

impl Row {
    /// Of the values of the metric and the costs of training, a seed each.
    pub(crate) fn of(
        (task, model): (&str, &str),
        metric: &'static str,
        values: &[f64],
        costs: &[Cost],
        published: Option<f64>,
    ) -> Self {
        let (metric_mean, metric_sd) = moments(values);
        Self {
            task: task.into(),
            model: model.into(),
            metric,
            metric_mean,
            metric_sd,
            published,
            seeds: values.len(),
            cost: Cost::typical(costs),
            bound: None,
        }
    }

    /// The same with a bound, if there is one.
    pub(crate) fn held_to(self, bound: Option<Bound>) -> Self {
        Self { bound, ..self }
    }

    /// The same beside no published number: of a short run on simulated data none is comparable.
    pub(crate) fn alone(self) -> Self {
        Self { published: None, ..self }
    }

    /// What is wrong with it; a number that is none misses every bound.
    pub(crate) fn missed(&self) -> Option<String> {
        let value = self.metric_mean;
        let (holds, words) = match self.bound? {
            Bound::AtMost(most) => (value <= most, format!("at most {most}")),
            Bound::AtLeast(least) => (value >= least, format!("at least {least}")),
        };
        let Self { task, model, metric, .. } = self;
        (!holds).then(|| format!("{task}, {model}: {metric} is {value:.4}, and should be {words}"))
    }
}

/// All of them as lines of columns.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<28}{:<28}{:<12}{:>22}{:>12}{:>7}{:>10}{:>10}",
        "task", "model", "metric", "here", "published", "seeds", "train (s)", "peak MiB"
    );
    for row in rows {
        let number = |x: f64| if x.abs() < 0.1 { format!("{x:.3e}") } else { format!("{x:.4}") };
        let here = match row.metric_sd {
            Some(sd) => format!("{} ± {}", number(row.metric_mean), number(sd)),
            None => number(row.metric_mean),
        };
        text += &format!(
            "\n{:<28}{:<28}{:<12}{:>22}{:>12}{:>7}{:>10.0}{:>10.1}",
            row.task,
            row.model,
            row.metric,
            here,
            row.published.map_or("-".into(), number),
            row.seeds,
            row.cost.seconds,
            row.cost.peak_mib
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_prints_nothing_published() {
        let row = Row::of(("t", "m"), "mse", &[1.0], &[], Some(0.123));
        assert!(table(std::slice::from_ref(&row)).contains("0.123"));
        let alone = row.alone();
        assert!(!table(std::slice::from_ref(&alone)).contains("0.123") && alone.published.is_none());
    }

    #[test]
    fn a_bound_that_is_missed_is_named() {
        let missed =
            |value: f64, bound| Row::of(("t", "m"), "mse", &[value], &[], None).held_to(Some(bound)).missed();
        assert_eq!(missed(1.0, Bound::AtMost(1.0)), None);
        assert_eq!(missed(1.0, Bound::AtLeast(1.0)), None);
        let said = missed(1.5, Bound::AtMost(1.0)).expect("missed");
        assert_eq!(said, "t, m: mse is 1.5000, and should be at most 1");
        assert!(missed(f64::NAN, Bound::AtLeast(1.0)).is_some());
    }
}
