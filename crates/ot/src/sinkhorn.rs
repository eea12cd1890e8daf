//! Entropic transport: Sinkhorn's algorithm in the log domain.

mod exp;
mod half;
mod plan;

pub(crate) use exp::exp;
pub use plan::EntropicPlan;

use crate::simplex::check;
use crate::{Certificate, Geometry, OtError, OtSolver, Stop, Transport};
use half::{Weighted, columns, rows};
use ndarray::Array1;

/// How ε is approached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EpsilonScaling {
    /// ε from the first iteration on.
    None,
    /// `steps` iterations at each of ε/factorᵏ, from the first not below `start` down to ε.
    Geometric {
        /// About the largest cost.
        start: f64,
        /// Between 0 and 1, e.g. 0.5.
        factor: f64,
        /// Iterations at each value before the next.
        steps: usize,
    },
}

/// Entropic optimal transport.
///
/// Minimises `⟨C, P⟩ + ε KL(P | a bᵀ)` over plans with marginals `a` and `b`, by alternating
/// `f_i = -ε log Σ_j b_j exp((g_j - c_ij)/ε)` and `g_j = -ε log Σ_i a_i exp((f_i - c_ij)/ε)`;
/// then `P_ij = a_i b_j exp((f_i + g_j - c_ij)/ε)`, with masses as shares of the total.
///
/// Everything stays in the log domain, so a tiny ε is slow but never NaN. One iteration reads the
/// costs three times and needs O(n + m) memory beyond the geometry. The convergence is linear, with
/// a rate that tends to 1 as ε → 0; [`EpsilonScaling::Geometric`] shortens the way.
///
/// M. Cuturi, NeurIPS 2013; G. Peyré and M. Cuturi, Computational Optimal Transport, 2019, section
/// 4.4, doi 10.1561/2200000073. The result is the same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinkhorn {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
    /// How to approach ε.
    pub scaling: EpsilonScaling,
}

impl Sinkhorn {
    /// Sinkhorn at `epsilon` from the first iteration on.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop, scaling: EpsilonScaling::None }
    }

    pub(crate) fn check(&self) -> Result<(), OtError> {
        let bad = |name, value, range| Err(OtError::BadParameter { name, value, range });
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return bad("epsilon", self.epsilon, "positive and finite");
        }
        self.stop.check()?;
        if let EpsilonScaling::Geometric { start, factor, .. } = self.scaling {
            if !(factor > 0.0 && factor < 1.0) {
                return bad("the scaling factor", factor, "between 0 and 1");
            }
            if !start.is_finite() {
                return bad("the start of the scaling", start, "finite");
            }
        }
        Ok(())
    }

    /// The values of ε above the last, largest first, each as often as it is used.
    pub(crate) fn schedule(&self) -> Vec<f64> {
        let EpsilonScaling::Geometric { start, factor, steps } = self.scaling else { return Vec::new() };
        let mut values = Vec::new();
        let mut epsilon = self.epsilon / factor;
        while epsilon < start {
            values.extend(std::iter::repeat_n(epsilon, steps));
            epsilon /= factor;
        }
        values.reverse();
        values
    }
}

impl OtSolver for Sinkhorn {
    type Plan<'g, G: Geometry + ?Sized + 'g> = EntropicPlan<'g, G>;

    /// The entropic plan. Iterations of the scaling count.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, an ε that is not positive, a point with mass and no allowed move,
    /// or [`OtError::NotConverged`] where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
    ) -> Result<EntropicPlan<'g, G>, OtError> {
        self.check()?;
        let geometry = problem.geometry();
        check(geometry)?;
        let total = problem.source().sum();
        let a = &problem.source() / total;
        let b = &problem.target() / total;
        let (mut f, mut g) = (Array1::<f64>::zeros(a.len()), Array1::<f64>::zeros(b.len()));
        let schedule = self.schedule();
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        loop {
            let epsilon = schedule.get(iterations).copied().unwrap_or(self.epsilon);
            let next = rows(geometry, epsilon, Weighted::new(&g, &b, epsilon));
            // Row i of the plan before this update sums to a_i exp((f_i - next_i)/ε).
            if iterations > schedule.len() {
                residual = (a.iter().zip(&f).zip(&next))
                    .map(
                        |((&a, &f), &next)| {
                            if a > 0.0 { a * ((f - next) / epsilon).exp_m1().abs() } else { 0.0 }
                        },
                    )
                    .sum();
            }
            let done = match self.stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last.max(schedule.len() + 1),
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged { method: "sinkhorn", iterations, residual, tolerance });
            }
            f = next;
            if let Some(row) = (0..a.len()).find(|&i| a[i] > 0.0 && f[i] == f64::INFINITY) {
                return Err(OtError::Infeasible { unplaced: a[row], row });
            }
            g = columns(geometry, epsilon, Weighted::new(&f, &a, epsilon));
            if let Some(column) = (0..b.len()).find(|&j| b[j] > 0.0 && g[j] == f64::INFINITY) {
                return Err(OtError::Unreachable { unplaced: b[column], column });
            }
            iterations += 1;
        }
        // Points without mass have no say: a finite potential keeps 0 · exp(·) at 0.
        f.iter_mut().chain(g.iter_mut()).filter(|p| !p.is_finite()).for_each(|p| *p = 0.0);
        let mut plan = EntropicPlan::new(geometry, self.epsilon, total, (a, b), (f, g));
        let dual_cost = plan.dual_objective();
        let (transport, divergence) = plan.primal_parts();
        let primal_cost = transport + self.epsilon * divergence;
        plan.finish(transport, Certificate { iterations, residual, primal_cost, dual_cost });
        Ok(plan)
    }
}
