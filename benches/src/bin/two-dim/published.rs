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
    /// By method, in the order of [`Method::ALL`].
    published: [Option<Scores>; 6],
}

/// W₂ and normalised path energy.
#[derive(Clone, Copy)]
pub(crate) struct Scores {
    pub(crate) w2: Published,
    /// Not published for SB-CFM.
    pub(crate) npe: Option<Published>,
}

impl Set {
    /// What was published for `method`, if anything.
    pub(crate) fn published(&self, method: Method) -> Option<Scores> {
        self.published[method as usize]
    }
}

const fn scores(w2: Published, npe: Published) -> Option<Scores> {
    Some(Scores { w2, npe: Some(npe) })
}

const fn alone(w2: Published) -> Option<Scores> {
    Some(Scores { w2, npe: None })
}

/// Tong et al., *Simulation-free Schrödinger bridges via score and flow matching*, AISTATS 2024, arXiv 2307.03672,
/// table 2, rows FM, RF, I-CFM, SB-CFM, OT-CFM and \[SF\]²M-Exact.
pub(crate) const SETS: [Set; 4] = [
    Set {
        name: "N->8gaussians",
        source: Planar::Normal,
        target: Planar::Gaussians,
        published: [
            scores((0.343, 0.058), (0.190, 0.054)),
            scores((0.421, 0.071), (0.044, 0.031)),
            scores((0.373, 0.103), (0.202, 0.055)),
            alone((2.314, 2.112)),
            scores((0.303, 0.043), (0.031, 0.027)),
            scores((0.275, 0.058), (0.016, 0.012)),
        ],
    },
    Set {
        name: "moons<->8gaussians",
        source: Planar::StandardisedMoons,
        target: Planar::EightGaussians,
        published: [
            None,
            scores((1.525, 0.330), (0.203, 0.090)),
            scores((1.557, 0.407), (2.680, 0.292)),
            None,
            scores((0.601, 0.027), (0.015, 0.010)),
            scores((0.726, 0.137), (0.045, 0.031)),
        ],
    },
    Set {
        name: "N->moons",
        source: Planar::Normal,
        target: Planar::Moons,
        published: [
            scores((0.209, 0.055), (0.762, 0.099)),
            scores((0.283, 0.045), (0.130, 0.078)),
            scores((0.178, 0.014), (0.891, 0.120)),
            alone((0.434, 0.594)),
            scores((0.130, 0.016), (0.083, 0.009)),
            scores((0.124, 0.023), (0.053, 0.038)),
        ],
    },
    Set {
        name: "N->scurve",
        source: Planar::Normal,
        target: Planar::SCurve,
        published: [
            scores((0.198, 0.037), (0.743, 0.116)),
            scores((0.345, 0.079), (0.099, 0.066)),
            scores((0.242, 0.141), (0.856, 0.031)),
            alone((0.341, 0.468)),
            scores((0.144, 0.028), (0.027, 0.012)),
            scores((0.128, 0.005), (0.034, 0.024)),
        ],
    },
];
