//! The same bits for any number of threads and any cut of the rows into blocks.

use crate::common::{counts, dense};
use crate::pca::made;
use chreode_core::Seed;
use chreode_prep::{
    Block, Density, DiffusionMap, Exclusion, GeneMoments, LibrarySizes, Logarithm, Normalized, Pca,
    PearsonResiduals, PrepError, ResidualClip, Rows, Solver, SparseRows, TargetSum, Values,
    fuzzy_connectivities, nearest, residual_variances,
};
use ndarray::Array2;

/// Rows handed out `step` at a time, as a file would.
struct InSteps<'a> {
    rows: &'a SparseRows,
    step: usize,
}

impl Rows for InSteps<'_> {
    fn shape(&self) -> (usize, usize) {
        self.rows.shape()
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        let (n, p) = self.rows.shape();
        for first in (0..n).step_by(self.step) {
            let ends = &self.rows.indptr()[first..=n.min(first + self.step)];
            visit(&Block::new(first, p, ends, self.rows.indices(), self.rows.data())?)?;
        }
        Ok(())
    }
}

/// Everything that sums over rows.
fn all(rows: &impl Rows) -> (GeneMoments, Pca, Array2<f64>, Pca, Pca, Vec<f64>) {
    let sizes = LibrarySizes::measure(rows, TargetSum::Median, Exclusion::Nothing).unwrap();
    let logs = Normalized::new(rows, &sizes, Logarithm::Natural).unwrap();
    let moments = GeneMoments::measure(&logs, Values::AsStored).unwrap();
    let exact = Pca::fit_rows(&logs, 4, Solver::Exact).unwrap();
    let scores = exact.transform_rows(&logs).unwrap();
    let solver = Solver::Randomized { oversample: 4, power: 1, seed: Seed(9) };
    let random = Pca::fit_rows(&logs, 4, solver).unwrap();
    let residuals = PearsonResiduals::new(rows, 100.0, ResidualClip::SquareRoot).unwrap();
    let (residual, _) = Pca::fit_residuals(&residuals, 3, Solver::Exact).unwrap();
    let batch = vec![0; rows.shape().0];
    let variances = residual_variances(rows, &batch, 1, 5, 100.0, ResidualClip::SquareRoot).unwrap();
    (moments, exact, scores, random, residual, variances.residual)
}

pub(crate) fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn threads_and_blocks_change_nothing() {
    let rows = made(2500, 70, 6);
    let one = on(1, || all(&rows));
    assert!(one == on(3, || all(&rows)), "three threads");
    assert!(one == on(2, || all(&InSteps { rows: &rows, step: 333 })), "blocks of 333 rows");
    assert!(one == on(1, || all(&InSteps { rows: &rows, step: 1024 })), "blocks of 1024 rows");
}

/// The Krylov method on a covariance that is written down and one that is not.
#[test]
fn krylov_on_threads() {
    for (n, p) in [(300, 450), (60, 500)] {
        let rows = made(n, p, 5);
        let fit = || Pca::fit_rows(&rows, 3, Solver::Exact).unwrap();
        assert!(on(1, fit) == on(3, fit), "{n} x {p}");
    }
}

#[test]
fn graphs_on_threads() {
    let x = dense(&counts());
    let graph = || {
        let graph = fuzzy_connectivities(&nearest(x.view(), 8).unwrap());
        let map = DiffusionMap::fit(&graph, 5, Density::Normalized).unwrap();
        (graph, map)
    };
    assert!(on(1, graph) == on(3, graph));
}
