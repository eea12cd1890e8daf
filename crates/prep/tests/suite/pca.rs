//! Principal components: against scanpy, in two ways, and at sizes where the Krylov method works.

use crate::common::{agrees, counts, dense, sparse};
use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_prep::{
    Centre, Exclusion, GeneMoments, LibrarySizes, Logarithm, Normalized, Pca, PearsonResiduals, ResidualClip,
    Rows, Scaled, Select, Solver, SparseRows, TargetSum, Values,
};
use ndarray::{Array2, s};

fn logs() -> SparseRows {
    let rows = counts();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1e4), Exclusion::Nothing).unwrap();
    SparseRows::collect(&Normalized::new(&rows, &sizes, Logarithm::Natural).unwrap()).unwrap()
}

/// Rows with `rank` directions of decreasing weight and noise on top; about half the entries are 0.
pub(crate) fn made(n: usize, p: usize, rank: usize) -> SparseRows {
    let wave = |a: usize, b: usize| ((a * 7919 + b * 104_729 + a * b * 31) as f64 * 0.618).sin();
    let x = Array2::from_shape_fn((n, p), |(i, j)| {
        let signal: f64 = (0..rank).map(|r| wave(i, r + 1) * wave(r + 50, j) / (1.0 + r as f64)).sum();
        (signal + 0.05 * wave(i + 3, j + 11)).max(0.0) as f32
    });
    sparse(&x)
}

#[test]
fn components_of_scanpy() {
    let logs = logs();
    let pca = Pca::fit_rows(&logs, 8, Solver::Exact).unwrap();
    agrees("pca/variance", pca.variance.to_vec(), 1e-6);
    agrees("pca/ratio", pca.variance_ratio.to_vec(), 1e-7);
    agrees("pca/loadings", pca.loadings.slice(s![..4, ..4]).iter().copied(), 1e-5);
    let scores = pca.transform_rows(&logs).unwrap();
    agrees("pca/scores", scores.slice(s![..4, ..4]).iter().copied(), 1e-4);
}

#[test]
fn components_of_scaled_data_and_of_residuals() {
    let logs = logs();
    let moments = GeneMoments::measure(&logs, Values::AsStored).unwrap();
    let scaled = Scaled::new(&logs, &moments, Centre::Zero, 2.0).unwrap();
    let pca = Pca::fit_rows(&scaled, 8, Solver::Exact).unwrap();
    agrees("scaled_pca/variance", pca.variance.to_vec(), 1e-5);
    let counts = counts();
    let seen: Vec<bool> = (0..60).map(|j| j != 13).collect();
    let genes = Select::new(&counts).genes(&seen).unwrap();
    let residuals = PearsonResiduals::new(&genes, 100.0, ResidualClip::SquareRoot).unwrap();
    let (pca, scores) = Pca::fit_residuals(&residuals, 5, Solver::Exact).unwrap();
    agrees("residual_pca/variance", pca.variance.to_vec(), 1e-4);
    let spread = scores.t().dot(&scores) / 239.0;
    assert_relative_eq!(spread, Array2::from_diag(&pca.variance), epsilon = 1e-9 * pca.variance[0]);
}

/// 480 genes: the Krylov method against the whole decomposition of the dense matrix; and the covariance as a map against
/// the covariance written down, on a matrix four times as wide as high.
#[test]
fn sparse_and_dense_and_streamed_agree() {
    for (n, p, k) in [(700, 480, 6), (120, 1000, 4)] {
        let rows = made(n, p, 8);
        let ours = Pca::fit_rows(&rows, k, Solver::Exact).unwrap();
        let whole = Pca::fit(dense(&rows).view(), k).unwrap();
        assert_relative_eq!(ours.variance, whole.variance, max_relative = 1e-6);
        assert_relative_eq!(ours.variance_ratio, whole.variance_ratio, max_relative = 1e-6);
        assert_relative_eq!(ours.loadings, whole.loadings, epsilon = 1e-5);
        assert_relative_eq!(ours.loadings.t().dot(&ours.loadings), Array2::eye(k), epsilon = 1e-11);
        let scores = ours.transform_rows(&rows).unwrap();
        assert_relative_eq!(scores, whole.transform(dense(&rows).view()).unwrap(), epsilon = 1e-4);
    }
}

/// With all components nothing is lost.
#[test]
fn inverse_of_all_components() {
    let rows = made(50, 12, 12);
    let pca = Pca::fit_rows(&rows, 12, Solver::Exact).unwrap();
    let back = pca.inverse(pca.transform_rows(&rows).unwrap().view()).unwrap();
    assert_relative_eq!(back, dense(&rows).mapv(f64::from), epsilon = 1e-10);
}

/// The eight directions stand out of the noise, so four iterations find them to many digits.
#[test]
fn randomised_components_span_the_same() {
    let rows = made(700, 480, 8);
    let exact = Pca::fit_rows(&rows, 5, Solver::Exact).unwrap();
    let solver = Solver::Randomized { oversample: 10, power: 4, seed: Seed(3) };
    let random = Pca::fit_rows(&rows, 5, solver).unwrap();
    assert_relative_eq!(random.variance, exact.variance, max_relative = 1e-8);
    // Cosines of the principal angles.
    let cosines = exact.loadings.t().dot(&random.loadings);
    assert_relative_eq!(cosines.dot(&cosines.t()), Array2::eye(5), epsilon = 1e-8);
    assert_eq!(random, Pca::fit_rows(&rows, 5, solver).unwrap(), "a seed gives the same again");
    assert_eq!(rows.shape(), (700, 480));
}
