//! Entropic transport of a cloud to itself: one potential.

use super::{PlanRows, soft_minimum, weighted};
use crate::{Certificate, Geometry, OtError, Stop};
use ndarray::{Array1, ArrayView1};
use rayon::prelude::*;

/// The potential `f` (both potentials are equal) and the value `2⟨a, f⟩ + ε (1 − Σ P)`.
pub(super) struct SelfTransport {
    pub(super) potential: Array1<f64>,
    pub(super) certificate: Certificate,
}

/// `f ← ½ (f + T f)` with `(T f)_i = −ε log Σ_j a_j exp((f_j − c_ij)/ε)`.
///
/// For a kernel `exp(−c/ε)` that is positive definite the error is at least halved in each step near the
/// fixed point, whatever ε is. J. Feydy et al., AISTATS 2019, arXiv 1810.08278, section 3.1.
pub(super) fn solve<G: Geometry>(
    geometry: &G,
    a: ArrayView1<'_, f64>,
    epsilon: f64,
    stop: Stop,
) -> Result<SelfTransport, OtError> {
    let n = a.len();
    let mut f = Array1::<f64>::zeros(n);
    let mut iterations = 0;
    let residual = loop {
        let h = weighted(f.view(), a, epsilon);
        let next: Vec<f64> = (0..n)
            .into_par_iter()
            .map_init(Vec::new, |buffer, row| soft_minimum(geometry.costs(row, 0..n, buffer), &h, epsilon))
            .collect();
        if let Some(row) = next.iter().position(|f| !f.is_finite()) {
            return Err(OtError::Infeasible { unplaced: a[row], row });
        }
        // Row i of the plan of f sums to a_i exp((f_i − next_i)/ε).
        let residual: f64 = a
            .iter()
            .zip(&f)
            .zip(&next)
            .map(|((&a, &f), &next)| a * ((f - next) / epsilon).exp_m1().abs())
            .sum();
        let done = match stop {
            Stop::Within { tolerance, .. } => residual <= tolerance,
            Stop::After { iterations: last } => iterations >= last,
        };
        if done {
            break residual;
        }
        if let Stop::Within { tolerance, max_iterations } = stop
            && iterations >= max_iterations
        {
            let method = "the symmetric sinkhorn iteration";
            return Err(OtError::NotConverged { method, iterations, residual, tolerance });
        }
        f.iter_mut().zip(&next).for_each(|(f, next)| *f = 0.5 * (*f + next));
        iterations += 1;
    };
    let rows = PlanRows { geometry, epsilon, masses: (a, a), potentials: (f.view(), f.view()) };
    let parts = rows.map(|i, p| {
        let mass: f64 = p.iter().sum();
        let exponent: f64 = p.iter().zip(&f).map(|(p, g)| p * g).sum::<f64>() + f[i] * mass;
        (mass, exponent)
    });
    let (mass, exponent) = parts.iter().fold((0.0, 0.0), |(m, e), part| (m + part.0, e + part.1));
    // ⟨C, P⟩ + ε KL(P | a aᵀ) = Σ P (f + g) + ε (1 − Σ P).
    let primal_cost = exponent + epsilon * (1.0 - mass);
    let dual_cost = 2.0 * a.dot(&f) + epsilon * (1.0 - mass);
    Ok(SelfTransport {
        certificate: Certificate { iterations, residual, primal_cost, dual_cost },
        potential: f,
    })
}
