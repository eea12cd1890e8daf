//! What the instrument reports of a cell's concentrations.

use crate::{ModelError, error::require};
use rand::Rng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};
use serde::{Deserialize, Serialize};

/// From concentrations `x` to the numbers in the expression matrix.
///
/// A cell's size factor is `s = exp(σ Z − σ²/2)`, of mean 1, with `Z` standard normal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Measurement {
    /// The concentrations themselves.
    Exact,
    /// `Poisson(s · depth · x)`: molecule counts.
    Counts {
        /// Counts per unit of concentration in a cell of size 1.
        depth: f64,
        /// `σ`.
        spread: f64,
    },
    /// `Poisson(s · depth · x · g)` with `g` gamma distributed, of mean 1 and variance `dispersion`: negative binomial
    /// counts of mean `m = s · depth · x` and variance `m + dispersion · m²` (Grün, Kester & van Oudenaarden 2014,
    /// doi 10.1038/nmeth.2930).
    NegativeBinomial {
        /// Counts per unit of concentration in a cell of size 1.
        depth: f64,
        /// `σ`.
        spread: f64,
        /// What a count varies beyond the Poisson law, as a share of the square of its mean.
        dispersion: f64,
    },
    /// `ln(1 + Poisson(s · depth · x) / s)`: counts, corrected for size, in logarithms.
    LogCounts {
        /// Counts per unit of concentration in a cell of size 1.
        depth: f64,
        /// `σ`.
        spread: f64,
    },
}

impl Default for Measurement {
    fn default() -> Self {
        Self::LogCounts { depth: 20.0, spread: 0.2 }
    }
}

impl Measurement {
    /// One cell, measured.
    pub(super) fn read(&self, state: &[f64], out: &mut [f32], rng: &mut impl Rng) {
        match *self {
            Self::Exact => out.iter_mut().zip(state).for_each(|(o, &x)| *o = x as f32),
            Self::Counts { depth, spread } => {
                let size = size_factor(spread, rng);
                out.iter_mut().zip(state).for_each(|(o, &x)| *o = poisson(size * depth * x, rng) as f32);
            }
            Self::NegativeBinomial { depth, spread, dispersion } => {
                let size = size_factor(spread, rng);
                for (o, &x) in out.iter_mut().zip(state) {
                    *o = poisson(size * depth * x * overdispersed(dispersion, rng), rng) as f32;
                }
            }
            Self::LogCounts { depth, spread } => {
                let size = size_factor(spread, rng);
                for (o, &x) in out.iter_mut().zip(state) {
                    *o = (poisson(size * depth * x, rng) / size).ln_1p() as f32;
                }
            }
        }
    }

    /// The velocity of the noise-free reading of concentration `x` that moves at `dx`.
    pub(super) fn tangent(&self, x: f64, dx: f64) -> f64 {
        match *self {
            Self::Exact => dx,
            Self::Counts { depth, .. } | Self::NegativeBinomial { depth, .. } => depth * dx,
            Self::LogCounts { depth, .. } => depth * dx / (1.0 + depth * x),
        }
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        match *self {
            Self::Exact => Ok(()),
            Self::Counts { depth, spread }
            | Self::NegativeBinomial { depth, spread, .. }
            | Self::LogCounts { depth, spread } => {
                if let Self::NegativeBinomial { dispersion, .. } = *self {
                    require(
                        "dispersion",
                        dispersion,
                        (0.0..=10.0).contains(&dispersion),
                        "between 0 and 10",
                    )?;
                }
                require("depth", depth, depth > 0.0 && depth <= 1e6, "above 0 and at most 1e6")?;
                require("spread", spread, (0.0..=3.0).contains(&spread), "between 0 and 3")
            }
        }
    }
}

fn size_factor(spread: f64, rng: &mut impl Rng) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    (spread * z - 0.5 * spread * spread).exp()
}

/// A gamma variable of mean 1 and that variance.
fn overdispersed(dispersion: f64, rng: &mut impl Rng) -> f64 {
    if dispersion == 0.0 {
        return 1.0;
    }
    Gamma::new(dispersion.recip(), dispersion).expect("a positive and finite dispersion").sample(rng)
}

/// A Poisson count; 0 for a rate of 0.
fn poisson(rate: f64, rng: &mut impl Rng) -> f64 {
    if rate > 0.0 { Poisson::new(rate).expect("a finite rate above 0").sample(rng) } else { 0.0 }
}
