//! Gromov-Wasserstein transport without regularisation.

use super::linear::LinearStep;
use super::objective::Objective;
use super::plan::GromovPlan;
use super::search::Descent;
use super::{GromovTransport, outer};
use crate::coupling::marginal_error;
use crate::{OtError, Stop};
use ndarray::ArrayView2;

/// Gromov-Wasserstein and fused Gromov-Wasserstein by conditional gradient.
///
/// Each iteration linearises the objective at the plan, finds the best vertex by exact transport (an
/// assignment where the masses are equal and as many, else the network simplex) and goes to the minimum
/// on the segment between, in closed form. The objective never rises; the limit is a stationary point, and
/// which one depends on the start.
///
/// The stop rule's residual is the relative decrease of the objective in the last iteration, 0 where the
/// linear step finds nothing better. [`stationarity`](GromovPlan::stationarity) is the Frank-Wolfe gap
/// `⟨∇F(P), P - S⟩` to the best vertex `S`: an upper bound of what is left to gain where the objective is
/// convex.
///
/// An iteration costs one product of an `n × n` by an `n × m` matrix and a transport problem, and with
/// squared Euclidean structures ([`Structure::squared_euclidean`](crate::Structure::squared_euclidean))
/// O(n m d) in place of the product. Memory is four `n × m` matrices.
///
/// G. Peyré, M. Cuturi and J. Solomon, ICML 2016; T. Vayer, L. Chapel, R. Flamary, R. Tavenard and
/// N. Courty, Algorithms 13, 2020, doi 10.3390/a13090212. The same bits for any number of threads.
///
/// ```
/// use chreode_ot::{Coupling, GromovTransport, GromovWasserstein, Stop, Structure};
/// use ndarray::array;
///
/// let line = Structure::matrix(array![[0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0]].view())?;
/// let again = Structure::matrix(array![[0.0, 2.0, 3.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]].view())?;
/// let solver = GromovWasserstein::new(Stop::Within { tolerance: 1e-9, max_iterations: 100 });
/// let plan = solver.solve(&GromovTransport::uniform(&line, &again))?;
/// assert!(plan.value().abs() < 1e-12);                    // the second is the first, turned round
/// assert!((plan.matrix()[[0, 2]] - 1.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GromovWasserstein {
    /// When to end, by the relative decrease of the objective.
    pub stop: Stop,
}

impl GromovWasserstein {
    /// The solver with a stop rule.
    pub fn new(stop: Stop) -> Self {
        Self { stop }
    }

    /// A stationary plan, from the product of the marginals.
    ///
    /// # Errors
    /// Marginals of different totals, or [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(&self, problem: &GromovTransport<'_>) -> Result<GromovPlan, OtError> {
        self.stop.check()?;
        let (a, b) = problem.shares()?;
        let objective = Objective::new(problem);
        let at = objective.at_product(&a, &b);
        let start = outer(&a, &b);
        let mut linear = LinearStep::new(&a, &b);
        let descent = Descent::run("gromov-wasserstein", &objective, start, at, self.stop, |gradient| {
            linear.vertex(gradient, &a, &b)
        })?;
        Ok(descent.finish(|plan| marginal_error(plan, &a, &b)))
    }

    /// The same from a plan with these marginals as shares of their totals: another start, another
    /// stationary point.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), and a start of the wrong shape, with an entry that is negative or not
    /// finite, or that misses the marginals by more than [`MASS_TOLERANCE`](crate::MASS_TOLERANCE).
    pub fn solve_from(
        &self,
        problem: &GromovTransport<'_>,
        start: ArrayView2<'_, f64>,
    ) -> Result<GromovPlan, OtError> {
        self.stop.check()?;
        let (a, b) = problem.shares()?;
        super::problem::check_start(start, &a, Some(&b))?;
        let objective = Objective::new(problem);
        let start = start.to_owned();
        let at = objective.at(&start);
        let mut linear = LinearStep::new(&a, &b);
        let descent = Descent::run("gromov-wasserstein", &objective, start, at, self.stop, |gradient| {
            linear.vertex(gradient, &a, &b)
        })?;
        Ok(descent.finish(|plan| marginal_error(plan, &a, &b)))
    }
}
