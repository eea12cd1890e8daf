//! Unbalanced minibatch optimal transport.

use super::Pairing;
use super::entropic::{ITERATIONS, TOLERANCE};
use crate::ModelError;
use chreode_ot::{
    CostFunction, Coupling, Marginal, RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop,
    UnbalancedSinkhorn,
};
use ndarray::{Array1, ArrayView2};
use rand::Rng;

/// The plan that minimises squared distance plus `ε KL(π | a ⊗ b) + λ KL(π 1 | a) + λ KL(πᵀ 1 | b)`, sampled.
///
/// A cell that grows or dies need not be paired with one far away, so the flow does not carry mass where cells were
/// born. Pairs are drawn from the whole plan by systematic sampling: a cell that keeps little mass is seldom drawn.
/// Eyring et al., *Unbalancedness in neural Monge maps improves unpaired domain translation*, ICLR 2024,
/// arXiv:2311.15100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unbalanced {
    /// Regularisation ε, relative to the mean cost of the minibatch.
    pub epsilon: f64,
    /// Penalty λ of leaving mass out, relative to the mean cost of the minibatch.
    pub penalty: f64,
}

impl Pairing for Unbalanced {
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
            return super::Independent.pair(x0, x1, length, rng);
        }
        let uniform = |n: usize| Array1::from_elem(n, 1.0 / n as f64);
        let (a, b) = (uniform(x0.nrows()), uniform(x1.nrows()));
        let keep = Marginal::Kl { lambda: self.penalty * mean };
        let problem = RelaxedTransport::new(&cost, a.view(), b.view(), keep, keep)?;
        let stop = Stop::Within { tolerance: TOLERANCE, max_iterations: ITERATIONS };
        let plan = UnbalancedSinkhorn::new(self.epsilon * mean, stop).solve(&problem)?;
        Ok(plan.sample_systematic(x0.nrows(), rng))
    }
}
