//! Entropic barycenters without the blur of entropy.

use super::entropic::{Barycenter, Projections};
use super::rows;
use crate::{Certificate, Geometry, OtError, Stop};
use ndarray::{Array1, ArrayView1};

/// The barycenter for the Sinkhorn divergence, of measures on one common support.
///
/// Minimises `Σ λ_k S_ε(a, b_k)`, where the divergence `S_ε` takes from the entropic cost half the costs of
/// each measure to itself. The barycenter of one measure is that measure, and that of Gaussians of one
/// width has this width, which [`EntropicBarycenter`](crate::EntropicBarycenter) widens. Costs are
/// symmetric and between the points of the support.
///
/// An iteration costs one more reading of the costs than the entropic one. The stop rule's residual is that
/// of [`EntropicBarycenter`](crate::EntropicBarycenter) plus the L1 change of the masses.
///
/// H. Janati, M. Cuturi and A. Gramfort, ICML 2020, arXiv 2006.02575, algorithm 1. The same bits for any
/// number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DebiasedBarycenter {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
}

impl DebiasedBarycenter {
    /// The solver at `epsilon`.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop }
    }

    /// The barycenter of the masses `histograms[k]` on the `n` points of the costs, with weights λ. Masses
    /// and weights are taken as shares of their sums.
    ///
    /// # Errors
    /// As [`EntropicBarycenter::solve`](crate::EntropicBarycenter::solve), and costs that are not square.
    pub fn solve<G: Geometry + ?Sized>(
        &self,
        costs: &G,
        histograms: &[ArrayView1<'_, f64>],
        weights: ArrayView1<'_, f64>,
    ) -> Result<Barycenter, OtError> {
        self.stop.check()?;
        let (n, m) = costs.shape();
        if n != m {
            return Err(OtError::NotSquare { what: "the matrix of costs", rows: n, columns: m });
        }
        let geometries = vec![costs; histograms.len()];
        let mut state = Projections::new(&geometries, histograms, weights, self.epsilon)?;
        let epsilon = self.epsilon;
        // ε log d, the potential of the barycenter to itself.
        let mut own = vec![0.0; n];
        let mut iterations = 0;
        let mut before = Array1::<f64>::zeros(n);
        let (masses, residual) = loop {
            state.targets()?;
            let soft = state.sources();
            let mean = state.mean(&soft);
            let log_mass: Vec<f64> = own.iter().zip(&mean).map(|(d, t)| d - t).collect();
            let missed = state.meet(&log_mass, &soft);
            let self_soft = rows(costs, epsilon, &own);
            for ((own, &log), soft) in own.iter_mut().zip(&log_mass).zip(self_soft) {
                *own = 0.5 * (*own + log + soft);
            }
            let masses: Array1<f64> = log_mass.iter().map(|x| (x / epsilon).exp()).collect();
            let residual = missed + (&masses - &before).iter().map(|e| e.abs()).sum::<f64>();
            iterations += 1;
            if !residual.is_finite() {
                return Err(OtError::Diverged { method: "debiased barycenter", iteration: iterations });
            }
            match self.stop {
                Stop::Within { tolerance, .. } if residual <= tolerance => break (masses, residual),
                Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                    let method = "debiased barycenter";
                    return Err(OtError::NotConverged { method, iterations, residual, tolerance });
                }
                Stop::After { iterations: last } if iterations >= last => break (masses, residual),
                _ => before = masses,
            }
        };
        let certificate =
            Certificate { iterations, residual, primal_cost: f64::INFINITY, dual_cost: f64::NEG_INFINITY };
        let potentials = state.f.into_iter().zip(state.g).map(|(f, g)| (f.into(), g.into())).collect();
        Ok(Barycenter { masses, potentials, certificate })
    }
}
