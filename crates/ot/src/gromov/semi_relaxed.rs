//! Gromov-Wasserstein transport with a free target marginal.

use super::objective::Objective;
use super::plan::GromovPlan;
use super::problem::check_start;
use super::search::Descent;
use super::{GromovTransport, outer};
use crate::{Entry, OtError, Stop};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Semi-relaxed Gromov-Wasserstein: the target's masses are found, not given.
///
/// Minimises the (fused) objective over plans with `P 1 = a` alone: which points of the target, and how
/// much of each, the source resembles. Conditional gradient; a vertex sends each source point to its cheapest
/// target. The problem's target masses only make the start `a bᵀ`.
///
/// The stop rule and the stationarity are those of [`GromovWasserstein`](crate::GromovWasserstein).
///
/// C. Vincent-Cuaz, R. Flamary, M. Corneli, T. Vayer and N. Courty, ICLR 2022, arXiv 2110.02753,
/// algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SemiRelaxedGromovWasserstein {
    /// When to end, by the relative decrease of the objective.
    pub stop: Stop,
}

impl SemiRelaxedGromovWasserstein {
    /// The solver with a stop rule.
    pub fn new(stop: Stop) -> Self {
        Self { stop }
    }

    /// A stationary plan, from the product of the marginals, of total mass 1.
    ///
    /// # Errors
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(&self, problem: &GromovTransport<'_>) -> Result<GromovPlan, OtError> {
        let (a, b) = (share(problem.source().to_owned()), share(problem.target().to_owned()));
        let start = outer(&a, &b);
        self.run(problem, &a, start)
    }

    /// The same from a plan whose rows sum to `a`, as shares of the total.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), and a start that is not such a plan.
    pub fn solve_from(
        &self,
        problem: &GromovTransport<'_>,
        start: ArrayView2<'_, f64>,
    ) -> Result<GromovPlan, OtError> {
        let a = share(problem.source().to_owned());
        check_start(start, &a, None)?;
        let (expected, found) = (problem.shape().1, start.ncols());
        if expected != found {
            return Err(OtError::Shape { what: "the second axis of the start", expected, found });
        }
        self.run(problem, &a, start.to_owned())
    }

    fn run(
        &self,
        problem: &GromovTransport<'_>,
        a: &Array1<f64>,
        start: Array2<f64>,
    ) -> Result<GromovPlan, OtError> {
        self.stop.check()?;
        let objective = Objective::new(problem);
        let at = objective.at(&start);
        let method = "semi-relaxed gromov-wasserstein";
        let descent = Descent::run(method, &objective, start, at, self.stop, |gradient| {
            let cheapest = |row: usize| {
                let costs = gradient.row(row);
                let best = |best: usize, j: usize| if costs[j] < costs[best] { j } else { best };
                Entry { row, column: (1..costs.len()).fold(0, best), mass: a[row] }
            };
            Ok((0..a.len()).map(cheapest).collect())
        })?;
        let rows = |plan: &Array2<f64>| plan.sum_axis(Axis(1));
        Ok(descent.finish(|plan| rows(plan).iter().zip(a).map(|(x, y)| (x - y).abs()).sum()))
    }
}

fn share(masses: Array1<f64>) -> Array1<f64> {
    let total = masses.sum();
    masses / total
}
