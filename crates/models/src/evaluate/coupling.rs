//! How far the pairs of minibatches are from the plan of whole populations.

use super::distances::w2;
use crate::minibatches::row;
use crate::{Clock, Minibatches, ModelError, Pairing, error::require};
use chreode_core::{Populations, Seed, Snapshot};
use serde::Serialize;

/// What pairs of minibatches cost beside the optimal plan of all cells.
///
/// The plan of a minibatch is optimal for its cells and not for the population: its pairs are longer, and flows learnt from
/// them are less straight (Fatras et al., AISTATS 2020, arXiv:1910.04091; Tong et al., TMLR 2024, arXiv:2302.00482).
/// The relative bias `(E|x₀ − x₁|² − W₂²) / W₂²` is 0 for the plan of all cells and large for independent pairs; it falls as
/// minibatches grow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CouplingBias {
    /// Cells a minibatch.
    pub size: usize,
    /// `E|x₀ − x₁|²` over the pairs of the minibatches.
    pub cost: f64,
    /// Its standard error over minibatches.
    pub cost_error: f64,
    /// `W₂²` between all cells: the least cost there is.
    pub least: f64,
    /// `cost / least − 1`.
    pub bias: f64,
    /// Its standard error over minibatches.
    pub bias_error: f64,
}

impl CouplingBias {
    /// The bias of `pairing` between minibatches of each of `sizes` of two snapshots, from `batches` minibatches each;
    /// `length` is the network time between the snapshots.
    ///
    /// # Errors
    /// Fewer than two minibatches, a size of 0, populations that coincide, a minibatch or a population without a plan.
    pub fn measure(
        [from, to]: [&Snapshot; 2],
        length: f64,
        pairing: &dyn Pairing,
        (sizes, batches): (&[usize], u64),
        seed: Seed,
    ) -> Result<Vec<Self>, ModelError> {
        require("the number of minibatches", batches as f64, batches >= 2, "at least 2")?;
        let least = w2(from, to)?.powi(2);
        require(
            "the squared distance of the populations",
            least,
            least > 0.0,
            "above 0, or no bias is defined",
        )?;
        let names = (0..from.points.ncols()).map(|j| format!("x{j}")).collect();
        let cells = Populations::new(vec![from.clone(), to.clone()], names)?;
        let clock = Clock::of(&cells.times())?;
        let of = |&size: &usize| {
            let minibatches = Minibatches::owned(cells.clone(), clock, size, seed)?;
            let costs = (0..batches).map(|k| {
                let (drawn, mut rng) = minibatches.draw(k);
                let (x0, x1) = (drawn[0].view(), drawn[1].view());
                let pairs = pairing.pair(x0, x1, length, &mut rng)?;
                let squares = pairs.iter().map(|&(i, j)| squared(row(&x0, i), row(&x1, j)));
                Ok(squares.sum::<f64>() / pairs.len() as f64)
            });
            let costs = costs.collect::<Result<Vec<f64>, ModelError>>()?;
            let n = costs.len() as f64;
            let cost = costs.iter().sum::<f64>() / n;
            let variance = costs.iter().map(|c| (c - cost).powi(2)).sum::<f64>() / (n - 1.0);
            let cost_error = (variance / n).sqrt();
            let (bias, bias_error) = (cost / least - 1.0, cost_error / least);
            Ok(Self { size, cost, cost_error, least, bias, bias_error })
        };
        sizes.iter().map(of).collect()
    }
}

/// `|a − b|²`.
fn squared(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}
