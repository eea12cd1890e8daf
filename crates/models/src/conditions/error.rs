//! Why conditions of cells are refused.

use thiserror::Error;

/// Conditions that no model can be trained or asked under.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ConditionError {
    /// A label that training has not seen.
    #[error("there is no condition {label}; the conditions are {known}")]
    Unknown {
        /// What was asked for.
        label: String,
        /// The labels there are.
        known: String,
    },
    /// No label at all.
    #[error("there are no conditions; name the condition of each cell")]
    Empty,
    /// Other labels than cells.
    #[error("time {time} has {cells} cells and {labels} conditions; give each cell one")]
    Labels {
        /// The snapshot's time.
        time: f64,
        /// Its cells.
        cells: usize,
        /// The conditions given for them.
        labels: usize,
    },
    /// A number that stands for no condition.
    #[error("cell {cell} has condition number {number} of {known}; number the conditions from 0")]
    Number {
        /// The cell, counted over all that were given.
        cell: usize,
        /// Its number.
        number: usize,
        /// How many conditions there are.
        known: usize,
    },
    /// A control that all cells are under, or no others than it.
    #[error(
        "{label} is the only condition, and as the control it has cells at one time only, where two are needed; give it cells at a later time, or others that start from it"
    )]
    Alone {
        /// The control.
        label: String,
    },
    /// A covariate too many or too few.
    #[error(
        "condition {label} has {found} covariates where there are {expected} ({names}); give each a number"
    )]
    Covariates {
        /// The condition.
        label: String,
        /// The names of the covariates.
        names: String,
        /// How many there are.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A covariate that is no number.
    #[error("{covariate} of condition {label} is {value}; leave these cells out or give it a number")]
    Value {
        /// The condition.
        label: String,
        /// The covariate.
        covariate: String,
        /// The value.
        value: f64,
    },
    /// A covariate that says nothing.
    #[error("{covariate} is {value} for all cells and says nothing of them; leave it out")]
    Constant {
        /// The covariate.
        covariate: String,
        /// Its only value.
        value: f64,
    },
    /// Cells that come from nowhere.
    #[error(
        "condition {condition} has cells at time {time} only, where two times are needed; leave these cells out, or name the condition that they start from as the control"
    )]
    Once {
        /// The condition.
        condition: String,
        /// Its only time.
        time: f64,
    },
    /// Too few cells to pair.
    #[error(
        "condition {condition} has {cells} cell at time {time} where 2 are needed at least; leave this condition out or merge it with another"
    )]
    Few {
        /// The condition.
        condition: String,
        /// The time.
        time: f64,
        /// Its cells.
        cells: usize,
    },
    /// Other rows than cells whose conditions are known.
    #[error(
        "there are {found} rows where the conditions of {expected} cells are known; ask for the same cells"
    )]
    Rows {
        /// The cells.
        expected: usize,
        /// The rows asked for.
        found: usize,
    },
    /// A model of conditions that is asked without one.
    #[error("a model of conditions was asked for a motion without one; name one of {known}")]
    Unnamed {
        /// The labels there are.
        known: String,
    },
}
