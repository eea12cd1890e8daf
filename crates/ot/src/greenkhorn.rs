//! Greedy Sinkhorn.

mod state;

use crate::coupling::{inner, marginal_error};
use crate::problem::AnyTransport;
use crate::simplex::check;
use crate::{Certificate, DensePlan, Geometry, OtError, OtSolver, Stop, Transport};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use state::State;

/// Entropic transport, one row or column at a time, always the one that is furthest off.
///
/// Has the fixed point of [`Sinkhorn`](crate::Sinkhorn). An iteration scales the row `i` or column `j` with
/// the largest `ρ(a_i, r_i)`, `ρ(x, y) = y - x + x log(x/y)`, for O(n + m) operations; n + m of them cost
/// what one iteration of Sinkhorn does. It pays where a few points are far off: after a small change of the
/// masses, for instance. Holds the `n × m` plan.
///
/// The stop rule's residual is the L1 error of both marginals, as a share of the mass. Every 2 (n + m)
/// iterations, and before the end, the plan is computed afresh from its potentials, so that rounding cannot
/// add up and no entry stays lost that was once too small for floating point.
///
/// J. Altschuler, J. Weed and P. Rigollet, NeurIPS 2017, arXiv 1705.09634, algorithm 4. The same bits for any
/// number of threads.
///
/// ```
/// use chreode_ot::{Coupling, Greenkhorn, OtSolver, Stop, Transport};
/// use ndarray::array;
///
/// let costs = array![[0.0, 1.0], [1.0, 0.0]];
/// let problem = Transport::new(&costs, array![0.7, 0.3].view(), array![0.4, 0.6].view())?;
/// let plan = Greenkhorn::new(0.1, Stop::Within { tolerance: 1e-9, max_iterations: 1000 }).solve(&problem)?;
/// assert!((plan.cost() - 0.3).abs() < 1e-3);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greenkhorn {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end; an iteration is one row or column.
    pub stop: Stop,
}

impl Greenkhorn {
    /// Greedy Sinkhorn at `epsilon`.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop }
    }
}

impl OtSolver for Greenkhorn {
    type Plan<'g, G: Geometry + ?Sized + 'g> = DensePlan;

    /// The entropic plan.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, an ε that is not positive, a point with mass and no allowed move, or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<DensePlan, OtError> {
        self.plan(&problem.erased(&problem.geometry()))
    }
}

impl Greenkhorn {
    fn plan(&self, problem: &AnyTransport<'_>) -> Result<DensePlan, OtError> {
        let epsilon = self.epsilon;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        self.stop.check()?;
        check(problem.geometry())?;
        let total = problem.source().sum();
        let (a, b) = (&problem.source() / total, &problem.target() / total);
        let costs = matrix(problem.geometry());
        allowed(&costs, &a, &b)?;
        let mut state = State {
            costs: &costs,
            epsilon,
            masses: [&a, &b],
            potentials: [row_minima(&costs, &b), Array1::zeros(b.len())],
            sums: [Array1::zeros(0), Array1::zeros(0)],
            plan: Array2::zeros(costs.dim()),
        };
        let refresh = 2 * (a.len() + b.len());
        let mut iterations = 0;
        loop {
            if iterations % refresh == 0 {
                state.refresh();
            }
            let done = match self.stop {
                Stop::Within { tolerance, .. } => {
                    state.residual() <= tolerance && {
                        state.refresh();
                        state.residual() <= tolerance
                    }
                }
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                let residual = state.residual();
                return Err(OtError::NotConverged { method: "greenkhorn", iterations, residual, tolerance });
            }
            let (side, index) = state.worst();
            state.scale(side, index);
            iterations += 1;
        }
        let State { plan, potentials: [f, g], .. } = state;
        let residual = marginal_error(&plan, &a, &b);
        Ok(finish(plan, (f, g), (&a, &b), &costs, epsilon, total, (iterations, residual)))
    }
}

/// The result, with primal and dual cost.
fn finish(
    mut plan: Array2<f64>,
    (f, g): (Array1<f64>, Array1<f64>),
    (a, b): (&Array1<f64>, &Array1<f64>),
    costs: &Array2<f64>,
    epsilon: f64,
    total: f64,
    (iterations, residual): (usize, f64),
) -> DensePlan {
    // Forbidden moves hold no mass and cost nothing.
    let finite = costs.mapv(|c| if c.is_finite() { c } else { 0.0 });
    let transport = inner(&plan.view(), &finite.view());
    let gains: f64 = plan
        .rows()
        .into_iter()
        .zip(&f)
        .zip(finite.rows())
        .map(|((row, &f), costs)| {
            row.iter()
                .zip(&g)
                .zip(costs)
                .map(|((&p, &g), &c)| if p > 0.0 { p * (f + g - c) } else { 0.0 })
                .sum::<f64>()
        })
        .sum();
    let mass = plan.sum();
    // ε KL(P | a bᵀ) = Σ P (f + g - c) - ε Σ P + ε.
    let primal = transport + gains + epsilon * (1.0 - mass);
    let dual = a.dot(&f) + b.dot(&g) + epsilon * (1.0 - mass);
    let (primal_cost, dual_cost) = (total * primal, total * dual);
    plan *= total;
    let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
    DensePlan::from_parts(plan, Some((f, g)), total * transport, certificate)
}

fn matrix(geometry: &dyn Geometry) -> Array2<f64> {
    let (n, m) = geometry.shape();
    let mut costs = Array2::zeros((n, m));
    let flat = costs.as_slice_mut().expect("new arrays are contiguous");
    flat.par_chunks_mut(m).enumerate().for_each_init(Vec::new, |buffer, (row, out)| {
        out.copy_from_slice(geometry.costs(row, 0..m, buffer));
    });
    costs
}

/// The least cost of each row to a target with mass, a first potential that keeps the kernel in range.
fn row_minima(costs: &Array2<f64>, b: &Array1<f64>) -> Array1<f64> {
    let least = |row: ndarray::ArrayView1<'_, f64>| {
        let allowed = row.iter().zip(b).filter(|(c, b)| c.is_finite() && **b > 0.0);
        let least = allowed.map(|(c, _)| *c).fold(f64::INFINITY, f64::min);
        if least.is_finite() { least } else { 0.0 }
    };
    costs.rows().into_iter().map(least).collect()
}

/// # Errors
/// A point with mass and no allowed move to a point with mass.
fn allowed(costs: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>) -> Result<(), OtError> {
    let stuck = |line: ndarray::ArrayView1<'_, f64>, masses: &Array1<f64>| {
        !line.iter().zip(masses).any(|(c, w)| c.is_finite() && *w > 0.0)
    };
    if let Some(row) = (0..a.len()).find(|&i| a[i] > 0.0 && stuck(costs.row(i), b)) {
        return Err(OtError::Infeasible { unplaced: a[row], row });
    }
    if let Some(column) = (0..b.len()).find(|&j| b[j] > 0.0 && stuck(costs.column(j), a)) {
        return Err(OtError::Unreachable { unplaced: b[column], column });
    }
    Ok(())
}
