//! The sets of the table, and what was published on them.

use crate::experiment::Method;
use chreode_models::Planar;

/// A mean and a standard deviation over five seeds.
pub(crate) type Published = (f64, f64);

/// One column of the table.
pub(crate) struct Set {
    /// Its heading.
    pub(crate) name: &'static str,
    /// Where the cells are at time 0.
    pub(crate) source: Planar,
    /// Where they are at time 1.
    pub(crate) target: Planar,
    independent: Scores,
    exact: Scores,
}

/// W₂ and normalised path energy.
#[derive(Clone, Copy)]
pub(crate) struct Scores {
    pub(crate) w2: Published,
    pub(crate) npe: Published,
}

impl Set {
    /// What was published for `method`.
    pub(crate) fn published(&self, method: Method) -> Scores {
        match method {
            Method::Independent => self.independent,
            Method::Exact => self.exact,
        }
    }
}

const fn scores(w2: Published, npe: Published) -> Scores {
    Scores { w2, npe }
}

/// Tong et al., *Simulation-free Schrödinger bridges via score and flow matching*, AISTATS 2024, arXiv 2307.03672,
/// table 2, rows I-CFM and OT-CFM.
pub(crate) const SETS: [Set; 4] = [
    Set {
        name: "N->8gaussians",
        source: Planar::Normal,
        target: Planar::Gaussians,
        independent: scores((0.373, 0.103), (0.202, 0.055)),
        exact: scores((0.303, 0.043), (0.031, 0.027)),
    },
    Set {
        name: "moons<->8gaussians",
        source: Planar::StandardisedMoons,
        target: Planar::EightGaussians,
        independent: scores((1.557, 0.407), (2.680, 0.292)),
        exact: scores((0.601, 0.027), (0.015, 0.010)),
    },
    Set {
        name: "N->moons",
        source: Planar::Normal,
        target: Planar::Moons,
        independent: scores((0.178, 0.014), (0.891, 0.120)),
        exact: scores((0.130, 0.016), (0.083, 0.009)),
    },
    Set {
        name: "N->scurve",
        source: Planar::Normal,
        target: Planar::SCurve,
        independent: scores((0.242, 0.141), (0.856, 0.031)),
        exact: scores((0.144, 0.028), (0.027, 0.012)),
    },
];
