//! Sliced distances: references, closed forms, gradients.

use crate::common;
use crate::common::differences;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_core::Seed;
use chreode_ot::{
    Order, OtError, directions, max_sliced_wasserstein, sliced_wasserstein, sliced_wasserstein_gradient,
    wasserstein,
};
use common::{cloud, small, weights};
use differences::{Clouds, assert_gradient};
use ndarray::{Array2, Axis, array, s};

const ORDERS: [Order; 4] = [Order::One, Order::Two, Order::Power(1.5), Order::Power(3.0)];

#[test]
fn agrees_with_the_simplex_along_each_direction() {
    let (x, y, a, b) = small();
    let lines = directions(6, 2, Seed(1)).unwrap();
    let (x8, y8) = (cloud(300, 2, 0.0, 1), cloud(300, 2, 0.4, 2));
    for order in ORDERS {
        let weighted =
            sliced_wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), order, lines.view())
                .unwrap();
        let uneven = sliced_wasserstein(x.view(), y.view(), None, None, order, lines.view()).unwrap();
        let equal = sliced_wasserstein(x8.view(), y8.view(), None, None, order, lines.view()).unwrap();
        for (k, theta) in lines.rows().into_iter().enumerate() {
            let along = |points: &Array2<f64>| points.dot(&theta).insert_axis(Axis(1));
            let (p, q) = (along(&x), along(&y));
            let exact = wasserstein(p.view(), q.view(), Some(a.view()), Some(b.view()), order).unwrap();
            assert_relative_eq!(weighted.costs[k], exact.cost, max_relative = 1e-12);
            let exact = wasserstein(p.view(), q.view(), None, None, order).unwrap();
            assert_relative_eq!(uneven.costs[k], exact.cost, max_relative = 1e-12);
            let exact = wasserstein(along(&x8).view(), along(&y8).view(), None, None, order).unwrap();
            assert_relative_eq!(equal.costs[k], exact.cost, max_relative = 1e-12);
        }
        assert_relative_eq!(weighted.cost, weighted.costs.mean().unwrap(), max_relative = 1e-14);
        assert_relative_eq!(weighted.value.powf(order.power()), weighted.cost, max_relative = 1e-13);
    }
}

#[test]
fn agrees_with_pot() {
    // POT 0.9.7.post1, sliced_wasserstein_distance(x, y, a, b, projections=P, p=p) on gauss_5x7x2 with the
    // columns of P below.
    let (x, y, a, b) = small();
    let lines = array![[1.0, 0.0], [0.6, 0.8], [-0.28, 0.96]];
    for (order, want) in [(Order::One, POT[0]), (Order::Two, POT[1]), (Order::Power(3.0), POT[2])] {
        let got = sliced_wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), order, lines.view());
        assert_relative_eq!(got.unwrap().value, want, max_relative = 1e-12);
    }
    let most = max_sliced_wasserstein(
        x.view(),
        y.view(),
        Some(a.view()),
        Some(b.view()),
        Order::Two,
        lines.view(),
        0,
    );
    assert_relative_eq!(most.unwrap().value, POT[3], max_relative = 1e-12);
}

const POT: [f64; 4] = [1.160347811891511, 1.36418450604471, 1.5103769462294956, 1.6352118427907367];

#[test]
fn a_shift_has_its_closed_form() {
    let x = cloud(50, 5, 0.0, 1);
    let v = array![1.0, -2.0, 0.5, 0.0, 3.0];
    let y = &x + &v;
    let lines = directions(4000, 5, Seed(3)).unwrap();
    let sliced = sliced_wasserstein(x.view(), y.view(), None, None, Order::Two, lines.view()).unwrap();
    // ⟨θ, v⟩² along each direction, |v|²/5 in the mean.
    let exact = lines.dot(&v).mapv(|c| c * c);
    assert!((&sliced.costs - &exact).iter().all(|d| d.abs() < 1e-12));
    assert_abs_diff_eq!(sliced.cost, v.dot(&v) / 5.0, epsilon = 4.0 * sliced.standard_error);
    assert_relative_eq!(sliced.standard_error, (exact.var(1.0) / 4000.0).sqrt(), max_relative = 1e-9);
    // The direction that differs most is that of the shift, whatever the start.
    let most =
        max_sliced_wasserstein(x.view(), y.view(), None, None, Order::Two, lines.slice(s![..2, ..]), 200)
            .unwrap();
    assert_relative_eq!(most.cost, v.dot(&v), max_relative = 1e-9);
    assert_relative_eq!(most.direction.dot(&v).abs(), v.dot(&v).sqrt(), max_relative = 1e-9);
    assert!(most.slope < 1e-4 * most.cost && most.iterations > 0);
}

#[test]
fn the_maximum_is_between_the_starts_and_the_distance() {
    let (x, y) = (cloud(80, 4, 0.0, 1), cloud(60, 4, 0.3, 2) * 1.5);
    let (a, b) = (weights(80, 1), weights(60, 2));
    let (a, b) = (Some(a.view()), Some(b.view()));
    let starts = directions(5, 4, Seed(2)).unwrap();
    for order in ORDERS {
        let sliced = sliced_wasserstein(x.view(), y.view(), a, b, order, starts.view()).unwrap();
        let most = max_sliced_wasserstein(x.view(), y.view(), a, b, order, starts.view(), 100).unwrap();
        let first = sliced.costs.iter().fold(0.0_f64, |m, &c| m.max(c));
        let exact = wasserstein(x.view(), y.view(), a, b, order).unwrap();
        assert!(first < most.cost && most.value <= exact.value * (1.0 + 1e-12));
        // What it says it found is there.
        let there = most.direction.view().insert_axis(Axis(0));
        let again = sliced_wasserstein(x.view(), y.view(), a, b, order, there).unwrap();
        assert_relative_eq!(again.cost, most.cost, max_relative = 1e-12);
        // The sphere has been searched: 2,000 random directions do no better.
        let many = directions(2000, 4, Seed(9)).unwrap();
        let found = sliced_wasserstein(x.view(), y.view(), a, b, order, many.view()).unwrap();
        assert!(found.costs.iter().all(|&c| c <= most.cost));
    }
}

#[test]
fn gradients() {
    let (x, y, a, b) = small();
    let clouds = Clouds { x, y, a: a * 2.0, b: b * 5.0 };
    let lines = directions(7, 2, Seed(4)).unwrap();
    for order in ORDERS {
        let value = |c: &Clouds| {
            let (a, b) = (Some(c.a.view()), Some(c.b.view()));
            sliced_wasserstein(c.x.view(), c.y.view(), a, b, order, lines.view()).unwrap().cost
        };
        let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
        let (got, gradient) =
            sliced_wasserstein_gradient(clouds.x.view(), clouds.y.view(), a, b, order, lines.view()).unwrap();
        assert_relative_eq!(got.cost, value(&clouds), max_relative = 1e-14);
        assert_gradient(&clouds, &gradient, (1e-5, 1e-7), value);
    }
    // As many points of equal weight, where the plan along a line is a permutation.
    let equal = Clouds { x: cloud(9, 3, 0.0, 1), y: cloud(9, 3, 0.4, 2), a: array![1.0], b: array![1.0] };
    let lines = directions(5, 3, Seed(4)).unwrap();
    let value = |c: &Clouds| {
        sliced_wasserstein(c.x.view(), c.y.view(), None, None, Order::Two, lines.view()).unwrap().cost
    };
    let (_, mut gradient) =
        sliced_wasserstein_gradient(equal.x.view(), equal.y.view(), None, None, Order::Two, lines.view())
            .unwrap();
    (gradient.a, gradient.b) = (array![], array![]);
    assert_gradient(&equal, &gradient, (1e-5, 1e-8), value);
}

#[test]
fn directions_are_seeded_and_uniform() {
    let some = directions(10, 3, Seed(5)).unwrap();
    let more = directions(5000, 3, Seed(5)).unwrap();
    assert_eq!(some, more.slice(s![..10, ..]));
    assert_ne!(some, directions(10, 3, Seed(6)).unwrap());
    // E θθᵀ = 1/3; four standard errors of its entries, whose variance is at most 4/45.
    let moment = more.t().dot(&more) / 5000.0 - Array2::<f64>::eye(3) / 3.0;
    assert!(moment.iter().all(|m| m.abs() < 4.0 * (4.0_f64 / 45.0 / 5000.0).sqrt()));
}

#[test]
fn does_not_depend_on_the_number_of_threads() {
    let (x, y) = (cloud(500, 3, 0.0, 1), cloud(300, 3, 0.5, 2).mapv(|v| v as f32));
    let x = x.mapv(|v| v as f32);
    let lines = directions(50, 3, Seed(1)).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (x, y) = (x.view(), y.view());
            let some = lines.slice(s![..3, ..]);
            let most = max_sliced_wasserstein(x, y, None, None, Order::Two, some, 20).unwrap();
            (sliced_wasserstein_gradient(x, y, None, None, Order::Two, lines.view()).unwrap(), most)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuses_bad_input() {
    let (x, y, ..) = small();
    let said = |lines: Array2<f64>, order| {
        sliced_wasserstein(x.view(), y.view(), None, None, order, lines.view()).unwrap_err().to_string()
    };
    assert_eq!(
        said(Array2::zeros((0, 2)), Order::Two),
        "the number of directions is 0; it must be at least 1"
    );
    assert_eq!(said(array![[1.0]], Order::Two), "a direction has size 1 where 2 was expected");
    assert_eq!(said(array![[3.0, 4.0]], Order::Two), "the length of a direction is 5; it must be 1");
    assert_eq!(
        said(array![[1.0, 0.0]], Order::Power(0.5)),
        "the order of a Wasserstein distance is 0.5; it must be finite and at least 1"
    );
    let error = directions(0, 3, Seed(1)).unwrap_err();
    assert_eq!(error.to_string(), "the number of directions is 0; it must be at least 1");
    let error = directions(3, 0, Seed(1)).unwrap_err();
    assert_eq!(error.to_string(), "the dimension of the directions is 0; it must be at least 1");
    let lines = array![[1.0, 0.0]];
    let narrow = y.slice(s![.., ..1]);
    let error = sliced_wasserstein(x.view(), narrow, None, None, Order::Two, lines.view()).unwrap_err();
    assert_eq!(error, OtError::Dimension { source_columns: 2, target_columns: 1 });
}
