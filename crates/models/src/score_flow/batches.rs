//! Points of Brownian bridges, with their velocities and their noise.

use crate::{Batch, BatchSource, Bridge, Couples, ModelError, Pairing, Path};
use ndarray::Array2;

/// Rows to regress velocities and scores on.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreBatch {
    /// Times, points and velocities.
    pub flow: Batch,
    /// The noise ε of each point.
    pub noise: Array2<f32>,
    /// `λ = 2 σ_s/σ²` of each row.
    pub weight: Vec<f32>,
}

/// Brownian bridges between pairs.
pub struct ScoreMatcher<'p, Q> {
    couples: Couples<'p, Q>,
    bridge: Bridge,
}

impl<'p, Q: Pairing> ScoreMatcher<'p, Q> {
    /// Bridges of diffusion `sigma` between the pairs of `couples`.
    pub fn new(couples: Couples<'p, Q>, sigma: f32) -> Self {
        Self { couples, bridge: Bridge { sigma } }
    }
}

impl<Q: Pairing> BatchSource for ScoreMatcher<'_, Q> {
    type Batch = ScoreBatch;

    fn batch(&self, index: u64) -> Result<ScoreBatch, ModelError> {
        let (rows, width) = (self.couples.rows(), self.couples.minibatches().populations().dims());
        let mut flow = Batch::empty(rows, width);
        let mut noise = Vec::with_capacity(rows * width);
        let mut weight = Vec::with_capacity(rows);
        let half = 0.5 * self.bridge.sigma * self.bridge.sigma;
        self.couples.each(index, |moment| {
            let (x, u) = flow.push(moment.time);
            self.bridge.at(moment.s, moment.ends, x, u);
            u.iter_mut().for_each(|u| *u /= moment.ends.length);
            noise.extend_from_slice(moment.ends.noise);
            weight.push(self.bridge.spread(moment.s, moment.ends.length).0 / half);
        })?;
        let noise = Array2::from_shape_vec((rows, width), noise).expect("a row of noise a pair");
        Ok(ScoreBatch { flow, noise, weight })
    }
}
