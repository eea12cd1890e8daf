//! Starting potentials: how near the answer they are.

use crate::common;

use chreode_core::Seed;
use chreode_ot::{
    CostFunction, NetworkSimplex, OtError, OtSolver, PointCloud, Sinkhorn, SquaredEuclidean, Stop, Transport,
    sorting_potentials, subsample_potentials,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 10_000 }
}

/// The L1 error of the row marginals after one half step from `g`: what a warm start saves.
fn residual(
    costs: &Array2<f64>,
    a: &Array1<f64>,
    b: &Array1<f64>,
    f: &Array1<f64>,
    g: &Array1<f64>,
    epsilon: f64,
) -> f64 {
    let sums = |i: usize| -> f64 {
        (0..b.len()).map(|j| b[j] * ((f[i] + g[j] - costs[[i, j]]) / epsilon).exp()).sum()
    };
    (0..a.len()).map(|i| a[i] * (sums(i) - 1.0).abs()).sum()
}

#[test]
fn sorting_solves_problems_on_a_line() {
    for (n, m, seed) in [(40, 60, 1), (30, 30, 2), (1, 7, 3)] {
        let (x, y, a, b) =
            (cloud(n, 1, 0.0, seed), cloud(m, 1, 0.6, seed + 1), weights(n, seed), weights(m, seed + 5));
        for power in [1, 2, 4] {
            let cost = move |x: &[f64], y: &[f64]| (x[0] - y[0]).abs().powi(power);
            let points = PointCloud::new(x.view(), y.view(), &cost).unwrap();
            let problem = Transport::new(&points, a.view(), b.view()).unwrap();
            let (f, g) = sorting_potentials(&problem, x.column(0), y.column(0)).unwrap();
            // Dual feasible, and as good as the plan of the simplex: optimal.
            let costs = cost.matrix(x.view(), y.view()).unwrap();
            assert!(costs.indexed_iter().all(|((i, j), c)| f[i] + g[j] <= c + 1e-12));
            let exact = NetworkSimplex::default().solve(&problem).unwrap();
            assert!((a.dot(&f) + b.dot(&g) - exact.primal_cost()).abs() < 1e-12);
        }
    }
}

#[test]
fn a_subsample_is_near_and_the_whole_is_there() {
    let (x, y, a, b) = (cloud(200, 2, 0.0, 1), cloud(150, 2, 0.6, 2), weights(200, 1), weights(150, 2));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let epsilon = 0.1;
    let solver = Sinkhorn::new(epsilon, within(1e-10));
    let rng = || Seed(1).stream("subsample", 0);
    let start = residual(&costs, &a, &b, &Array1::zeros(200), &Array1::zeros(150), epsilon);
    let (f, g) = subsample_potentials(&problem, &solver, 50, &mut rng()).unwrap();
    assert!(residual(&costs, &a, &b, &f, &g, epsilon) < 0.3 * start);
    // All the points: the answer.
    let (f, g) = subsample_potentials(&problem, &solver, 1000, &mut rng()).unwrap();
    assert!(residual(&costs, &a, &b, &f, &g, epsilon) < 1e-9);
    // And the same start from the same stream.
    assert_eq!(
        subsample_potentials(&problem, &solver, 20, &mut rng()).unwrap(),
        subsample_potentials(&problem, &solver, 20, &mut rng()).unwrap()
    );
}

#[cfg(feature = "gaussian")]
#[test]
fn gaussians_have_their_potentials() {
    use chreode_ot::{Gaussian, entropic_gaussian, gaussian_potentials};
    // Gaussians on a grid of ±5 standard deviations, weighted by their density: integrals to 1e-6.
    let grid = |mean: f64, sd: f64| -> (Array2<f64>, Array1<f64>) {
        let z = Array1::linspace(-5.0, 5.0, 81);
        let density = z.mapv(|z: f64| (-0.5 * z * z).exp());
        let total = density.sum();
        (z.mapv(|z| mean + sd * z).insert_axis(ndarray::Axis(1)), density / total)
    };
    let ((x, a), (y, b)) = (grid(0.3, 1.0), grid(-1.0, 1.7));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    for epsilon in [0.5, 4.0] {
        let (f, g) =
            gaussian_potentials(x.view(), y.view(), Some(a.view()), Some(b.view()), epsilon).unwrap();
        assert!(residual(&costs, &a, &b, &f, &g, epsilon) < 1e-4);
        let [p, q] = [(&x, &a), (&y, &b)].map(|(x, a)| Gaussian::of_cloud(x.view(), Some(a.view())).unwrap());
        let value = entropic_gaussian(&p, &q, epsilon).unwrap().value;
        assert!((a.dot(&f) + b.dot(&g) - value).abs() < 1e-12);
    }
    // Clouds in three dimensions, one of them flat: a start that is much nearer than none.
    let mut x = cloud(300, 3, 0.0, 1);
    x.column_mut(2).fill(0.0);
    let y = cloud(300, 3, 0.4, 2).dot(&array![[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.3, 2.0]]);
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let equal = Array1::from_elem(300, 1.0 / 300.0);
    let (f, g) = gaussian_potentials(x.view(), y.view(), None, None, 0.2).unwrap();
    let start = residual(&costs, &equal, &equal, &Array1::zeros(300), &Array1::zeros(300), 0.2);
    assert!(residual(&costs, &equal, &equal, &f, &g, 0.2) < 0.5 * start);
    let error = gaussian_potentials(x.view(), y.view(), None, None, -1.0).unwrap_err();
    assert_eq!(error.to_string(), "epsilon is -1; it must be positive and finite");
}

#[test]
fn refuses_bad_input() {
    let (x, y) = (cloud(4, 1, 0.0, 1), cloud(5, 1, 0.0, 2));
    let points = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let problem = Transport::uniform(&points).unwrap();
    let said = |e: OtError| e.to_string();
    let error = sorting_potentials(&problem, y.column(0), y.column(0)).unwrap_err();
    assert_eq!(said(error), "the numbers of the source points has size 5 where 4 was expected");
    let mut bad = y.column(0).to_owned();
    bad[3] = f64::NAN;
    let error = sorting_potentials(&problem, x.column(0), bad.view()).unwrap_err();
    assert_eq!(said(error), "the target point 3 has value NaN in column 0; every coordinate must be finite");
    let fence = |_: &[f64], _: &[f64]| f64::INFINITY;
    let closed = PointCloud::new(x.view(), y.view(), &fence).unwrap();
    let error =
        sorting_potentials(&Transport::uniform(&closed).unwrap(), x.column(0), y.column(0)).unwrap_err();
    assert!(matches!(error, OtError::BadCost { value: f64::INFINITY, .. }));
    let rng = &mut Seed(1).stream("subsample", 0);
    let solver = Sinkhorn::new(0.1, within(1e-9));
    let error = subsample_potentials(&problem, &solver, 0, rng).unwrap_err();
    assert_eq!(said(error), "the size of the subsample is 0; it must be at least 1");
    let a = array![1.0, 0.0, 0.0, 0.0];
    let problem = Transport::new(&points, a.view(), Array1::from_elem(5, 0.2).view()).unwrap();
    let error =
        (0..20).find_map(|k| subsample_potentials(&problem, &solver, 1, &mut Seed(k).stream("s", 0)).err());
    assert_eq!(error, Some(OtError::NoMass { side: "source" }));
}
