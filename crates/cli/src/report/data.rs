//! What a report is made of: plain values with public fields, checked when the report is drawn.

use ndarray::Array2;

/// Everything that a report can show; every section without data is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// Names of the two plotted components, such as `PC 1` and `PC 2`.
    pub axes: [String; 2],
    /// Name of the time axis or unit, put before a time: `day` gives "day 3".
    pub time_name: String,
    /// Measured cells, one value for each time, times strictly increasing.
    pub cells: Vec<Cells>,
    /// Paths of single predicted cells.
    pub trajectories: Option<Trajectories>,
    /// Predicted cells at times that training did not see.
    pub predictions: Vec<Prediction>,
    /// The learned velocity on a grid, one value for each time.
    pub fields: Vec<FieldGrid>,
    /// Training loss.
    pub loss: Option<Loss>,
    /// Distances between predicted and measured cells.
    pub scores: Option<Scores>,
    /// What fixes the run: seed, versions, device, hash of the data, configuration.
    pub manifest: Vec<Entry>,
    /// Commands that repeat the run, in order.
    pub commands: Vec<Command>,
}

/// The cells measured at one time, in the first two components.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Time of the measurement.
    pub time: f64,
    /// What the cells were used for.
    pub split: Split,
    /// One row for each cell, shape (n, 2).
    pub points: Array2<f64>,
}

/// What a measured time was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The model was fitted to these cells.
    Training,
    /// The model never saw these cells; it is scored on them.
    HeldOut,
}

/// Paths of single predicted cells, all on the same times.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    /// Times of the points of each path, strictly increasing, length k.
    pub times: Vec<f64>,
    /// One path for each cell, shape (k, 2).
    pub paths: Vec<Array2<f64>>,
}

/// The cells that the model predicts at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Time of the prediction; cells measured at the same time are drawn beside it.
    pub time: f64,
    /// One row for each predicted cell, shape (n, 2).
    pub points: Array2<f64>,
}

/// A velocity on a rectangular grid at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldGrid {
    /// Time at which the field is taken.
    pub time: f64,
    /// Grid positions along the first component, strictly increasing, length nx (at least 2).
    pub x: Vec<f64>,
    /// Grid positions along the second component, strictly increasing, length ny (at least 2).
    pub y: Vec<f64>,
    /// Velocity along the first component, shape (ny, nx).
    pub u: Array2<f64>,
    /// Velocity along the second component, shape (ny, nx).
    pub v: Array2<f64>,
}

/// A training loss by step. Values that are not finite are left out of the line and counted in the caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Step numbers, strictly increasing.
    pub steps: Vec<u64>,
    /// Loss at each step.
    pub values: Vec<f64>,
    /// Smoothed loss at each step, when there is one.
    pub smoothed: Option<Vec<f64>>,
    /// What the loss is, such as `matching loss`.
    pub name: String,
}

/// Scores of a model and of the baselines beside it, at the held-out times.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The held-out times, one column of every table each.
    pub times: Vec<f64>,
    /// One row for each method.
    pub rows: Vec<ScoreRow>,
    /// What the interval of a score is, such as `bootstrap 95 %`.
    pub interval_name: String,
}

/// The scores of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Name of the method.
    pub method: String,
    /// Its part in the comparison.
    pub role: Role,
    /// One value for each metric that was computed.
    pub metrics: Vec<MetricScores>,
}

/// The part of a method in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The trained model.
    Model,
    /// A method that the model should beat.
    Baseline,
    /// What two halves of the measured cells score against each other: no method is expected below it.
    Floor,
}

/// A distance between predicted and measured cells; smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Wasserstein-1 distance.
    W1,
    /// Wasserstein-2 distance.
    W2,
    /// Maximum mean discrepancy.
    Mmd,
    /// Energy distance.
    Energy,
}

/// One metric of one method.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricScores {
    /// The metric.
    pub metric: Metric,
    /// One score for each held-out time; `None` where it was not computed.
    pub by_time: Vec<Option<Score>>,
    /// The mean over the held-out times.
    pub mean: Option<Score>,
}

/// A score with what is known of its spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The score, or its mean over seeds.
    pub value: f64,
    /// Standard deviation over seeds.
    pub sd: Option<f64>,
    /// Interval around the score, low end first.
    pub interval: Option<[f64; 2]>,
}

/// One line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is recorded.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// One command of the recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does, in a few words.
    pub purpose: String,
    /// The line to type.
    pub line: String,
}

impl Report {
    /// An empty report; the axes are called `component 1` and `component 2`, a time `t`.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Report {
            title: title.into(),
            axes: ["component 1".into(), "component 2".into()],
            time_name: "t".into(),
            ..Report::default()
        }
    }
}

impl Cells {
    /// Cells at one time.
    #[must_use]
    pub fn new(time: f64, split: Split, points: Array2<f64>) -> Self {
        Cells { time, split, points }
    }
}

impl Score {
    /// A score of which only the value is known.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Score { value, sd: None, interval: None }
    }

    /// The same score with a standard deviation over seeds.
    #[must_use]
    pub fn with_sd(self, sd: f64) -> Self {
        Score { sd: Some(sd), ..self }
    }

    /// The same score with an interval.
    #[must_use]
    pub fn with_interval(self, low: f64, high: f64) -> Self {
        Score { interval: Some([low, high]), ..self }
    }
}

impl Metric {
    /// All metrics, in the order of the tables.
    pub const ALL: [Metric; 4] = [Metric::W1, Metric::W2, Metric::Mmd, Metric::Energy];

    /// Short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::W1 => "W₁",
            Metric::W2 => "W₂",
            Metric::Mmd => "MMD",
            Metric::Energy => "Energy distance",
        }
    }
}

impl ScoreRow {
    /// The scores of one metric, if it was computed.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> Option<&MetricScores> {
        self.metrics.iter().find(|m| m.metric == metric)
    }
}
