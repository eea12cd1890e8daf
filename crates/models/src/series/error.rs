//! Why individuals measured in time are refused.

use thiserror::Error;

/// A series that no model can be given.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SeriesError {
    /// Nothing at all.
    #[error(
        "there are {individuals} individuals with {features} features; a series needs one of each at least"
    )]
    Empty {
        /// Individuals given.
        individuals: usize,
        /// Features given.
        features: usize,
    },
    /// Other columns than there are features.
    #[error(
        "individual {id} has {found} columns where there are {expected} features; give each a column, empty where nothing was measured"
    )]
    Columns {
        /// The individual.
        id: String,
        /// Features.
        expected: usize,
        /// Its columns.
        found: usize,
    },
    /// Other rows than times.
    #[error("individual {id} has {times} times and {rows} rows; give one row a time")]
    Rows {
        /// The individual.
        id: String,
        /// Its times.
        times: usize,
        /// Its rows.
        rows: usize,
    },
    /// Times that are not increasing numbers.
    #[error(
        "the times of individual {id} are not increasing numbers; sort them, and merge rows of the same time"
    )]
    Times {
        /// The individual.
        id: String,
    },
    /// A value that is infinite.
    #[error(
        "{feature} of individual {id} is {value} at time {time}; leave it empty where it was not measured"
    )]
    Value {
        /// The individual.
        id: String,
        /// When.
        time: f64,
        /// Which.
        feature: String,
        /// The value.
        value: f32,
    },
    /// All measurements at one time.
    #[error("there is nothing to learn in time: the measurements are at {}; two times are needed at least", listed(.times))]
    OneTime {
        /// The times there are.
        times: Vec<f64>,
    },
    /// A first measurement that a model cannot start from.
    #[error(
        "{model} starts from a first measurement of all features, and individual {id} has none of {feature} then; leave out such rows or features, or train latent-ode, which takes them as they are"
    )]
    Start {
        /// The model.
        model: &'static str,
        /// The individual.
        id: String,
        /// The first missing feature.
        feature: String,
    },
    /// Fewer times than a model starts from.
    #[error(
        "{model} starts from {needed} measurements, and individual {id} has {found}; leave it out, or train latent-ode"
    )]
    Short {
        /// The model.
        model: &'static str,
        /// The individual.
        id: String,
        /// Its times.
        found: usize,
        /// Times needed.
        needed: usize,
    },
    /// No labels where a model learns from them.
    #[error(
        "{model} learns labels, and no individual has one; name their column with --label, or set label_weight to 0"
    )]
    NoLabels {
        /// The model.
        model: &'static str,
    },
    /// As many lists of times as individuals are needed.
    #[error("there are {individuals} individuals and {found} lists of times to predict; give one list each")]
    Lists {
        /// Individuals.
        individuals: usize,
        /// Lists.
        found: usize,
    },
    /// A time that is no number.
    #[error("time {time} is asked of individual {id}; ask for times that are numbers")]
    Asked {
        /// The individual.
        id: String,
        /// The time.
        time: f64,
    },
    /// Times that are too many steps away.
    #[error(
        "the times of individual {id} are {steps:.1e} steps from the start, where {most:.0e} are allowed; give times in the unit that was trained on and nearer to those, or train with a larger longest"
    )]
    Far {
        /// The individual.
        id: String,
        /// Steps that its way takes.
        steps: f64,
        /// Steps that a way may take.
        most: f64,
    },
}

fn listed(times: &[f64]) -> String {
    times.first().map_or("no time".to_string(), |t| format!("time {t} alone"))
}
