//! Many independent problems at once.

use crate::{Geometry, OtError, OtSolver, Transport};
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
