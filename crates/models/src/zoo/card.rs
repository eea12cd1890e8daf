//! The list of models.

use crate::{Coupling, FlowConfig, ModelConfig, ModelError};
use std::fmt;

/// What a model learns from, beside cells at two times at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Snapshots of cells, with the time each was taken at.
    Snapshots,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "cells at two times at least, with the time of each",
        })
    }
}

/// A model of the zoo in three lines.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its name, as it is written on a command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub line: &'static str,
    /// Where it was published.
    pub reference: &'static str,
    /// What it learns from.
    pub needs: Needs,
    /// Its settings, by default.
    pub config: fn() -> ModelConfig,
}

/// All of them, by family.
static CARDS: &[Card] = &[
    Card {
        name: "ot-cfm",
        line: "flow matching along straight lines between cells paired by minibatch optimal transport",
        reference: "Tong et al., TMLR 2024, arXiv:2302.00482",
        needs: Needs::Snapshots,
        config: || FlowConfig::default().into(),
    },
    Card {
        name: "i-cfm",
        line: "flow matching along straight lines between random pairs of cells",
        reference: "Tong et al., TMLR 2024, arXiv:2302.00482",
        needs: Needs::Snapshots,
        config: || FlowConfig { coupling: Coupling::Independent, ..FlowConfig::default() }.into(),
    },
];

impl Card {
    /// All models, by family.
    pub fn all() -> &'static [Self] {
        CARDS
    }

    /// The model called `name`.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`] with the names there are.
    pub fn named(name: &str) -> Result<&'static Self, ModelError> {
        CARDS.iter().find(|card| card.name == name).ok_or_else(|| ModelError::UnknownModel {
            name: name.into(),
            known: CARDS.iter().map(|card| card.name).collect::<Vec<_>>().join(", "),
        })
    }
}
