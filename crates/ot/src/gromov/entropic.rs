//! Gromov-Wasserstein transport with entropy.

use super::objective::Objective;
use super::plan::GromovPlan;
use super::scaling::{Penalties, Scaling};
use super::{GromovTransport, outer};
use crate::coupling::marginal_error;
use crate::{Certificate, DensePlan, OtError, Stop};
use ndarray::{Array1, Array2, Zip};

/// What an iteration of [`EntropicGromovWasserstein`] minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GromovStep {
    /// `⟨∇F(P), S⟩ + ε KL(S | a bᵀ)`: projected gradient with the step 1/ε. Its fixed points are the
    /// stationary points of `F + ε KL(· | a bᵀ)`.
    #[default]
    Projected,
    /// `⟨∇F(P), S⟩ + ε KL(S | P)`: proximal points (H. Xu, D. Luo, H. Zha and L. Carin, ICML 2019,
    /// arXiv 1901.06003). Its fixed points are stationary points of F itself; ε is a step, not a smoothing.
    Proximal,
}

/// Entropic (fused) Gromov-Wasserstein by projected gradient in the Kullback-Leibler geometry.
///
/// With `F(P) = (1 - α) ⟨M, P⟩ + α Σ ℓ P P`, each iteration solves entropic transport under the costs
/// `∇F(P)` at ε, warm from the potentials of the last. The gradient counts its factor 2 (both places of P
/// in the quadratic form), as POT does; ott-jax leaves it out, so that **its epsilon is half of this one**
/// for the same plan.
///
/// The stop rule's residual is the L1 change of the plan in the last iteration plus its marginals' error;
/// [`stationarity`](GromovPlan::stationarity) is that change. An iteration costs two products of matrices
/// and the inner iterations; memory is four `n × m` matrices.
///
/// G. Peyré, M. Cuturi and J. Solomon, ICML 2016. The same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntropicGromovWasserstein {
    /// The regularisation ε, in the units of the objective.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
    /// What each iteration minimises.
    pub step: GromovStep,
    /// The Sinkhorn iterations allowed inside one iteration; 1000 by default.
    pub inner_iterations: usize,
}

impl EntropicGromovWasserstein {
    /// Projected gradient at `epsilon`.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop, step: GromovStep::Projected, inner_iterations: 1000 }
    }

    /// A stationary plan of the regularised problem, from the product of the marginals.
    ///
    /// # Errors
    /// Marginals of different totals, an ε that is not positive, [`OtError::Diverged`], or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(&self, problem: &GromovTransport<'_>) -> Result<GromovPlan, OtError> {
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: self.epsilon, range });
        }
        self.stop.check()?;
        let (a, b) = problem.shares()?;
        let objective = Objective::new(problem);
        let product = outer(&a, &b);
        let mut at = objective.at_product(&a, &b);
        let mut plan = product;
        let mut scaling = Scaling::new(&a, &b);
        let penalties = Penalties { epsilon: self.epsilon, source: f64::INFINITY, target: f64::INFINITY };
        let mut history = vec![self.value(&objective, &plan, &at, &a, &b).0];
        let (mut iterations, mut change, mut marginals) = (0, f64::INFINITY, 0.0);
        loop {
            let residual = change + marginals;
            let done = match self.stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                let method = "entropic gromov-wasserstein";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            let mut costs = objective.gradient(&at);
            if self.step == GromovStep::Proximal {
                for ((mut costs, plan), &a) in costs.rows_mut().into_iter().zip(plan.rows()).zip(&a) {
                    Zip::from(&mut costs).and(&plan).and(&b).for_each(|c, &p, &b| {
                        if a > 0.0 && b > 0.0 {
                            *c -= self.epsilon * (p / (a * b)).ln();
                        }
                    });
                }
            }
            let inner = match self.stop {
                Stop::Within { tolerance, .. } => 0.1 * tolerance,
                Stop::After { .. } => 1e-12,
            };
            let next = scaling.solve(&costs, penalties, inner, self.inner_iterations);
            iterations += 1;
            if next.iter().any(|p| !p.is_finite()) {
                let method = "entropic gromov-wasserstein";
                return Err(OtError::Diverged { method, iteration: iterations });
            }
            change = plan.iter().zip(&next).map(|(p, q)| (p - q).abs()).sum();
            marginals = marginal_error(&next, &a, &b);
            plan = next;
            at = objective.at(&plan);
            history.push(self.value(&objective, &plan, &at, &a, &b).0);
        }
        let (value, transport, parts) = self.value(&objective, &plan, &at, &a, &b);
        let residual = marginal_error(&plan, &a, &b);
        let certificate =
            Certificate { iterations, residual, primal_cost: value, dual_cost: f64::NEG_INFINITY };
        let plan = DensePlan::from_parts(plan, None, transport, certificate);
        Ok(GromovPlan { plan, parts, history, stationarity: change, certificate })
    }

    /// The objective with and without entropy, and its two parts.
    fn value(
        &self,
        objective: &Objective<'_>,
        plan: &Array2<f64>,
        at: &super::objective::Linearised,
        a: &Array1<f64>,
        b: &Array1<f64>,
    ) -> (f64, f64, (f64, f64)) {
        let (linear, (quadratic, _)) = (objective.linear_part(plan), objective.quadratic_part(plan, at));
        let transport = (1.0 - objective.alpha) * linear + objective.alpha * quadratic;
        let entropy = match self.step {
            GromovStep::Projected => self.epsilon * divergence(plan, a, b),
            GromovStep::Proximal => 0.0,
        };
        (transport + entropy, transport, (linear, quadratic))
    }
}

/// `KL(P | a bᵀ) = Σ P log(P/ab) - P + ab`.
pub(super) fn divergence(plan: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let rows = plan.rows().into_iter().zip(a).map(|(row, &a)| {
        let term = |(&p, &b): (&f64, &f64)| if p > 0.0 { p * (p / (a * b)).ln() - p } else { 0.0 };
        row.iter().zip(b).map(term).sum::<f64>()
    });
    rows.sum::<f64>() + a.sum() * b.sum()
}
