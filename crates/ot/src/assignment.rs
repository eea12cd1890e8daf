//! Exact assignment: transport between two uniform measures on equally many points.

mod aligned;
mod auction;
mod augment;
mod costs;
mod reduction;
mod scan;
mod state;

use chreode_core::Real;
use ndarray::ArrayView2;
use pulp::Simd;

use crate::OtError;
use auction::{Auction, Start};
use augment::Tree;
use costs::{Costs, Store};
use state::State;

/// An exact solver of the assignment problem, with memory that is kept from one problem to the next.
///
/// Transport between uniform measures on `n` source and `n` target points has an optimal plan that is a
/// permutation (Birkhoff 1946), so it is the linear program
///
/// $$ \min_{\sigma} \sum_i c_{i \sigma(i)} = \max_{u, v} \Big\{ \sum_i u_i + \sum_j v_j :
///    u_i + v_j \le c_{ij} \Big\}. $$
///
/// # Method
///
/// 1. Column and row reduction, then a few phases of the auction algorithm with falling steps, in single
///    precision, on the reduced costs: good potentials and most pairs, no guarantee.
/// 2. In double precision, on the costs themselves: pairs that are not tight are freed, and free rows go
///    through two passes of augmenting row reduction.
/// 3. Rows that are still free (often none) get theirs by shortest augmenting paths. From any potentials this
///    ends with an optimum.
/// 4. The row potentials are computed afresh from the costs, and with them the proof: see [`AssignmentPlan`].
///
/// Rows are scanned with the widest vectors of the machine. On point clouds this start needed fewer and cheaper
/// scans than column reduction alone, Jonker–Volgenant's row reduction, or the potentials of a subsample; short
/// lists of the cheapest columns of each row were slower up to `n = 1024`, as in clustered data all of a list
/// grows dear at once.
///
/// # Cost
///
/// `O(n³)` in the worst case. Memory is `12 n²` bytes, and a third of it where a large matrix with rows of a multiple of 8 costs
/// can be read in place; above `n = 2048` its speed decides. Costs that take few values
/// are the weak side, as single precision hides which costs tie. From one matrix every machine gives the same bits.
/// One problem is solved by one thread: for many problems, give each thread its own `Assignment`. Times:
/// `cargo bench -p chreode-benches --bench assignment`; beside other libraries, `cargo xtask peers ot`.
///
/// # References
///
/// R. Jonker, A. Volgenant, *A shortest augmenting path algorithm for dense and sparse linear assignment
/// problems*, Computing 38 (1987), doi:10.1007/BF02278710. D. P. Bertsekas, *The auction algorithm: a
/// distributed relaxation method for the assignment problem*, Ann. Oper. Res. 14 (1988),
/// doi:10.1007/BF02186476. D. F. Crouse, *On implementing 2D rectangular assignment algorithms*, IEEE Trans.
/// Aerosp. Electron. Syst. 52 (2016), doi:10.1109/TAES.2016.140952.
///
/// # Example
///
/// ```
/// use chreode_ot::Assignment;
/// use ndarray::array;
///
/// let mut solver = Assignment::new();
/// let plan = solver.solve(array![[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]].view())?;
/// assert_eq!(plan.target, [1, 0, 2]);
/// assert_eq!(plan.cost, 5.0);
/// assert_eq!(plan.gap, 0.0);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Debug, Default)]
pub struct Assignment {
    costs: Store,
    work: Work,
    plan: AssignmentPlan,
}

/// What a solve works with.
#[derive(Debug, Default)]
struct Work {
    auction: Auction,
    state: State,
    tree: Tree,
}

/// An optimal assignment and its proof.
///
/// For all `i` and `j`, `source_potential[i] <= cost[i][j] - target_potential[j]`, with equality (up to
/// `gap`) for `j = target[i]`. Whatever the assignment, its cost is at least the sum of both potentials; the
/// cost of this one is that sum plus `gap`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignmentPlan {
    /// The target of each source point: a permutation of `0..n`.
    pub target: Vec<usize>,
    /// `u`, one entry a source point, in units of the cost.
    pub source_potential: Vec<f64>,
    /// `v`, one entry a target point, in units of the cost.
    pub target_potential: Vec<f64>,
    /// The sum of the assigned costs, `n` times the transport cost between the uniform measures.
    pub cost: f64,
    /// The sum of the slacks `c - v - u` of the assigned pairs, each 0 or more: `cost` is at most this much above
    /// the minimum. Only rounding makes it differ from 0.
    pub gap: f64,
}

impl Assignment {
    /// A solver that has no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Solves for a square matrix of finite costs, of any sign.
    ///
    /// # Errors
    ///
    /// [`OtError::Empty`], [`OtError::Shape`] (not square), [`OtError::BadCost`] (not finite).
    pub fn solve(&mut self, cost: ArrayView2<f64>) -> Result<&AssignmentPlan, OtError> {
        let costs = self.costs.matrix(cost)?;
        self.work.run(&costs, None, &mut self.plan)?;
        Ok(&self.plan)
    }

    /// As [`solve`](Self::solve), starting from target potentials of a similar problem.
    ///
    /// The start decides the time, not the result: an optimum with its proof, whatever is given.
    ///
    /// # Errors
    ///
    /// Those of [`solve`](Self::solve), and [`OtError::Shape`] or [`OtError::BadPotential`] for the potentials.
    pub fn solve_from(
        &mut self,
        cost: ArrayView2<f64>,
        target_potential: &[f64],
    ) -> Result<&AssignmentPlan, OtError> {
        let costs = self.costs.matrix(cost)?;
        self.work.run(&costs, Some(target_potential), &mut self.plan)?;
        Ok(&self.plan)
    }

    /// Solves for the squared Euclidean distances between the rows of `x` and the rows of `y`.
    ///
    /// Distances are summed in `f64` whatever the points are stored in.
    ///
    /// # Errors
    ///
    /// [`OtError::Empty`], [`OtError::Shape`] (different numbers or dimensions of points),
    /// [`OtError::BadPoint`] (a coordinate that is not finite), [`OtError::BadCost`] (a distance that overflows).
    pub fn solve_points<A: Real>(
        &mut self,
        x: ArrayView2<A>,
        y: ArrayView2<A>,
    ) -> Result<&AssignmentPlan, OtError> {
        let costs = self.costs.squared_euclidean(x, y)?;
        self.work.run(&costs, None, &mut self.plan)?;
        Ok(&self.plan)
    }

    /// As [`solve_points`](Self::solve_points), starting from target potentials of a similar problem.
    ///
    /// # Errors
    ///
    /// Those of [`solve_points`](Self::solve_points), and [`OtError::Shape`] or [`OtError::BadPotential`] for
    /// the potentials.
    pub fn solve_points_from<A: Real>(
        &mut self,
        x: ArrayView2<A>,
        y: ArrayView2<A>,
        target_potential: &[f64],
    ) -> Result<&AssignmentPlan, OtError> {
        let costs = self.costs.squared_euclidean(x, y)?;
        self.work.run(&costs, Some(target_potential), &mut self.plan)?;
        Ok(&self.plan)
    }
}

impl Work {
    /// Solves, with start potentials if there are any.
    fn run(
        &mut self,
        costs: &Costs<'_>,
        warm: Option<&[f64]>,
        plan: &mut AssignmentPlan,
    ) -> Result<(), OtError> {
        let (n, unit) = (costs.n, costs.unit);
        self.state.reset(costs);
        let mut start = Start::Cold;
        if let Some(potential) = warm {
            if potential.len() != n {
                let what = "the list of target potentials";
                return Err(OtError::Shape { what, expected: n, found: potential.len() });
            }
            if let Some(point) = potential.iter().position(|v| !v.is_finite()) {
                return Err(OtError::BadPotential { point, value: potential[point] });
            }
            // A constant is of no account, and no optimal potentials differ by more than twice the largest cost:
            // from others, rounding could reach the result.
            let first = potential[0] / unit;
            for (v, &value) in self.state.v.iter_mut().zip(potential) {
                *v = value / unit - first;
            }
            if self.state.v.iter().all(|v| v.abs() <= 2.0 * costs.largest) {
                start = Start::Warm;
            }
        }
        pulp::Arch::new().dispatch(Solve { work: self, costs, start, plan });
        Ok(())
    }
}

/// The whole solve, compiled once for each vector width.
struct Solve<'a> {
    work: &'a mut Work,
    costs: &'a Costs<'a>,
    start: Start,
    plan: &'a mut AssignmentPlan,
}

impl pulp::WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { work: Work { auction, state, tree }, costs, start, plan } = self;
        if costs.n > 1 {
            let scale = auction.run(simd, costs, state, start);
            reduction::run(simd, costs, state, scale);
        }
        augment::run(simd, costs, state, tree);
        prove(simd, costs, state, plan);
    }
}

/// Row potentials, cost and gap, from the costs and the column potentials alone.
#[inline(always)]
fn prove<S: Simd>(simd: S, costs: &Costs<'_>, state: &State, plan: &mut AssignmentPlan) {
    let unit = costs.unit;
    plan.target.clear();
    plan.source_potential.clear();
    plan.target_potential.clear();
    (plan.cost, plan.gap) = (0.0, 0.0);
    for (i, &j) in state.column_of.iter().enumerate() {
        let j = j as usize;
        let u = scan::least(simd, costs.row(i), &state.v);
        plan.target.push(j);
        plan.source_potential.push(u * unit);
        plan.target_potential.push(state.v[i] * unit);
        plan.cost += costs.at(i, j);
        plan.gap += costs.at(i, j) - state.v[j] - u;
    }
    plan.cost *= unit;
    plan.gap *= unit;
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use pulp::Simd;

    use super::*;

    /// Solves with the vectors of `simd`.
    fn solve<S: Simd>(simd: S, cost: &Array2<f64>) -> AssignmentPlan {
        let (mut store, mut work, mut plan) = (Store::default(), Work::default(), AssignmentPlan::default());
        let costs = store.matrix(cost.view()).expect("finite costs");
        work.state.reset(&costs);
        simd.vectorize(Solve { work: &mut work, costs: &costs, start: Start::Cold, plan: &mut plan });
        plan
    }

    #[test]
    fn every_vector_width_gives_the_same_bits() {
        for n in [1, 2, 9, 40, 133] {
            let real = Array2::from_shape_fn((n, n), |(i, j)| ((i * 37 + j * 101 + i * j) as f64).sin());
            let tied = Array2::from_shape_fn((n, n), |(i, j)| ((i * i + 3 * j + i * j) % 5) as f64);
            for cost in [real, tied] {
                let plan = Assignment::new().solve(cost.view()).unwrap().clone();
                assert_eq!(solve(pulp::Scalar::new(), &cost), plan);
                assert_eq!(solve(pulp::Scalar128b, &cost), plan);
                assert_eq!(solve(pulp::Scalar256b, &cost), plan);
                #[cfg(target_arch = "x86_64")]
                if let Some(simd) = pulp::x86::V3::try_new() {
                    assert_eq!(solve(simd, &cost), plan);
                }
            }
        }
    }
}
