//! Gromov-Wasserstein transport with plans of low rank.

use super::GromovTransport;
use super::plan::GromovPlan;
use crate::low_rank::{Factors, Mirror, Slopes, check_settings};
use crate::{Certificate, GromovLoss, LowRankPlan, LowRankStart, OtError, Stop};
use ndarray::{Array1, Array2, ArrayView2};

/// Low-rank Gromov-Wasserstein: linear in the number of points where the structures are factored.
///
/// Minimises the (fused) objective with square loss over plans `Q diag(1/g) Rᵀ` of nonnegative rank at most
/// `rank`, by the mirror descent of [`LowRankSinkhorn`](crate::LowRankSinkhorn) on the slopes of
/// `-2 ⟨C P Dᵀ, P⟩`, to which the objective falls on plans with these marginals. With
/// [`Structure::squared_euclidean`](crate::Structure::squared_euclidean) an iteration costs
/// O((n + m) (rank + d) d) and the `n × m` plan never exists; with matrices O((n² + m²) rank). Linear costs
/// are a matrix and cost O(n m rank).
///
/// The stop rule's residual is the symmetric Kullback-Leibler divergence of the last two factors over the
/// square of the step, which is [`stationarity`](GromovPlan::stationarity) too.
///
/// M. Scetbon, G. Peyré and M. Cuturi, ICML 2022, arXiv 2106.01128. The same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRankGromovWasserstein<'f> {
    /// The number of components.
    pub rank: usize,
    /// When to end.
    pub stop: Stop,
    /// The entropy's factor ε on `Q`, `R` and `g`; 0 by default.
    pub epsilon: f64,
    /// The step of the mirror descent, 10 by default.
    pub step: f64,
    /// The least mass of a component, 1e-10 by default.
    pub floor: f64,
    /// Where to start.
    pub start: LowRankStart<'f>,
}

impl LowRankGromovWasserstein<'_> {
    /// The solver with a rank and a stop rule.
    pub fn new(rank: usize, stop: Stop) -> Self {
        Self { rank, stop, epsilon: 0.0, step: 10.0, floor: 1e-10, start: LowRankStart::RankTwo }
    }

    /// A plan of low rank.
    ///
    /// # Errors
    /// Another loss than the square, a rank of 0 or above the smaller side, marginals of different totals, a
    /// setting outside its range, or [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(&self, problem: &GromovTransport<'_>) -> Result<GromovPlan<LowRankPlan>, OtError> {
        let (n, m) = problem.shape();
        check_settings(self.rank, n.min(m), self.epsilon, self.step, self.floor)?;
        self.stop.check()?;
        if problem.loss() != GromovLoss::Square {
            return Err(OtError::WrongLoss { method: "low-rank gromov-wasserstein" });
        }
        let (a, b) = problem.shares()?;
        let alpha = problem.alpha();
        let constant = constant(problem, &a, &b);
        let evaluate = |factors: &Factors| slopes(problem, factors);
        let factors = self.start.factors(&a, &b, self.rank)?;
        let (step, epsilon, floor, stop) = (self.step, self.epsilon, self.floor, self.stop);
        let mirror = Mirror { method: "low-rank gromov-wasserstein", step, epsilon, floor, stop };
        let descent = mirror.run(factors, (&a, &b), |factors| {
            let (mut slopes, linear, cross) = evaluate(factors);
            slopes.value = (1.0 - alpha) * linear + alpha * (constant - 2.0 * cross);
            slopes
        })?;
        let (_, linear, cross) = evaluate(&descent.factors);
        let parts = (linear, constant - 2.0 * cross);
        let transport = (1.0 - alpha) * parts.0 + alpha * parts.1;
        let certificate = Certificate {
            iterations: descent.iterations,
            residual: descent.marginals,
            primal_cost: descent.value,
            dual_cost: f64::NEG_INFINITY,
        };
        let plan = LowRankPlan::new(descent.factors, 1.0, transport, certificate);
        let (history, stationarity) = (descent.history, descent.change);
        Ok(GromovPlan { plan, parts, history, stationarity, certificate })
    }
}

/// `Σ C² a a + Σ D² b b`, the same for all plans.
fn constant(problem: &GromovTransport<'_>, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let (source, target) = problem.structures();
    a.dot(&source.apply_squares(a)) + b.dot(&target.apply_squares(b))
}

/// The slopes; `⟨M, P⟩`; and `⟨C P Dᵀ, P⟩`.
fn slopes(problem: &GromovTransport<'_>, at: &Factors) -> (Slopes, f64, f64) {
    let (source, target) = problem.structures();
    let alpha = problem.alpha();
    let scaled = |factor: &Array2<f64>| factor / &at.g;
    let (q, r) = (scaled(&at.q), scaled(&at.r));
    // P = Q G Rᵀ with G = diag(1/g), so that C P Dᵀ R G = (C Q G) (Rᵀ Dᵀ R G).
    let (cq, dr) = (source.times(at.q.view()), target.times(at.r.view()));
    let (inner_q, inner_r) = (at.q.t().dot(&cq), at.r.t().dot(&dr));
    let cross: f64 = {
        // ⟨C P Dᵀ, P⟩ = Σ_kl (Qᵀ C Q)_kl (Rᵀ D R)_kl / (g_k g_l).
        let terms = inner_q.indexed_iter().zip(&inner_r);
        terms.map(|(((k, l), x), y)| x * y / (at.g[k] * at.g[l])).sum()
    };
    let over = |matrix: ArrayView2<'_, f64>| {
        Array2::from_shape_fn(matrix.dim(), |(k, l)| matrix[[k, l]] / (at.g[k] * at.g[l]))
    };
    let (mut q_slope, mut r_slope) = if symmetric(problem) {
        let q_slope = cq.dot(&over(inner_r.t())) * (-4.0 * alpha);
        let r_slope = dr.dot(&over(inner_q.t())) * (-4.0 * alpha);
        (q_slope, r_slope)
    } else {
        let (cq_t, dr_t) = (source.turned().times(at.q.view()), target.turned().times(at.r.view()));
        let q_slope = (cq.dot(&over(inner_r.t())) + cq_t.dot(&over(inner_r.view()))) * (-2.0 * alpha);
        let r_slope = (dr.dot(&over(inner_q.t())) + dr_t.dot(&over(inner_q.view()))) * (-2.0 * alpha);
        (q_slope, r_slope)
    };
    let mut linear = 0.0;
    if let Some(costs) = problem.linear() {
        let costs_q = super::product(costs, r.view());
        linear = costs_q.rows().into_iter().zip(at.q.rows()).map(|(x, y)| x.dot(&y)).sum();
        q_slope.scaled_add(1.0 - alpha, &costs_q);
        r_slope.scaled_add(1.0 - alpha, &costs.t().dot(&q));
    }
    (Slopes { q: q_slope, r: r_slope, value: 0.0 }, linear, cross)
}

fn symmetric(problem: &GromovTransport<'_>) -> bool {
    let (source, target) = problem.structures();
    source.is_symmetric() && target.is_symmetric()
}
