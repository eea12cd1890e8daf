//! The list of models.

use crate::{
    FlowConfig, MetricFlowConfig, ModelConfig, ModelError, MultiMarginalConfig, RectifiedConfig,
    RescaledFlowConfig, ScoreFlowConfig, TransportPathConfig,
};
use std::fmt;

/// What a model learns from, beside cells at two times at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Snapshots of cells, with the time each was taken at.
    Snapshots,
    /// Cells of one time, beside a first time that stands for noise.
    NoiseAndCells,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "cells at two times at least, with the time of each",
            Self::NoiseAndCells => "cells at two times, the first of which stands for standard normal noise",
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
        config: || FlowConfig::independent().into(),
    },
    Card {
        name: "sb-cfm",
        line: "flow matching along brownian bridges between entropic pairs: the flow of a schroedinger bridge",
        reference: "Tong et al., TMLR 2024, arXiv:2302.00482",
        needs: Needs::Snapshots,
        config: || FlowConfig::schroedinger().into(),
    },
    Card {
        name: "vp-cfm",
        line: "flow matching along quarter circles between random pairs, which keep the variance of centred cells",
        reference: "Albergo and Vanden-Eijnden, ICLR 2023, arXiv:2209.15571",
        needs: Needs::Snapshots,
        config: || FlowConfig::variance_preserving().into(),
    },
    Card {
        name: "uot-cfm",
        line: "ot-cfm with unbalanced plans: cells that grow or die need no far partner",
        reference: "Eyring et al., ICLR 2024, arXiv:2311.15100",
        needs: Needs::Snapshots,
        config: || FlowConfig::unbalanced().into(),
    },
    Card {
        name: "uot-fm",
        line: "ot-cfm between unbalanced pairs of whole populations, and which cells give and receive mass: moved cells have weights",
        reference: "Eyring et al., ICLR 2024, arXiv:2311.15100; Klein et al., NeurIPS 2024, arXiv:2310.09254",
        needs: Needs::Snapshots,
        config: || RescaledFlowConfig::default().into(),
    },
    Card {
        name: "uot-mmfm",
        line: "uot-fm along monotone curves through cells of up to four times",
        reference: "Klein et al., NeurIPS 2024, arXiv:2310.09254; Lee et al., ICML 2025, arXiv:2508.04351",
        needs: Needs::Snapshots,
        config: || RescaledFlowConfig::monotone().into(),
    },
    Card {
        name: "rf",
        line: "rectified flow with one reflow: a second flow along straight lines between the pairs of a first",
        reference: "Liu et al., ICLR 2023, arXiv:2209.03003",
        needs: Needs::Snapshots,
        config: || RectifiedConfig::default().into(),
    },
    Card {
        name: "fm",
        line: "flow matching from standard normal noise at the first of two times to the cells of the other",
        reference: "Lipman et al., ICLR 2023, arXiv:2210.02747",
        needs: Needs::NoiseAndCells,
        config: || FlowConfig::from_noise().into(),
    },
    Card {
        name: "sf2m",
        line: "a velocity and a score along brownian bridges between optimal pairs: cells move by an sde",
        reference: "Tong et al., AISTATS 2024, arXiv:2307.03672",
        needs: Needs::Snapshots,
        config: || ScoreFlowConfig::default().into(),
    },
    Card {
        name: "sf2m-sinkhorn",
        line: "the same between entropic pairs: the schroedinger bridge",
        reference: "Tong et al., AISTATS 2024, arXiv:2307.03672",
        needs: Needs::Snapshots,
        config: || ScoreFlowConfig::schroedinger().into(),
    },
    Card {
        name: "mmfm",
        line: "flow matching along natural splines through optimally paired cells of all times",
        reference: "Rohbeck et al., ICLR 2025",
        needs: Needs::Snapshots,
        config: || MultiMarginalConfig::default().into(),
    },
    Card {
        name: "mmfm-monotone",
        line: "the same along monotone splines, which do not overshoot",
        reference: "Lee et al., ICML 2025, arXiv:2508.04351",
        needs: Needs::Snapshots,
        config: || MultiMarginalConfig::monotone().into(),
    },
    Card {
        name: "otp-fm",
        line: "flow matching along paths from the first time to the last, drawn to the cells in between",
        reference: "OTP-FM, ICML 2026, arXiv:2606.05327",
        needs: Needs::Snapshots,
        config: || TransportPathConfig::default().into(),
    },
    Card {
        name: "mfm-land",
        line: "flow matching along paths bent towards the cells of two times by their local variance",
        reference: "Kapusniak et al., NeurIPS 2024, arXiv:2405.14780",
        needs: Needs::Snapshots,
        config: || MetricFlowConfig::default().into(),
    },
    Card {
        name: "mfm-rbf",
        line: "the same by a metric of radial basis functions, for many dimensions",
        reference: "Kapusniak et al., NeurIPS 2024, arXiv:2405.14780",
        needs: Needs::Snapshots,
        config: || MetricFlowConfig::rbf().into(),
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
