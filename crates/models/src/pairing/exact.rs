//! Exact minibatch optimal transport.

use super::Pairing;
use crate::ModelError;
use chreode_ot::Assignment;
use ndarray::ArrayView2;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// How pairs are taken from a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every cell of the minibatch once: the matching itself. The same expectation as
    /// [`Replacement`](Self::Replacement), with less variance.
    Permutation,
    /// As many independent draws from the plan as there are cells, as published: about a third of
    /// the cells of a minibatch are then not used.
    Replacement,
}

impl Sampling {
    /// Pairs of the matching `i → target[i]`.
    fn pairs(self, target: &[usize], rng: &mut dyn Rng) -> Vec<(usize, usize)> {
        let n = target.len();
        match self {
            Self::Permutation => target.iter().copied().enumerate().collect(),
            Self::Replacement => {
                let draw = || {
                    let i = rng.random_range(0..n);
                    (i, target[i])
                };
                std::iter::repeat_with(draw).take(n).collect()
            }
        }
    }
}

/// The plan of least total squared distance between two minibatches of equal size: OT-CFM's coupling.
///
/// Tong et al., TMLR 2024, arXiv:2302.00482, algorithm 3.
#[derive(Debug)]
pub struct Exact {
    sampling: Sampling,
    /// Solvers at rest, with their memory: one a thread that has ever paired at the same time.
    solvers: Mutex<Vec<Assignment>>,
}

impl Exact {
    /// Exact plans, sampled as told.
    pub fn new(sampling: Sampling) -> Self {
        Self { sampling, solvers: Mutex::default() }
    }
}

impl Pairing for Exact {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        _length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        let rest = || self.solvers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut solver = rest().pop().unwrap_or_default();
        let pairs = solver.solve_points(x0, x1).map(|plan| self.sampling.pairs(&plan.target, rng));
        rest().push(solver);
        Ok(pairs?)
    }
}
