//! Many independent problems at once.

use crate::{Assignment, AssignmentPlan, Geometry, OtError, OtSolver, Transport};
use chreode_core::Real;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Solves every problem on rayon's current thread pool, results in the order of the problems.
///
/// Parallel over problems, which scales where threads inside one exact solve do not; each result is
/// what [`OtSolver::solve`] returns, the same bits for any number of threads. A problem that fails is
/// an error in its place and does not end the others.
pub fn solve_all<'g, S, G>(solver: &S, problems: &[Transport<'g, G>]) -> Vec<Result<S::Plan<'g, G>, OtError>>
where
    S: OtSolver + Sync,
    G: Geometry + ?Sized + 'g,
    S::Plan<'g, G>: Send,
{
    problems.par_iter().map(|problem| solver.solve(problem)).collect()
}

/// Solves every assignment problem on rayon's current thread pool, results in the order of the problems.
///
/// As [`solve_all`], with one [`Assignment`] and its memory for each piece of the work.
pub fn assign_all(costs: &[ArrayView2<'_, f64>]) -> Vec<Result<AssignmentPlan, OtError>> {
    pooled(costs, |solver, cost| solver.solve(*cost).cloned())
}

/// The same for pairs of clouds and squared Euclidean distances: the plans of many minibatches.
pub fn assign_all_points<A: Real>(
    clouds: &[(ArrayView2<'_, A>, ArrayView2<'_, A>)],
) -> Vec<Result<AssignmentPlan, OtError>> {
    pooled(clouds, |solver, (x, y)| solver.solve_points(*x, *y).cloned())
}

/// Problems a thread takes at a time, with one solver: few enough that the last ones do not keep a thread waiting.
const PIECE: usize = 8;

fn pooled<P: Sync>(
    problems: &[P],
    solve: impl Fn(&mut Assignment, &P) -> Result<AssignmentPlan, OtError> + Sync,
) -> Vec<Result<AssignmentPlan, OtError>> {
    let pieces = problems.par_chunks(PIECE).flat_map_iter(|piece| {
        let mut solver = Assignment::new();
        let solve = &solve;
        piece.iter().map(move |problem| solve(&mut solver, problem)).collect::<Vec<_>>()
    });
    pieces.collect()
}
