//! The list of models.

use crate::{
    CnfConfig, Coupling, FlowConfig, ModelConfig, ModelError, OtFlowConfig, TigonConfig, VgfmConfig,
    WfrConfig,
};
use std::fmt;

/// What a model learns from, beside cells at two times at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Snapshots of cells, with the time each was taken at.
    Snapshots,
    /// Cells at one time or more.
    Cells,
    /// Snapshots, and how much mass each stands for.
    Masses,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "cells at two times at least, with the time of each",
            Self::Cells => "cells at one time or more, with the time of each",
            Self::Masses => {
                "cells at two times at least, in numbers that say how many there were (or mass = \"weights\", or a list)"
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
        name: "cnf",
        line: "continuous normalising flow by maximum likelihood, with the exact divergence",
        reference: "Chen et al., NeurIPS 2018, arXiv:1806.07366",
        needs: Needs::Cells,
        config: || CnfConfig::default().into(),
    },
    Card {
        name: "ffjord",
        line: "continuous normalising flow with a random probe of the divergence",
        reference: "Grathwohl et al., ICLR 2019, arXiv:1810.01367",
        needs: Needs::Cells,
        config: || CnfConfig::ffjord().into(),
    },
    Card {
        name: "rnode",
        line: "FFJORD with its kinetic energy and its Jacobian kept small",
        reference: "Finlay et al., ICML 2020, arXiv:2002.02798",
        needs: Needs::Cells,
        config: || CnfConfig::rnode().into(),
    },
    Card {
        name: "ot-flow",
        line: "normalising flow along the gradient of a potential, near optimal transport",
        reference: "Onken et al., AAAI 2021, arXiv:2006.00104",
        needs: Needs::Cells,
        config: || OtFlowConfig::default().into(),
    },
    Card {
        name: "wfr-fm",
        line: "velocity and growth matched along Wasserstein-Fisher-Rao geodesics between cells with masses",
        reference: "Peng et al., ICLR 2026, arXiv:2601.06810",
        needs: Needs::Masses,
        config: || WfrConfig::default().into(),
    },
    Card {
        name: "vgfm",
        line: "velocity and growth matched along the pairs of semi-relaxed transport",
        reference: "Wang et al., NeurIPS 2025, arXiv:2505.13413",
        needs: Needs::Masses,
        config: || VgfmConfig::default().into(),
    },
    Card {
        name: "tigon",
        line: "velocity and growth of least action whose density meets those of the snapshots",
        reference: "Sha et al., Nature Machine Intelligence 2024, doi 10.1038/s42256-023-00763-w",
        needs: Needs::Masses,
        config: || TigonConfig::default().into(),
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
