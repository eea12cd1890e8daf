//! What cells were under while they moved: a perturbation, a donor, a dose.

mod data;
mod error;

pub use data::Conditioned;
pub(crate) use data::expect_known;
pub use error::ConditionError;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a cell was under: a label, and a number for each covariate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The category, e.g. a drug, a donor, a knocked-out gene.
    pub label: String,
    /// Real covariates, e.g. a dose, in the order of [`Conditions::covariates`].
    pub covariates: Vec<f64>,
}

impl Condition {
    /// A label alone.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), covariates: Vec::new() }
    }

    /// The same with these covariates.
    #[must_use]
    pub fn with(self, covariates: Vec<f64>) -> Self {
        Self { covariates, ..self }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)?;
        self.covariates.iter().try_for_each(|value| write!(f, " {value}"))
    }
}

/// A real covariate of conditions, standardised for the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Covariate {
    /// Its name.
    pub name: String,
    /// Its mean over cells.
    pub mean: f64,
    /// Its standard deviation over cells; never 0.
    pub scale: f64,
}

/// The conditions that a model knows, and the row that its network sees of each.
///
/// The row has a column a label, 1 for the condition's own; a column a covariate, standardised; and a last column that is
/// 1 for the null token alone, the row of a cell whose condition is not told (Ho and Salimans 2022, arXiv:2207.12598).
/// The first layer's weights on these columns are a learnt embedding of the width of that layer. A label must be known; a
/// covariate may have any value, since a network interpolates between doses, and not between drugs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// The labels, sorted.
    pub labels: Vec<String>,
    /// The covariates.
    pub covariates: Vec<Covariate>,
}

impl Conditions {
    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.labels.len() + self.covariates.len() + 1
    }

    /// The row of `condition`.
    ///
    /// # Errors
    /// [`ConditionError::Unknown`] for a label that is not known, [`ConditionError::Covariates`] and
    /// [`ConditionError::Value`] for covariates that are not a number each.
    pub fn row(&self, condition: &Condition) -> Result<Vec<f32>, ConditionError> {
        let Condition { label, covariates } = condition;
        let unknown = || ConditionError::Unknown { label: label.clone(), known: self.known() };
        let place = self.labels.iter().position(|known| known == label).ok_or_else(unknown)?;
        self.check(condition)?;
        let mut row = vec![0.0; self.width()];
        row[place] = 1.0;
        for (k, (value, covariate)) in covariates.iter().zip(&self.covariates).enumerate() {
            row[self.labels.len() + k] = ((value - covariate.mean) / covariate.scale) as f32;
        }
        Ok(row)
    }

    /// The row of the null token.
    pub fn null(&self) -> Vec<f32> {
        let mut row = vec![0.0; self.width()];
        row[self.width() - 1] = 1.0;
        row
    }

    /// The row of `condition`, or of the null token, `rows` times.
    ///
    /// # Errors
    /// As [`row`](Self::row).
    pub fn rows(&self, condition: Option<&Condition>, rows: usize) -> Result<Array2<f32>, ConditionError> {
        let row = condition.map_or_else(|| Ok(self.null()), |condition| self.row(condition))?;
        Ok(Array2::from_shape_fn((rows, row.len()), |(_, j)| row[j]))
    }

    /// The labels, in words.
    pub fn known(&self) -> String {
        self.labels.join(", ")
    }

    /// Whether the covariates of `condition` are as many numbers as there are covariates.
    fn check(&self, Condition { label, covariates }: &Condition) -> Result<(), ConditionError> {
        if covariates.len() != self.covariates.len() {
            let names: Vec<&str> = self.covariates.iter().map(|c| c.name.as_str()).collect();
            return Err(ConditionError::Covariates {
                label: label.clone(),
                names: if names.is_empty() { "none".into() } else { names.join(", ") },
                expected: names.len(),
                found: covariates.len(),
            });
        }
        match covariates.iter().zip(&self.covariates).find(|(value, _)| !value.is_finite()) {
            Some((&value, covariate)) => {
                Err(ConditionError::Value { label: label.clone(), covariate: covariate.name.clone(), value })
            }
            None => Ok(()),
        }
    }
}
