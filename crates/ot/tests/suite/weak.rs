//! Weak transport: references, closed forms, its certificate.

use crate::common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_ot::{
    CostFunction, Coupling, NetworkSimplex, Order, OtError, OtSolver, SquaredEuclidean, Stop, Transport,
    WeakTransport, wasserstein,
};
use common::{cloud, small, weights};
use ndarray::{Array2, array};

fn exact() -> WeakTransport {
    WeakTransport { stop: Stop::Within { tolerance: 1e-11, max_iterations: 500 } }
}

#[test]
fn agrees_with_pot_and_proves_it() {
    let (x, y, a, b) = small();
    let plan = exact().solve(x.view(), y.view(), Some(a.view()), Some(b.view())).unwrap();
    // POT 0.9.7.post1, weak_optimal_transport(numItermax=20000, stopThr=1e-14): conditional gradients, which
    // come from above and stay there.
    let pot = 3.082517902849637;
    assert!(plan.cost() < pot && plan.cost() > pot * (1.0 - 2e-6), "{}", plan.cost());
    let (rows, columns) = plan.marginals();
    assert!((&rows - &a).iter().chain((&columns - &b).iter()).all(|d| d.abs() < 1e-14));
    let again: f64 = plan
        .means
        .rows()
        .into_iter()
        .zip(x.rows())
        .zip(&a)
        .map(|((t, x), a)| a * (&t - &x).mapv(|d| d * d).sum())
        .sum();
    assert_relative_eq!(again, plan.cost(), max_relative = 1e-12);
    assert!((&plan.means - &plan.barycentric(y.view())).iter().all(|d| d.abs() < 1e-13));
    // The gap once more, by a linear programme on the gradient −2 ⟨x_i − mean_i, y_j⟩.
    let gradient = (&x - &plan.means).dot(&y.t()) * -2.0;
    let vertex =
        NetworkSimplex::default().solve(&Transport::new(&gradient, a.view(), b.view()).unwrap()).unwrap();
    let here = (plan.to_matrix() * &gradient).sum();
    assert_abs_diff_eq!(here - vertex.primal_cost(), 0.0, epsilon = 1e-9);
    let certificate = plan.certificate();
    assert!(
        certificate.gap()
            <= 1e-11
                * wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), Order::Two).unwrap().cost
    );
    assert!(certificate.iterations > 1 && certificate.residual <= 1e-11);
}

#[test]
fn is_between_the_means_and_the_distance() {
    for (n, m, seed) in [(40, 60, 1), (60, 25, 2), (30, 30, 3)] {
        let (x, y, a, b) = (
            cloud(n, 3, 0.0, seed) * 2.0,
            cloud(m, 3, 0.2, seed + 9),
            weights(n, seed),
            weights(m, seed + 4),
        );
        let plan = exact().solve(x.view(), y.view(), Some(a.view()), Some(b.view())).unwrap();
        let w2 = wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), Order::Two).unwrap();
        let shift = a.dot(&x) - b.dot(&y);
        assert!(plan.cost() >= shift.dot(&shift) - 1e-12 && plan.cost() < w2.cost);
        // The means are a measure of their own: their W₂ to the source is the weak cost (N. Gozlan and N.
        // Juillet).
        let to_means =
            wasserstein(x.view(), plan.means.view(), Some(a.view()), Some(a.view()), Order::Two).unwrap();
        assert_relative_eq!(to_means.cost, plan.cost(), max_relative = 1e-8);
    }
}

#[test]
fn closed_forms() {
    // Noise of mean zero is free.
    let x = cloud(8, 2, 0.0, 1);
    let noise = array![[0.3, 0.1], [-0.3, -0.1]];
    let y = Array2::from_shape_fn((16, 2), |(k, c)| x[[k / 2, c]] + noise[[k % 2, c]]);
    let plan = exact().solve(x.view(), y.view(), None, None).unwrap();
    assert_abs_diff_eq!(plan.cost(), 0.0, epsilon = 1e-12);
    // The other way it is not.
    assert!(exact().solve(y.view(), x.view(), None, None).unwrap().cost() > 0.01);
    // Two points at ±s and two at ±1: nothing where s < 1, (s − 1)² where s > 1.
    let line = |s: f64| array![[s], [-s]];
    let inside = exact().solve(line(0.4).view(), line(1.0).view(), None, None).unwrap();
    assert_abs_diff_eq!(inside.cost(), 0.0, epsilon = 1e-14);
    assert_abs_diff_eq!(inside.means[[0, 0]], 0.4, epsilon = 1e-12);
    let outside = exact().solve(line(3.0).view(), line(1.0).view(), None, None).unwrap();
    assert_relative_eq!(outside.cost(), 4.0, max_relative = 1e-13);
    // One source point goes to the mean; one target point is where everything goes.
    let (y, b) = (cloud(9, 2, 1.0, 3), weights(9, 3));
    let one = array![[0.5, -0.5]];
    let mean = b.dot(&y);
    let got = exact().solve(one.view(), y.view(), None, Some(b.view())).unwrap();
    let far = &mean - &one.row(0);
    assert_relative_eq!(got.cost(), far.dot(&far), max_relative = 1e-12);
    let costs = SquaredEuclidean.matrix(y.view(), one.view()).unwrap();
    let got = exact().solve(y.view(), one.view(), Some(b.view()), None).unwrap();
    assert_relative_eq!(got.cost(), b.dot(&costs.column(0)), max_relative = 1e-12);
    // A point without mass stays where it is.
    let got = exact().solve(
        y.view(),
        one.view(),
        Some(array![1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0].view()),
        None,
    );
    assert_eq!(got.unwrap().means.row(1), y.row(1));
    // Equal clouds cost nothing.
    assert!(exact().solve(y.view(), y.view(), None, None).unwrap().cost() < 1e-30);
}

#[test]
fn refuses_bad_input() {
    let (x, y, ..) = small();
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 1 };
    let error = WeakTransport { stop }.solve(x.view(), y.view(), None, None).unwrap_err();
    assert!(error.to_string().starts_with("weak transport reached a residual of "), "{error}");
    let after =
        WeakTransport { stop: Stop::After { iterations: 1 } }.solve(x.view(), y.view(), None, None).unwrap();
    assert!(after.certificate().residual > 1e-12 && after.certificate().gap() > 0.0);
    let error = exact().solve(x.view(), y.slice(ndarray::s![.., ..1]), None, None).unwrap_err();
    assert_eq!(error, OtError::Dimension { source_columns: 2, target_columns: 1 });
    let error = exact().solve(x.view(), y.view(), Some(array![1.0].view()), None).unwrap_err();
    assert_eq!(error.to_string(), "the source weights has size 1 where 5 was expected");
}
