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
use costs::Costs;
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
/// Rows are scanned with the widest vectors of the machine. Of the starts that were tried this one won on
/// point clouds. Scans of a row a point, at `n = 256`, 8 Gaussians to two moons: shortest augmenting paths
/// from column reduction alone 29; Jonker–Volgenant with two bounded passes of row reduction 37; potentials of
/// a subsample of a quarter, then the same, 30; this auction 25, and each of its scans is cheaper, as it needs
/// no tree. At `n = 1024` in 5-D: 119, 116, 45 and about 23. Short lists of the cheapest columns of each row, renewed
/// when they run out, were slower than plain scans up to `n = 1024` (1.0 ms for 0.7 ms at `n = 256`: in clustered
/// data all of a list grows dear at once) and faster only above (0.38 s for 0.57 s at `n = 4096` in 5-D, both in
/// double precision).
///
/// # Cost
///
/// Milliseconds from a matrix, one thread of an AMD EPYC 9004 at a time when it was shared, least of several:
///
/// | problem | `n` = 256 | 512 | 1024 | 2048 | 4096 |
/// |---|---|---|---|---|---|
/// | Gaussian clouds in 5-D | 0.35 | 1.1 | 6.1 | 55 | 340 |
/// | the same by `POT` 0.9.7 (`emd`) | 5.9 | | 226 | | |
/// | the same by the best of scipy, lap, lapjv | 5.8 | 25 | 154 | 870 | 5200 |
/// | Gaussian clouds in 50-D | 0.32 | 1.0 | 5.3 | 42 | 340 |
/// | the same by the best of scipy, lap, lapjv | 1.8 | 6.7 | 32 | 150 | 583 |
/// | 8 Gaussians to two moons | 0.37 | 1.6 | 10 | | 660 |
///
/// From points the making of the costs is included: 0.37 ms for the last row at `n = 256` (0.55 ms for the draw
/// of the bench). From the optimum's own potentials a problem takes a third to a half of that. Costs that take few
/// values are the weak side: a 0/1 matrix with one zero in 200 took 52 ms at `n = 1000` (scipy 17 ms), as single
/// precision hides which costs tie. The worst case is `O(n^3)`. Memory is `12 n^2` bytes; above `n = 2048` its
/// speed decides. From one matrix every machine gives the same bits. One problem is solved by one thread: for many problems, give each thread its own
/// `Assignment`. `cargo bench -p chreode-benches --bench assignment` measures these problems to `n = 1024`.
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
    costs: Costs,
    auction: Auction,
    state: State,
    tree: Tree,
    plan: AssignmentPlan,
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
        self.costs.copy(cost)?;
        self.run(None)
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
        self.costs.copy(cost)?;
        self.run(Some(target_potential))
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
        self.costs.squared_euclidean(x, y)?;
        self.run(None)
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
        self.costs.squared_euclidean(x, y)?;
        self.run(Some(target_potential))
    }

    /// Solves for the stored costs.
    fn run(&mut self, warm: Option<&[f64]>) -> Result<&AssignmentPlan, OtError> {
        let (n, unit) = (self.costs.n, self.costs.unit);
        self.state.reset(&self.costs);
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
            if self.state.v.iter().all(|v| v.abs() <= 2.0 * self.costs.largest) {
                start = Start::Warm;
            }
        }
        pulp::Arch::new().dispatch(Solve { solver: self, start });
        Ok(&self.plan)
    }
}

/// The whole solve, compiled once for each vector width.
struct Solve<'a> {
    solver: &'a mut Assignment,
    start: Start,
}

impl pulp::WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Assignment { costs, auction, state, tree, plan } = self.solver;
        if costs.n > 1 {
            let scale = auction.run(simd, costs, state, self.start);
            reduction::run(simd, costs, state, scale);
        }
        augment::run(simd, costs, state, tree);
        prove(simd, costs, state, plan);
    }
}

/// Row potentials, cost and gap, from the costs and the column potentials alone.
#[inline(always)]
fn prove<S: Simd>(simd: S, costs: &Costs, state: &State, plan: &mut AssignmentPlan) {
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
        let mut solver = Assignment::new();
        solver.costs.copy(cost.view()).expect("finite costs");
        solver.state.reset(&solver.costs);
        simd.vectorize(Solve { solver: &mut solver, start: Start::Cold });
        solver.plan
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
