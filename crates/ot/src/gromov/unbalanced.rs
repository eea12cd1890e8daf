//! Gromov-Wasserstein transport whose marginals are held by penalties.

use super::objective::{Linearised, Objective};
use super::plan::GromovPlan;
use super::scaling::{Penalties, Scaling};
use super::{GromovTransport, outer};
use crate::{Certificate, DensePlan, OtError, Stop};
use ndarray::{Array1, Array2, Axis};

/// Unbalanced (fused) Gromov-Wasserstein: mass may appear and vanish at a price.
///
/// Minimises over plans `P ≥ 0`
///
/// `(1 - α) ⟨M, P⟩ + α Σ ℓ P P + ρ₁ KL⊗(P 1 | a) + ρ₂ KL⊗(Pᵀ 1 | b) + ε KL⊗(P | a bᵀ)`
///
/// with `KL⊗(x | y) = KL(x ⊗ x | y ⊗ y)`, so that all terms but the linear one are quadratic in the mass.
/// The form is relaxed to two plans, each in turn the unbalanced entropic plan under costs that the other
/// makes, with ε and ρ times its mass; then both share the mass. Here masses matter: `a` and `b` are taken as
/// given and need not agree.
///
/// The stop rule's residual is the L1 change of the plan over its mass.
///
/// T. Séjourné, F.-X. Vialard and G. Peyré, NeurIPS 2021, arXiv 2009.04266, algorithm 1; fused: A. Thual
/// et al., NeurIPS 2022, arXiv 2206.09398. The same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnbalancedGromovWasserstein {
    /// The regularisation ε.
    pub epsilon: f64,
    /// The price ρ₁ of missing the source masses, positive and finite.
    pub source: f64,
    /// The price ρ₂ of missing the target masses, positive and finite.
    pub target: f64,
    /// When to end.
    pub stop: Stop,
    /// The Sinkhorn iterations allowed inside one iteration; 1000 by default.
    pub inner_iterations: usize,
}

impl UnbalancedGromovWasserstein {
    /// The solver with one price for both marginals.
    pub fn new(epsilon: f64, rho: f64, stop: Stop) -> Self {
        Self { epsilon, source: rho, target: rho, stop, inner_iterations: 1000 }
    }

    /// A stationary plan, from the product of the masses over the root of their totals.
    ///
    /// # Errors
    /// An ε or ρ that is not positive and finite, [`OtError::Diverged`], or [`OtError::NotConverged`] where
    /// the stop asks for a tolerance.
    pub fn solve(&self, problem: &GromovTransport<'_>) -> Result<GromovPlan, OtError> {
        for (name, value) in
            [("epsilon", self.epsilon), ("the source's rho", self.source), ("the target's rho", self.target)]
        {
            if !(value > 0.0 && value.is_finite()) {
                return Err(OtError::BadParameter { name, value, range: "positive and finite" });
            }
        }
        self.stop.check()?;
        let (a, b) = (problem.source().to_owned(), problem.target().to_owned());
        let objective = Objective::new(problem);
        let product = outer(&a, &b);
        let mut plan = product / (a.sum() * b.sum()).sqrt();
        let mut at = objective.at(&plan);
        let mut scaling = Scaling::new(&a, &b);
        let mut history = vec![self.value(&objective, &plan, &at, &a, &b).0];
        let (mut iterations, mut change) = (0, f64::INFINITY);
        let method = "unbalanced gromov-wasserstein";
        loop {
            let done = match self.stop {
                Stop::Within { tolerance, .. } => change <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged { method, iterations, residual: change, tolerance });
            }
            let mass = plan.sum();
            let costs = self.costs(&objective, &plan, &at, &a, &b);
            let scaled = |x: f64| x * mass;
            let penalties = Penalties {
                epsilon: scaled(self.epsilon),
                source: scaled(self.source),
                target: scaled(self.target),
            };
            let inner = match self.stop {
                Stop::Within { tolerance, .. } => 0.1 * tolerance,
                Stop::After { .. } => 1e-12,
            };
            let mut next = scaling.solve(&costs, penalties, inner * a.sum(), self.inner_iterations);
            iterations += 1;
            let next_mass = next.sum();
            if !(next_mass.is_finite() && next_mass > 0.0) {
                return Err(OtError::Diverged { method, iteration: iterations });
            }
            next *= (mass / next_mass).sqrt();
            change = plan.iter().zip(&next).map(|(p, q)| (p - q).abs()).sum::<f64>() / next.sum();
            plan = next;
            at = objective.at(&plan);
            history.push(self.value(&objective, &plan, &at, &a, &b).0);
        }
        let (value, transport, parts) = self.value(&objective, &plan, &at, &a, &b);
        let residual = crate::coupling::marginal_error(&plan, &a, &b) / a.sum();
        let certificate =
            Certificate { iterations, residual, primal_cost: value, dual_cost: f64::NEG_INFINITY };
        let plan = DensePlan::from_parts(plan, None, transport, certificate);
        Ok(GromovPlan { plan, parts, history, stationarity: change, certificate })
    }

    /// The costs that one plan makes for the other; the linear part is halved, as it stands in both.
    fn costs(
        &self,
        objective: &Objective<'_>,
        plan: &Array2<f64>,
        at: &Linearised,
        a: &Array1<f64>,
        b: &Array1<f64>,
    ) -> Array2<f64> {
        let mut costs = objective.gradient(at) * 0.5;
        let rows = relative_entropy(&plan.sum_axis(Axis(1)), a);
        let columns = relative_entropy(&plan.sum_axis(Axis(0)), b);
        costs += self.source * rows + self.target * columns + self.epsilon * plan_entropy(plan, a, b);
        costs
    }

    /// The objective, the transport in it, and its two parts.
    fn value(
        &self,
        objective: &Objective<'_>,
        plan: &Array2<f64>,
        at: &Linearised,
        a: &Array1<f64>,
        b: &Array1<f64>,
    ) -> (f64, f64, (f64, f64)) {
        let (linear, (quadratic, _)) = (objective.linear_part(plan), objective.quadratic_part(plan, at));
        let transport = (1.0 - objective.alpha) * linear + objective.alpha * quadratic;
        let mass = plan.sum();
        // KL(x ⊗ x | y ⊗ y) = 2 m(x) Σ x log(x/y) - m(x)² + m(y)².
        let double = |entropy: f64, total: f64| 2.0 * mass * entropy - mass * mass + total * total;
        let rows = double(relative_entropy(&plan.sum_axis(Axis(1)), a), a.sum());
        let columns = double(relative_entropy(&plan.sum_axis(Axis(0)), b), b.sum());
        let entropy = double(plan_entropy(plan, a, b), a.sum() * b.sum());
        let value = transport + self.source * rows + self.target * columns + self.epsilon * entropy;
        (value, transport, (linear, quadratic))
    }
}

/// `Σ x log(x/y)`.
fn relative_entropy(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| if x > 0.0 { x * (x / y).ln() } else { 0.0 }).sum()
}

/// `Σ P log(P/ab)`.
fn plan_entropy(plan: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let rows = plan.rows().into_iter().zip(a).map(|(row, &a)| {
        row.iter().zip(b).map(|(&p, &b)| if p > 0.0 { p * (p / (a * b)).ln() } else { 0.0 }).sum::<f64>()
    });
    rows.sum()
}
