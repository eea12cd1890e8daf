//! The published evaluation of models of growth: from the first cells on, where the others go and how many there are.

use super::distances::exact_w1;
use crate::{Dynamics, Mass, ModelError, Sampler};
use chreode_core::{Populations, Seed, Snapshot};
use serde::Serialize;

/// How well the cells at one time are met, by the first cells carried there with their masses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GrowthScore {
    /// The time.
    pub time: f64,
    /// Exact W₁, Euclidean cost, between the carried cells with their masses as shares and the measured ones.
    pub w1: f64,
    /// The mass there, the first being 1, by the model.
    pub mass: f64,
    /// The same by the data.
    pub true_mass: f64,
}

impl GrowthScore {
    /// `|m − m*| / m*`.
    pub fn mass_error(&self) -> f64 {
        (self.mass - self.true_mass).abs() / self.true_mass
    }
}

/// Carries the first snapshot through all times, masses included, and scores every later one.
///
/// The protocol of Peng et al., ICLR 2026, arXiv:2601.06810 (its tables average both numbers over the times). All
/// distances are in the coordinates of `populations`.
///
/// # Errors
/// What the model, the masses or a distance refuses.
pub fn score_growth(
    model: &dyn Dynamics,
    populations: &Populations,
    mass: &Mass,
    sampler: &Sampler,
    seed: Seed,
) -> Result<Vec<GrowthScore>, ModelError> {
    let masses = mass.of(populations, "the score of growth")?;
    let first = &populations.snapshots()[0];
    let weights = Some(masses[0].mapv(|m| m as f32));
    let start = Snapshot { weights, ..first.clone() };
    let states = model.evolve(&start, &populations.times(), sampler, seed)?;
    let total = |s: &Snapshot| s.weights.as_ref().map_or(1.0, |w| w.iter().map(|&w| f64::from(w)).sum());
    let before = masses[0].sum();
    let later = states.iter().zip(populations.snapshots()).zip(&masses).skip(1);
    let score = |((state, measured), masses): ((&Snapshot, &Snapshot), &ndarray::Array1<f64>)| {
        Ok(GrowthScore {
            time: measured.time,
            w1: exact_w1(state, measured)?,
            mass: total(state) / before,
            true_mass: masses.sum() / before,
        })
    };
    later.map(score).collect()
}
