//! Entropic minibatch optimal transport.

use super::Pairing;
use crate::ModelError;
use chreode_ot::{CostFunction, Coupling, OtSolver, Sinkhorn, SquaredEuclidean, Stop, Transport};
use ndarray::ArrayView2;
use rand::Rng;

/// The plan that minimises squared distance plus `ε KL(π | a ⊗ b)`, sampled one target a source.
///
/// Cuturi, *Sinkhorn distances*, NeurIPS 2013, arXiv:1306.0895; as a minibatch coupling in Tong et
/// al., TMLR 2024.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entropic {
    /// Regularisation ε.
    pub epsilon: Epsilon,
}

/// The regularisation of an entropic plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epsilon {
    /// As a share of the mean cost of the minibatch.
    Relative(f64),
    /// In the units of the squared distance, per unit of network time between the minibatches: `2σ²` gives the
    /// coupling of the Schrödinger bridge of diffusion σ.
    Rate(f64),
}

impl Epsilon {
    /// ε of a minibatch with this mean cost, over `length` of network time.
    pub(super) fn of(self, mean: f64, length: f64) -> f64 {
        match self {
            Self::Relative(share) => share * mean,
            Self::Rate(rate) => rate * length,
        }
    }
}

/// L1 error of the marginals at which a minibatch plan is good enough to be sampled from.
pub(super) const TOLERANCE: f64 = 1e-3;
/// Iterations after which it counts as failed.
pub(super) const ITERATIONS: usize = 10_000;

impl Pairing for Entropic {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        let cost = SquaredEuclidean.matrix(x0, x1)?;
        let mean = cost.mean().unwrap_or(0.0);
        if mean == 0.0 {
            // All cells coincide: every plan is optimal, and so is the product the rows are drawn from.
            return super::Independent.pair(x0, x1, length, rng);
        }
        let stop = Stop::Within { tolerance: TOLERANCE, max_iterations: ITERATIONS };
        let plan = Sinkhorn::new(self.epsilon.of(mean, length), stop).solve(&Transport::uniform(&cost)?)?;
        Ok(plan.sample_permutation(rng))
    }
}
