//! Majorisation-minimisation for relaxed problems without entropy.

use super::certificate::potentials;
use super::dense::Dense;
use super::{AnyRelaxed, Marginal, RelaxedPlan, RelaxedSolver, RelaxedTransport};
use crate::{Geometry, OtError, Stop};

/// Unbalanced transport without entropy, by multiplicative updates of the whole plan.
///
/// With row masses r and column masses s of the plan, one iteration multiplies each entry:
///
/// - KL on both sides: `P_ij ← P_ij (a_i/r_i)^{λ₁/Λ} (b_j/s_j)^{λ₂/Λ} exp(-c_ij/Λ)`, `Λ = λ₁ + λ₂`;
/// - l2 on both sides: `P_ij ← P_ij max(0, λ₁ a_i + λ₂ b_j - c_ij) / (λ₁ r_i + λ₂ s_j)`.
///
/// Each iteration lowers the objective; the convergence is sublinear in general, so that the gap falls slowly:
/// [`UnbalancedFrankWolfe`](crate::UnbalancedFrankWolfe) and [`UnbalancedLbfgs`](crate::UnbalancedLbfgs) are better at
/// small ones. Memory O(n m).
///
/// The residual is the duality gap as a share of the objective, evaluated every 10 iterations.
///
/// L. Chapel, R. Flamary, H. Wu, C. Févotte and G. Gasso, NeurIPS 2021, arXiv 2106.04145. The result is the same
/// bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MajorizeMinimize {
    /// When to end.
    pub stop: Stop,
}

/// The two families of updates.
#[derive(Clone, Copy)]
enum Update {
    Kl(f64, f64),
    L2(f64, f64),
}

impl RelaxedSolver for MajorizeMinimize {
    type Plan<'g, G: Geometry + ?Sized + 'g> = RelaxedPlan;

    /// The plan, as a matrix.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, other penalties than KL on both sides or l2 on both, or [`OtError::NotConverged`]
    /// where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<RelaxedPlan, OtError> {
        self.plan(&problem.erased(&problem.geometry()))
    }
}

impl MajorizeMinimize {
    fn plan(&self, problem: &AnyRelaxed<'_>) -> Result<RelaxedPlan, OtError> {
        self.stop.check()?;
        let update = match problem.marginals() {
            (Marginal::Kl { lambda: x }, Marginal::Kl { lambda: y }) => Update::Kl(x, y),
            (Marginal::L2 { lambda: x }, Marginal::L2 { lambda: y }) => Update::L2(x, y),
            (source, target) => {
                let known = |m| matches!(m, Marginal::Kl { .. } | Marginal::L2 { .. });
                let (side, marginal) = if known(source) { ("target", target) } else { ("source", source) };
                return Err(OtError::UnsupportedMarginal {
                    method: "majorisation-minimisation",
                    side,
                    marginal: marginal.name(),
                    allowed: "it takes KL on both sides or l2 on both; UnbalancedSinkhorn takes all pairs",
                });
            }
        };
        let mut plan = Dense::product(problem)?;
        let mut iterations = 0;
        loop {
            let check = match self.stop {
                Stop::After { iterations: last } => iterations >= last,
                Stop::Within { max_iterations, .. } => {
                    iterations >= max_iterations || iterations.is_multiple_of(10)
                }
            };
            if check {
                let dual = potentials(problem, &plan.columns);
                let certificate = plan.certify(problem, &dual, iterations);
                if plan.ends(self.stop, certificate, "majorisation-minimisation")? {
                    return Ok(plan.finish(dual, certificate));
                }
            }
            let (a, b) = (problem.mass(0), problem.mass(1));
            let (r, s) = (plan.rows.clone(), plan.columns.clone());
            match update {
                Update::Kl(x, y) => {
                    let both = x + y;
                    let power = |a: f64, r: f64, share: f64| {
                        if r > 0.0 { (a / r).powf(share) } else { 0.0 }
                    };
                    let left: Vec<f64> = a.iter().zip(&r).map(|(&a, &r)| power(a, r, x / both)).collect();
                    let right: Vec<f64> = b.iter().zip(&s).map(|(&b, &s)| power(b, s, y / both)).collect();
                    plan.update(|row, column, p, c| p * left[row] * right[column] * (-c / both).exp());
                }
                Update::L2(x, y) => plan.update(|row, column, p, c| {
                    p * (x * a[row] + y * b[column] - c).max(0.0) / (x * r[row] + y * s[column])
                }),
            }
            iterations += 1;
        }
    }
}
