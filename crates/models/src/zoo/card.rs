//! The list of models.

use crate::{
    Arrivals, CdeConfig, CnfConfig, ConditionalConfig, FilterConfig, FlowConfig, LatentConfig,
    MetricFlowConfig, MioFlowConfig, ModelConfig, ModelError, MultiMarginalConfig, NeuralOdeConfig, Order,
    OtFlowConfig, Recognition, RectifiedConfig, RescaledFlowConfig, ScoreFlowConfig, TigonConfig,
    TrajectoryNetConfig, TransportPathConfig, Update, VgfmConfig, WfrConfig,
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
    /// Snapshots of cells, with the time and the condition of each.
    Conditions,
    /// Individuals, each measured at times of its own.
    Series,
    /// Cells of one time, beside a first time that stands for noise.
    NoiseAndCells,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshots => "cells at two times at least, with the time of each",
            Self::Cells => "cells at one time or more, with the time of each",
            Self::Masses => {
                "cells at two times at least, in numbers that say how many there were (or mass = \"weights\", or a list)"
            }
            Self::Conditions => {
                "cells at two times at least, with the time and the condition of each (--condition COLUMN)"
            }
            Self::Series => "individuals measured at times of their own (--series COLUMN), values missing where they may",
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
        name: "c-ot-cfm",
        line: "ot-cfm under conditions (drugs, donors, doses), a plan a condition, with classifier-free guidance",
        reference: "Ho and Salimans 2022, arXiv:2207.12598; Zheng et al. 2023, arXiv:2311.13443",
        needs: Needs::Conditions,
        config: || ConditionalConfig::default().into(),
    },
    Card {
        name: "c2ot-cfm",
        line: "the same with one plan over all conditions, at a cost of the condition: for doses a cell",
        reference: "Cheng and Schwing 2025, arXiv:2503.10636",
        needs: Needs::Conditions,
        config: || ConditionalConfig::joint().into(),
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
    Card {
        name: "trajectorynet",
        line: "a normalising flow through all times, with short paths that stay near cells",
        reference: "Tong et al., ICML 2020, arXiv:2002.04461",
        needs: Needs::Snapshots,
        config: || TrajectoryNetConfig::default().into(),
    },
    Card {
        name: "mioflow",
        line: "populations carried to populations by optimal transport, in coordinates whose distances are geodesic",
        reference: "Huguet et al., NeurIPS 2022, arXiv:2206.14928",
        needs: Needs::Snapshots,
        config: || MioFlowConfig::default().into(),
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
