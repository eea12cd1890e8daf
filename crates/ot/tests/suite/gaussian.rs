//! Gaussians and mixtures: references, closed forms, discretised problems.
#![cfg(feature = "gaussian")]

use crate::common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_ot::{
    CostFunction, Coupling, Gaussian, GaussianMixture, OtError, OtSolver, Sinkhorn, SquaredEuclidean, Stop,
    Transport, entropic_gaussian, gaussian_barycenter, gaussian_geodesic, gaussian_map,
    gaussian_sinkhorn_divergence, gaussian_wasserstein, mixture_wasserstein,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn three() -> [Gaussian; 3] {
    [
        (array![0.0, 0.0], array![[2.0, 0.5], [0.5, 1.0]]),
        (array![1.0, -2.0], array![[1.0, -0.3], [-0.3, 3.0]]),
        (array![-1.0, 0.5], array![[0.5, 0.2], [0.2, 0.6]]),
    ]
    .map(|(mean, covariance)| Gaussian::new(mean, covariance).expect("valid"))
}

fn close(got: &Array2<f64>, want: &Array2<f64>, tolerance: f64) {
    assert_eq!(got.dim(), want.dim());
    assert!((got - want).iter().all(|d| d.abs() < tolerance), "{got} is not {want}");
}

#[test]
fn distance_and_map_are_those_of_pot() {
    // POT 0.9.7.post1, bures_wasserstein_distance and _mapping.
    let [p, q, _] = three();
    let square = gaussian_wasserstein(&p, &q).unwrap();
    assert_relative_eq!(square.sqrt(), 2.4350178346303286, max_relative = 1e-14);
    assert_relative_eq!(square, gaussian_wasserstein(&q, &p).unwrap(), max_relative = 1e-14);
    let map = gaussian_map(&p, &q).unwrap();
    let want = array![[0.7542862119573398, -0.3112527175344325], [-0.31125271753443257, 1.8380243661358662]];
    close(&map.matrix, &want, 1e-13);
    // It moves the one onto the other, and its cost is the distance.
    close(&map.matrix.dot(&p.covariance()).dot(&map.matrix), &q.covariance().to_owned(), 1e-13);
    assert_eq!(map.apply(array![[0.0, 0.0]].view()), array![[1.0, -2.0]]);
    let away = &map.matrix - &Array2::<f64>::eye(2);
    let cost = 5.0 + (away.dot(&p.covariance()) * &away).sum();
    assert_relative_eq!(cost, square, max_relative = 1e-13);
}

#[test]
fn near_gaussians_do_not_cancel() {
    // Commuting covariances: Σ (√s − √r)².
    let gaussian =
        |s: f64| Gaussian::new(array![0.0, 0.0, 0.0], Array2::from_diag(&array![s, 2.0, 0.0])).unwrap();
    let far = 1.0 + 1e-9;
    let square = gaussian_wasserstein(&gaussian(1.0), &gaussian(far * far)).unwrap();
    assert_relative_eq!(square, 1e-18, max_relative = 1e-5);
}

#[test]
fn a_geodesic_has_constant_speed() {
    let [p, q, _] = three();
    let whole = gaussian_wasserstein(&p, &q).unwrap().sqrt();
    for t in [0.0, 0.3, 1.0] {
        let between = gaussian_geodesic(&p, &q, t).unwrap();
        assert_abs_diff_eq!(gaussian_wasserstein(&p, &between).unwrap().sqrt(), t * whole, epsilon = 1e-7);
        assert_abs_diff_eq!(
            gaussian_wasserstein(&between, &q).unwrap().sqrt(),
            (1.0 - t) * whole,
            epsilon = 1e-7
        );
    }
}

#[test]
fn the_barycenter_is_that_of_pot_and_a_minimum() {
    // POT 0.9.7.post1, bures_wasserstein_barycenter to 1e-15.
    let all = three();
    let w = array![5.0, 3.0, 2.0];
    let stop = Stop::Within { tolerance: 1e-13, max_iterations: 1000 };
    let got = gaussian_barycenter(&all, Some(w.view()), stop).unwrap();
    let want = array![[1.295084080842963, 0.23957608975523986], [0.23957608975523992, 1.3617883888495435]];
    close(&got.gaussian.covariance().to_owned(), &want, 1e-12);
    assert_abs_diff_eq!(got.gaussian.mean()[0], 0.1, epsilon = 1e-15);
    assert_abs_diff_eq!(got.gaussian.mean()[1], -0.5, epsilon = 1e-15);
    let cost = |other: &Gaussian| -> f64 {
        all.iter().zip(&w).map(|(g, w)| 0.1 * w * gaussian_wasserstein(other, g).unwrap()).sum()
    };
    assert_relative_eq!(cost(&got.gaussian), got.cost, max_relative = 1e-13);
    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
        for h in [-0.01, 0.01] {
            let mut covariance = got.gaussian.covariance().to_owned();
            covariance[[i, j]] += h;
            covariance[[j, i]] = covariance[[i, j]];
            assert!(cost(&Gaussian::new(got.gaussian.mean().to_owned(), covariance).unwrap()) > got.cost);
        }
    }
    // Between two, it is on the geodesic.
    let two = gaussian_barycenter(&all[..2], Some(array![0.7, 0.3].view()), stop).unwrap();
    let between = gaussian_geodesic(&all[0], &all[1], 0.3).unwrap();
    close(&two.gaussian.covariance().to_owned(), &between.covariance().to_owned(), 1e-12);
}

/// A Gaussian on a grid of ±5 standard deviations; sums over it are integrals to rounding.
fn on_grid(gaussian: &Gaussian, side: usize) -> (Array2<f64>, Array1<f64>) {
    let root = |k: usize| gaussian.covariance()[[k, k]].sqrt();
    let place =
        |k: usize, i: usize| gaussian.mean()[k] + root(k) * 5.0 * (2.0 * i as f64 / (side - 1) as f64 - 1.0);
    let points =
        Array2::from_shape_fn((side * side, 2), |(i, k)| place(k, if k == 0 { i / side } else { i % side }));
    let s = gaussian.covariance();
    let det = s[[0, 0]] * s[[1, 1]] - s[[0, 1]] * s[[0, 1]];
    let weights: Array1<f64> = points
        .rows()
        .into_iter()
        .map(|x| {
            let (u, v) = (x[0] - gaussian.mean()[0], x[1] - gaussian.mean()[1]);
            (-0.5 * (s[[1, 1]] * u * u - 2.0 * s[[0, 1]] * u * v + s[[0, 0]] * v * v) / det).exp()
        })
        .collect();
    let total = weights.sum();
    (points, weights / total)
}

#[test]
fn entropic_transport_is_that_of_the_discretised_problem() {
    let [p, q, _] = three();
    let ((x, a), (y, b)) = (on_grid(&p, 25), on_grid(&q, 25));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let stop = Stop::Within { tolerance: 1e-9, max_iterations: 1000 };
    let plan = Sinkhorn::new(2.0, stop).solve(&problem).unwrap();
    let closed = entropic_gaussian(&p, &q, 2.0).unwrap();
    // The tails beyond five standard deviations hold 1e-6 of the mass.
    assert_relative_eq!(closed.value, plan.dual_cost(), max_relative = 1e-4);
    let moved = plan.pull((&y - &q.mean()).view());
    let cross = (&x - &p.mean()).t().dot(&moved);
    close(&closed.cross_covariance, &cross, 2e-4);
}

#[test]
fn entropic_limits() {
    let [p, q, _] = three();
    let exact = gaussian_wasserstein(&p, &q).unwrap();
    assert_relative_eq!(gaussian_sinkhorn_divergence(&p, &q, 1e-3).unwrap(), exact, max_relative = 1e-5);
    // Without noise the plan is the map's.
    let map = gaussian_map(&p, &q).unwrap();
    close(&entropic_gaussian(&p, &q, 1e-6).unwrap().cross_covariance, &p.covariance().dot(&map.matrix), 1e-5);
    // With much of it: independence, E|X − Y|², and the distance of the means.
    let much = entropic_gaussian(&p, &q, 1e9).unwrap();
    assert_relative_eq!(much.value, 5.0 + 3.0 + 4.0, max_relative = 1e-8);
    assert!(much.cross_covariance.iter().all(|c| c.abs() < 1e-8));
    assert_relative_eq!(gaussian_sinkhorn_divergence(&p, &q, 1e9).unwrap(), 5.0, max_relative = 1e-7);
    assert_eq!(gaussian_sinkhorn_divergence(&p, &p, 0.7).unwrap(), 0.0);
    // One dimension: H. Janati et al., equation (8), with d² = 4 s r + σ⁴.
    let line = |s: f64| Gaussian::new(array![0.0], array![[s]]).unwrap();
    let (s, r, sigma) = (2.0, 0.5, 0.35_f64);
    let d = (4.0 * s * r + sigma * sigma).sqrt();
    let value = s + r - d + sigma * (1.0 - (2.0 * sigma).ln()) + sigma * (d + sigma).ln();
    assert_relative_eq!(
        entropic_gaussian(&line(s), &line(r), 2.0 * sigma).unwrap().value,
        value,
        max_relative = 1e-13
    );
}

#[test]
fn of_a_cloud() {
    let x = cloud(40, 3, 0.2, 1);
    let a = weights(40, 1);
    let gaussian = Gaussian::of_cloud(x.view(), Some((&a * 7.0).view())).unwrap();
    let mean = a.dot(&x);
    for (i, j) in [(0, 0), (0, 2), (2, 1)] {
        let want: f64 = (0..40).map(|k| a[k] * (x[[k, i]] - mean[i]) * (x[[k, j]] - mean[j])).sum();
        assert_relative_eq!(gaussian.covariance()[[i, j]], want, max_relative = 1e-12);
    }
    // W₂ between clouds is at least that between their Gaussians (M. Gelbrich, Math. Nachr. 147, 1990).
    let y = cloud(30, 3, -0.1, 2);
    let other = Gaussian::of_cloud(y.view(), None).unwrap();
    let exact =
        chreode_ot::wasserstein(x.view(), y.view(), Some(a.view()), None, chreode_ot::Order::Two).unwrap();
    assert!(gaussian_wasserstein(&gaussian, &other).unwrap() < exact.cost);
}

#[test]
fn mixtures() {
    // POT 0.9.7.post1, gmm_ot_loss and gmm_ot_apply_map.
    let [p, q, r] = three();
    let moved = |g: &Gaussian, mean: Array1<f64>| Gaussian::new(mean, g.covariance().to_owned()).unwrap();
    let source = GaussianMixture::new(array![0.6, 0.4], vec![p.clone(), q.clone()]).unwrap();
    let target = GaussianMixture::new(
        array![0.3, 0.5, 0.2],
        vec![r, moved(&q, array![1.0, 1.0]), moved(&p, array![2.0, -4.0])],
    )
    .unwrap();
    let transport = mixture_wasserstein(&source, &target).unwrap();
    assert_relative_eq!(transport.cost, 4.4049181417937415, max_relative = 1e-13);
    let x = array![[0.1, 0.2], [1.5, -1.0], [-0.7, 0.4]];
    let want = array![
        [0.13242296268071724, 0.8609972093515259],
        [1.8333476727926152, -0.6952745100235298],
        [-0.4812153067959783, 1.281868338937203]
    ];
    close(&transport.map(x.view()).unwrap(), &want, 1e-12);
    // Geodesics: MW₂ from the source grows as t.
    let half = transport.interpolate(0.5).unwrap();
    assert_eq!(half.components().len(), transport.plan.entries().len());
    let first = mixture_wasserstein(&source, &half).unwrap();
    assert_relative_eq!(first.value, 0.5 * transport.value, max_relative = 1e-7);
    assert_relative_eq!(half.weights().sum(), 1.0, max_relative = 1e-14);
}

#[test]
fn bad_input() {
    let said =
        |mean: Array1<f64>, covariance: Array2<f64>| Gaussian::new(mean, covariance).unwrap_err().to_string();
    assert_eq!(
        said(array![], Array2::zeros((0, 0))),
        "the dimension of a gaussian is 0; it must be at least 1"
    );
    assert_eq!(
        said(array![0.0], Array2::zeros((2, 1))),
        "the rows of a covariance has size 2 where 1 was expected"
    );
    assert_eq!(said(array![f64::NAN], array![[1.0]]), "an entry of a mean is NaN; it must be finite");
    assert_eq!(
        said(array![0.0], array![[f64::INFINITY]]),
        "an entry of a covariance is inf; it must be finite"
    );
    assert_eq!(
        said(array![0.0, 0.0], array![[1.0, 0.5], [0.0, 1.0]]),
        "the asymmetry of a covariance is 0.5; it must be zero: a covariance is symmetric"
    );
    assert_eq!(
        said(array![0.0], array![[-1.0]]),
        "the smallest eigenvalue of a covariance is -1; it must be not negative"
    );
    let [p, q, _] = three();
    let line = Gaussian::new(array![0.0], array![[1.0]]).unwrap();
    let dimension = OtError::Dimension { source_columns: 2, target_columns: 1 };
    assert_eq!(gaussian_wasserstein(&p, &line).unwrap_err(), dimension);
    assert_eq!(entropic_gaussian(&p, &line, 1.0).unwrap_err(), dimension);
    assert_eq!(GaussianMixture::new(array![1.0, 1.0], vec![p.clone(), line]).unwrap_err(), dimension);
    let flat = Gaussian::new(array![0.0, 0.0], array![[1.0, 0.0], [0.0, 0.0]]).unwrap();
    let said = gaussian_map(&flat, &p).unwrap_err().to_string();
    assert_eq!(
        said,
        "the smallest eigenvalue of the source covariance is 0; it must be positive for a map from it to exist"
    );
    assert!(gaussian_map(&p, &flat).is_ok());
    let said = gaussian_geodesic(&p, &q, 1.5).unwrap_err().to_string();
    assert_eq!(said, "the time is 1.5; it must be between 0 and 1");
    let said = entropic_gaussian(&p, &q, 0.0).unwrap_err().to_string();
    assert_eq!(said, "epsilon is 0; it must be positive and finite");
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 1 };
    let error = gaussian_barycenter(&[p.clone(), q], None, stop).unwrap_err();
    assert!(
        error.to_string().starts_with("the fixed point of the gaussian barycenter reached a residual of ")
    );
    let error = gaussian_barycenter(&[flat], None, stop).unwrap_err();
    assert_eq!(error.to_string(), "the smallest eigenvalue of the mean covariance is 0; it must be positive");
    assert!(gaussian_barycenter(&[], None, stop).is_err());
}
