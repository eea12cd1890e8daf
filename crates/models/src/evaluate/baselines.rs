//! What a method must beat, and what it cannot.

use super::distances::w1;
use super::protocol::Held;
use super::{displacement, halves};
use crate::ModelError;
use chreode_core::{Seed, Snapshot};
use rayon::prelude::*;
use serde::Serialize;

/// A single split moves by some percent with the cells that happen to be far out.
const SPLITS: u64 = 5;

/// Exact W₁ to the cells measured at a held-out time `t`, of predictions that no training is behind.
///
/// A method that does not beat [`midpoint`](Self::midpoint) has learnt nothing that interpolation
/// along straight lines does not know.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baselines {
    /// The held-out time.
    pub time: f64,
    /// The cells of the time before, unmoved.
    pub no_motion: f64,
    /// The cells of the time after, unmoved.
    pub other_neighbour: f64,
    /// The displacement interpolation, at `t`, of the exact squared-Euclidean plan between the two
    /// neighbours: weighted points, one for each entry of the plan.
    pub midpoint: f64,
    /// One random half of the measured cells against the other, the mean of five splits ([`halves`]
    /// with seeds 0 to 4): what two samples of the truth differ by. Half the sample size overstates
    /// the floor of full samples. Absent where a single cell was measured.
    pub split_half: Option<f64>,
}

impl Baselines {
    pub(super) fn of(held: &Held) -> Result<Self, ModelError> {
        let truth = &held.truth;
        let ((no_motion, other_neighbour), (midpoint, split_half)) = rayon::join(
            || rayon::join(|| w1(&held.before, truth), || w1(&held.after, truth)),
            || rayon::join(|| midpoint(held), || split_half(truth)),
        );
        Ok(Self {
            time: truth.time,
            no_motion: no_motion?,
            other_neighbour: other_neighbour?,
            midpoint: midpoint?,
            split_half: split_half?,
        })
    }
}

fn midpoint(held: &Held) -> Result<f64, ModelError> {
    w1(&displacement(&held.before, &held.after, held.truth.time)?, &held.truth)
}

fn split_half(truth: &Snapshot) -> Result<Option<f64>, ModelError> {
    if truth.len() < 2 {
        return Ok(None);
    }
    let splits: Result<Vec<f64>, ModelError> = (0..SPLITS)
        .into_par_iter()
        .map(|seed| {
            let (one, other) = halves(truth, Seed(seed))?;
            w1(&one, &other)
        })
        .collect();
    Ok(Some(splits?.iter().sum::<f64>() / SPLITS as f64))
}
