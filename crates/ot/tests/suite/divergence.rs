//! Entropic values and the Sinkhorn divergence: reference values, limits, gradients.

use crate::common;
use crate::common::differences;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_ot::{
    EntropicCost, Euclidean, Order, OtError, SinkhornDivergence, SquaredEuclidean, Stop, energy_distance,
    wasserstein,
};
use common::{cloud, small, weights};
use differences::{Clouds, assert_gradient};
use ndarray::{Axis, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

#[test]
fn the_entropic_value_is_that_of_the_references() {
    // gauss_5x7x2, log-domain Sinkhorn to a marginal error of 1e-14: `reg_ot_dual`.
    let (x, y, a, b) = small();
    for (epsilon, value) in [(1.0, 4.366230209677456), (0.1, 3.7440406946065803), (0.05, 3.695281033870751)] {
        let cost = EntropicCost::new(epsilon, within(1e-11));
        let got = cost.value(&SquaredEuclidean, x.view(), y.view(), Some(a.view()), Some(b.view())).unwrap();
        assert_relative_eq!(got.value, value, max_relative = 1e-10);
        assert_relative_eq!(got.certificate.primal_cost, value, max_relative = 1e-9);
    }
}

#[test]
fn gradients_of_the_entropic_value() {
    let (x, y, a, b) = small();
    let clouds = Clouds { x, y, a: a * 2.0, b: b * 5.0 };
    let entropic = EntropicCost::new(0.5, within(1e-13));
    let value = |c: &Clouds| {
        let (a, b) = (Some(c.a.view()), Some(c.b.view()));
        entropic.value(&Euclidean, c.x.view(), c.y.view(), a, b).unwrap().value
    };
    let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
    let (got, gradient) = entropic.gradient(&Euclidean, clouds.x.view(), clouds.y.view(), a, b).unwrap();
    assert_eq!(got.value, value(&clouds));
    assert_gradient(&clouds, &gradient, (1e-3, 1e-7), value);
}

#[test]
fn equal_clouds_have_divergence_zero_and_others_more() {
    let x = cloud(60, 3, 0.0, 1);
    let a = weights(60, 1);
    // The same measure, its points in another order.
    let order: Vec<usize> = (0..60).rev().collect();
    let (turned, b) = (x.select(Axis(0), &order), a.select(Axis(0), &order));
    for epsilon in [0.05, 0.5, 10.0] {
        let divergence = SinkhornDivergence::new(epsilon, within(1e-10));
        let value = |y: &ndarray::Array2<f64>, b: &ndarray::Array1<f64>| {
            let (a, b) = (Some(a.view()), Some(b.view()));
            divergence.value(&SquaredEuclidean, x.view(), y.view(), a, b).unwrap().value
        };
        assert_abs_diff_eq!(value(&turned, &b), 0.0, epsilon = 1e-9);
        let mut moved = turned.clone();
        moved[[7, 1]] += 0.05;
        assert!(value(&moved, &b) > 1e-8);
        assert!(value(&turned, &weights(60, 9)) > 1e-4);
    }
}

#[test]
fn tends_to_transport_for_small_epsilon_and_to_means_for_large() {
    let (x, y, a, b) = small();
    let (a, b) = (Some(a.view()), Some(b.view()));
    let exact = wasserstein(x.view(), y.view(), a, b, Order::Two).unwrap().cost;
    let at = |epsilon: f64| {
        let divergence = SinkhornDivergence::new(epsilon, within(1e-9));
        divergence.value(&SquaredEuclidean, x.view(), y.view(), a, b).unwrap().value
    };
    // Entropies of finite plans are bounded: |S_ε − W₂²| ≤ ε log(35).
    for epsilon in [0.1, 0.01] {
        assert_abs_diff_eq!(at(epsilon), exact, epsilon = epsilon * 35_f64.ln());
    }
    assert!((at(0.01) - exact).abs() < (at(0.1) - exact).abs());
    let mean = |points: &ndarray::Array2<f64>, w: Option<ndarray::ArrayView1<f64>>| w.unwrap().dot(points);
    let shift = mean(&x, a) - mean(&y, b);
    assert_relative_eq!(at(1e6), shift.dot(&shift), max_relative = 1e-4);
    let divergence = SinkhornDivergence::new(1e6, within(1e-12));
    let half = divergence.value(&Euclidean, x.view(), y.view(), None, None).unwrap().value;
    let energy = energy_distance(x.view(), y.view()).unwrap();
    assert_relative_eq!(half, 0.5 * energy, max_relative = 1e-5);
}

#[test]
fn agrees_with_geomloss() {
    // gauss_5x7x2. First: geomloss 0.3.1, SamplesLoss("sinkhorn", p=2, blur=√(ε/2), scaling=0.999,
    // debias=True), twice its value, as its cost is |x − y|²/2; it does not iterate to convergence. Second:
    // log-domain Sinkhorn in torch f64, three times, until the potentials stand still.
    let (x, y, a, b) = small();
    for (epsilon, geomloss, converged) in
        [(1.0, 3.2460846218986563, 3.2460882268215574), (0.1, 3.592220914432732, 3.5922414137976015)]
    {
        let divergence = SinkhornDivergence::new(epsilon, within(1e-12));
        let got =
            divergence.value(&SquaredEuclidean, x.view(), y.view(), Some(a.view()), Some(b.view())).unwrap();
        assert_relative_eq!(got.value, geomloss, max_relative = 1e-5);
        assert_relative_eq!(got.value, converged, max_relative = 1e-11);
    }
}

#[test]
fn gradients_of_the_divergence() {
    let (x, y, a, b) = small();
    let clouds = Clouds { x, y, a: a * 2.0, b: b * 5.0 };
    for epsilon in [0.7, 2.0] {
        let divergence = SinkhornDivergence::new(epsilon, within(1e-13));
        let value = |c: &Clouds| {
            let (a, b) = (Some(c.a.view()), Some(c.b.view()));
            divergence.value(&SquaredEuclidean, c.x.view(), c.y.view(), a, b).unwrap().value
        };
        let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
        let (got, gradient) =
            divergence.gradient(&SquaredEuclidean, clouds.x.view(), clouds.y.view(), a, b).unwrap();
        assert_eq!(got.value, value(&clouds));
        assert_gradient(&clouds, &gradient, (1e-3, 1e-7), value);
    }
}

#[test]
fn a_shift_has_its_square_and_twice_its_length_as_gradient() {
    // Translations: S_ε(α, α + v) = |v|² for the squared distance, whatever ε is.
    let x = cloud(80, 2, 0.0, 3);
    let y = &x + &array![0.3, -0.4];
    let divergence = SinkhornDivergence::new(0.2, within(1e-12));
    let (got, gradient) = divergence.gradient(&SquaredEuclidean, x.view(), y.view(), None, None).unwrap();
    assert_relative_eq!(got.value, 0.25, max_relative = 1e-9);
    let total = gradient.x.sum_axis(Axis(0));
    assert_relative_eq!(total[0], -0.6, max_relative = 1e-9);
    assert_relative_eq!(total[1], 0.8, max_relative = 1e-9);
    let cross = got.cross;
    assert!(cross.residual <= 1e-12 && got.source.residual <= 1e-12 && got.source.iterations < 60);
    assert_relative_eq!(got.source.primal_cost, got.source.dual_cost, max_relative = 1e-9);
}

#[test]
fn does_not_depend_on_the_number_of_threads() {
    let (x, y) = (cloud(150, 3, 0.0, 1), cloud(170, 3, 0.5, 2));
    let divergence = SinkhornDivergence::new(0.1, Stop::After { iterations: 20 });
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| divergence.gradient(&SquaredEuclidean, x.view(), y.view(), None, None).unwrap())
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuses_what_it_cannot_do() {
    let (x, y, ..) = small();
    let skew = |x: &[f64], y: &[f64]| (x[0] - 2.0 * y[0]).abs();
    let divergence = SinkhornDivergence::new(1.0, within(1e-6));
    let error = divergence.value(&skew, x.view(), y.view(), None, None).unwrap_err();
    assert!(matches!(error, OtError::AsymmetricCost { row: 0, column: 0, .. }));
    assert!(error.to_string().starts_with("the cost from source point 0 to target point 0 is 0.967"));
    assert!(error.to_string().ends_with("this divergence needs a symmetric cost"));
    let error = SinkhornDivergence::new(0.0, within(1e-6)).value(&Euclidean, x.view(), y.view(), None, None);
    assert_eq!(error.unwrap_err().to_string(), "epsilon is 0; it must be positive and finite");
    let stop = Stop::Within { tolerance: 1e-14, max_iterations: 1 };
    let error = SinkhornDivergence::new(0.1, stop).value(&Euclidean, x.view(), y.view(), None, None);
    assert!(matches!(error, Err(OtError::NotConverged { .. })));
    let narrow = y.slice(ndarray::s![.., ..1]);
    let error = divergence.value(&Euclidean, x.view(), narrow, None, None).unwrap_err();
    assert_eq!(error, OtError::Dimension { source_columns: 2, target_columns: 1 });
}
