//! Low-rank Sinkhorn.

use super::cost::{Blocks, CostProduct, FactoredCost};
use super::mirror::{Mirror, Slopes};
use super::plan::{Factors, LowRankPlan};
use super::start::LowRankStart;
use crate::{Certificate, Geometry, OtError, OtSolver, Stop, Transport};
use ndarray::Array2;
use rayon::prelude::*;

/// Transport with a plan of nonnegative rank at most `rank`, in O((n + m) rank) memory.
///
/// Minimises `⟨C, Q diag(1/g) Rᵀ⟩ - ε H(Q, R, g)` over factors with `Q 1 = a`, `R 1 = b`,
/// `Qᵀ 1 = Rᵀ 1 = g`, by mirror descent with Kullback-Leibler projections. The problem is not
/// convex: the plan is one of the given rank, its cost an upper bound of the exact cost, and at full rank
/// with `ε = 0` the exact problem is among those solved, though the descent may end elsewhere.
///
/// The step is `step` over the largest spread of the slopes, computed anew each time (M. Scetbon and M.
/// Cuturi, NeurIPS 2022, arXiv 2205.12365, there with the squared maximum, for costs of about
/// 1); where the objective would rise it is halved. The stop rule's residual is the symmetric
/// Kullback-Leibler divergence of the last two factors over the square of the step. The result is rounded
/// onto the marginals, so that they are exact; there is no dual value.
///
/// An iteration costs O((n + m) rank d) with [`FactoredCost`] and
/// [`solve_factored`](Self::solve_factored), and O(n m rank) with any other geometry.
///
/// M. Scetbon, M. Cuturi and G. Peyré, ICML 2021, arXiv 2103.04737. The same bits for any number of threads.
///
/// ```
/// use chreode_ot::{Coupling, FactoredCost, LowRankSinkhorn, Stop, Transport};
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 1), |(i, _)| i as f64 / 60.0);
/// let y = Array2::from_shape_fn((50, 1), |(j, _)| 1.0 + j as f64 / 50.0);
/// let costs = FactoredCost::squared_euclidean(x.view(), y.view())?;
/// let solver = LowRankSinkhorn::new(8, Stop::Within { tolerance: 1e-6, max_iterations: 2000 });
/// let plan = solver.solve_factored(&Transport::uniform(&costs)?)?;
/// assert!((plan.cost() - 1.0).abs() < 0.05);      // the exact cost is 1
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRankSinkhorn<'f> {
    /// The number of components.
    pub rank: usize,
    /// When to end.
    pub stop: Stop,
    /// ε, in the units of the cost; 0 by default.
    pub epsilon: f64,
    /// The step of the mirror descent, 10 by default.
    pub step: f64,
    /// The least mass of a component, 1e-10 by default.
    pub floor: f64,
    /// Where to start.
    pub start: LowRankStart<'f>,
}

impl LowRankSinkhorn<'_> {
    /// The solver with a rank and a stop rule.
    pub fn new(rank: usize, stop: Stop) -> Self {
        Self { rank, stop, epsilon: 0.0, step: 10.0, floor: 1e-10, start: LowRankStart::RankTwo }
    }

    /// The plan, with the products that the factors of the cost allow.
    ///
    /// # Errors
    /// As `solve`.
    pub fn solve_factored(&self, problem: &Transport<'_, FactoredCost>) -> Result<LowRankPlan, OtError> {
        self.descend(problem, problem.geometry())
    }

    fn descend<G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'_, G>,
        costs: &impl CostProduct,
    ) -> Result<LowRankPlan, OtError> {
        let (n, m) = problem.shape();
        check_settings(self.rank, n.min(m), self.epsilon, self.step, self.floor)?;
        self.stop.check()?;
        let total = problem.source().sum();
        let a = &problem.source() / total;
        let b = &problem.target() / total;
        let factors = self.start.factors(&a, &b, self.rank)?;
        let (step, epsilon, floor, stop) = (self.step, self.epsilon, self.floor, self.stop);
        let mirror = Mirror { method: "low-rank sinkhorn", step, epsilon, floor, stop };
        let descent = mirror.run(factors, (&a, &b), |factors| linear_slopes(costs, factors))?;
        let transport = total * linear_slopes(costs, &descent.factors).value;
        let certificate = Certificate {
            iterations: descent.iterations,
            residual: descent.marginals,
            primal_cost: total * descent.value,
            dual_cost: f64::NEG_INFINITY,
        };
        Ok(LowRankPlan::new(descent.factors, total, transport, certificate))
    }
}

/// The slopes of `⟨C, P⟩`.
pub(crate) fn linear_slopes(costs: &impl CostProduct, at: &Factors) -> Slopes {
    let scaled = |factor: &Array2<f64>| factor / &at.g;
    let q = costs.product(scaled(&at.r).view());
    let r = costs.transposed(scaled(&at.q).view());
    let value = q.rows().into_iter().zip(at.q.rows()).map(|(x, y)| x.dot(&y)).sum();
    Slopes { q, r, value }
}

pub(crate) fn check_settings(
    rank: usize,
    most: usize,
    epsilon: f64,
    step: f64,
    floor: f64,
) -> Result<(), OtError> {
    if rank == 0 || rank > most {
        return Err(OtError::BadRank { rank, most });
    }
    if !(epsilon >= 0.0 && epsilon.is_finite()) {
        return Err(OtError::BadParameter {
            name: "epsilon",
            value: epsilon,
            range: "finite and not negative",
        });
    }
    if !(step > 0.0 && step.is_finite()) {
        return Err(OtError::BadParameter { name: "the step", value: step, range: "positive and finite" });
    }
    if !(floor > 0.0 && floor < 1.0 / rank as f64) {
        let range = "positive and below 1 / rank";
        return Err(OtError::BadParameter { name: "the floor of the components", value: floor, range });
    }
    Ok(())
}

impl OtSolver for LowRankSinkhorn<'_> {
    type Plan<'g, G: Geometry + ?Sized + 'g> = LowRankPlan;

    /// The plan, reading the costs a block of rows at a time.
    ///
    /// # Errors
    /// A rank of 0 or above the smaller side, a cost that is not finite, a setting outside its range, or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<LowRankPlan, OtError> {
        let geometry: &dyn Geometry = &problem.geometry();
        finite(geometry)?;
        self.descend(&problem.erased(geometry), &Blocks(geometry))
    }
}

/// # Errors
/// A cost that is not finite: every point reaches every other through a component.
fn finite(geometry: &dyn Geometry) -> Result<(), OtError> {
    let (n, m) = geometry.shape();
    (0..n).into_par_iter().try_for_each_init(Vec::new, |buffer, row| {
        let costs = geometry.costs(row, 0..m, buffer);
        match costs.iter().position(|c| !c.is_finite()) {
            Some(column) => Err(OtError::BadCost { row, column, value: costs[column] }),
            None => Ok(()),
        }
    })
}
