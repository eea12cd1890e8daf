//! The list of models.

use crate::{
    Arrivals, CdeConfig, Coupling, FilterConfig, FlowConfig, LatentConfig, ModelConfig, ModelError,
    NeuralOdeConfig, Order, Recognition, Update,
};
use std::fmt;

/// What a model learns from, beside cells at two times at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Snapshots of cells, with the time each was taken at.
    Snapshots,
    /// Individuals, each measured at times of its own.
    Series,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "cells at two times at least, with the time of each",
            Self::Series => {
                "individuals measured at times of their own (--series COLUMN), values missing where they may"
            }
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
    Card {
        name: "neural-ode",
        line: "a field that carries an individual on from its first measurement",
        reference: "Chen et al., NeurIPS 2018, arXiv:1806.07366",
        needs: Needs::Series,
        config: || NeuralOdeConfig::default().into(),
    },
    Card {
        name: "augmented-neural-ode",
        line: "the same with five columns that are not measured, so that courses may cross",
        reference: "Dupont et al., NeurIPS 2019, arXiv:1904.01681",
        needs: Needs::Series,
        config: || NeuralOdeConfig { augment: 5, ..NeuralOdeConfig::default() }.into(),
    },
    Card {
        name: "second-order-neural-ode",
        line: "an acceleration that carries an individual on from its first two measurements",
        reference: "Norcliffe et al., NeurIPS 2020, arXiv:2006.07220",
        needs: Needs::Series,
        config: || NeuralOdeConfig { order: Order::Second, ..NeuralOdeConfig::default() }.into(),
    },
    Card {
        name: "latent-ode",
        line: "a latent path from a random start, recognised from all that was measured; missing values as they are",
        reference: "Rubanova et al., NeurIPS 2019, arXiv:1907.03907",
        needs: Needs::Series,
        config: || LatentConfig::default().into(),
    },
    Card {
        name: "latent-ode-poisson",
        line: "the same, with when something is measured as part of what is learnt",
        reference: "Rubanova et al., NeurIPS 2019, arXiv:1907.03907",
        needs: Needs::Series,
        config: || LatentConfig { arrivals: Arrivals::Poisson, ..LatentConfig::default() }.into(),
    },
    Card {
        name: "latent-ode-rnn",
        line: "a latent path recognised by a recurrent network that is told the gaps",
        reference: "Chen et al., NeurIPS 2018, arXiv:1806.07366",
        needs: Needs::Series,
        config: || LatentConfig { recognition: Recognition::Rnn, ..LatentConfig::default() }.into(),
    },
    Card {
        name: "rnn-vae",
        line: "recurrent on both sides, told the gaps: what latent ODEs are measured against",
        reference: "Rubanova et al., NeurIPS 2019, arXiv:1907.03907",
        needs: Needs::Series,
        config: || LatentConfig::rnn_vae().into(),
    },
    Card {
        name: "ode-rnn",
        line: "forecasts from a state that flows between measurements and jumps at them",
        reference: "Rubanova et al., NeurIPS 2019, arXiv:1907.03907",
        needs: Needs::Series,
        config: || FilterConfig::default().into(),
    },
    Card {
        name: "rnn-gaps",
        line: "forecasts from a recurrent state that is told the gaps",
        reference: "Che et al., Sci. Rep. 2018, arXiv:1606.01865",
        needs: Needs::Series,
        config: || FilterConfig { update: Update::Rnn, ..FilterConfig::default() }.into(),
    },
    Card {
        name: "gru-ode-bayes",
        line: "forecasts with a deviation, updated towards the Bayesian posterior at each measurement",
        reference: "De Brouwer et al., NeurIPS 2019, arXiv:1905.12374",
        needs: Needs::Series,
        config: || FilterConfig::gru_ode_bayes().into(),
    },
    Card {
        name: "neural-cde",
        line: "a state driven by the path of what was measured: labels, and forecasts of the next measurement",
        reference: "Kidger et al., NeurIPS 2020, arXiv:2005.08926",
        needs: Needs::Series,
        config: || CdeConfig::default().into(),
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
