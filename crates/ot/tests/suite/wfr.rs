//! The Wasserstein-Fisher-Rao metric and its geodesics.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, DiracGeodesic, Marginal, OtError, RelaxedSolver, SquaredEuclidean, Stop,
    UnbalancedFrankWolfe, UnbalancedSinkhorn, WassersteinFisherRao, wasserstein,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn metric(delta: f64) -> WassersteinFisherRao {
    WassersteinFisherRao::new(delta).expect("positive")
}

fn stop() -> Stop {
    Stop::Within { tolerance: 1e-9, max_iterations: 500 }
}

/// WFR² between two weighted clouds, with bounds.
fn squared(
    metric: WassersteinFisherRao,
    (x, a): (&Array2<f64>, &Array1<f64>),
    (y, b): (&Array2<f64>, &Array1<f64>),
) -> (f64, f64) {
    let costs = metric.cost().matrix(x.view(), y.view()).expect("finite points");
    let problem = metric.problem(&costs, a.view(), b.view()).expect("valid");
    let plan = UnbalancedFrankWolfe::new(stop()).solve(&problem).expect("converges");
    metric.squared(&problem, &plan)
}

#[test]
fn two_diracs_by_three_ways() {
    // The closed form, the static problem of one pair, and the energy of the geodesic.
    for delta in [0.3, 1.0, 4.0] {
        let metric = metric(delta);
        for distance in [0.0, 1e-6, 0.2, 0.9, 2.0, 5.0, 20.0] {
            for (m0, m1) in [(1.0, 1.0), (0.2, 3.0), (5.0, 0.01)] {
                let closed = metric.dirac_squared(distance, m0, m1);
                let (x, y) = (array![0.0, 0.0], array![0.6 * distance, 0.8 * distance]);
                let point = |p: &Array1<f64>| p.view().insert_axis(ndarray::Axis(0)).to_owned();
                let (low, high) = squared(metric, (&point(&x), &array![m0]), (&point(&y), &array![m1]));
                assert!((low - closed).abs() <= 1e-9 * (m0 + m1) * delta * delta, "{low} {closed}");
                assert!((high - closed).abs() <= 1e-9 * (m0 + m1) * delta * delta, "{high} {closed}");
                let geodesic = metric.geodesic((x.view(), m0), (y.view(), m1)).unwrap();
                for t in [0.1, 0.5, 0.8] {
                    // ½ m (|v|² + δ² g²), summed over the Diracs; constant in t.
                    let energy: f64 = (geodesic.at(t).iter())
                        .map(|s| {
                            let speed = s.velocity.dot(&s.velocity);
                            0.5 * s.mass * (speed + delta * delta * s.growth * s.growth)
                        })
                        .sum();
                    assert_relative_eq!(energy, closed, max_relative = 1e-9, epsilon = 1e-14);
                }
            }
        }
    }
}

#[test]
fn the_geodesic_solves_the_continuity_equation() {
    let metric = metric(0.8);
    let (x0, x1) = (array![0.0, 1.0, -0.5], array![1.2, 0.3, 0.4]);
    let DiracGeodesic::Travelling(dirac) = metric.geodesic((x0.view(), 0.4), (x1.view(), 2.5)).unwrap()
    else {
        panic!("within reach")
    };
    let (first, last) = (dirac.at(0.0), dirac.at(1.0));
    assert!((&first.position - &x0).iter().chain((&last.position - &x1).iter()).all(|e| e.abs() < 1e-14));
    assert_relative_eq!(first.mass, 0.4, max_relative = 1e-14);
    assert_relative_eq!(last.mass, 2.5, max_relative = 1e-14);
    let h = 1e-5;
    for t in [0.05, 0.3, 0.7, 0.95] {
        let (before, now, after) = (dirac.at(t - h), dirac.at(t), dirac.at(t + h));
        let velocity = (&after.position - &before.position) / (2.0 * h);
        assert!((&velocity - &now.velocity).iter().all(|e| e.abs() < 1e-8), "{velocity} {}", now.velocity);
        let rate = (after.mass - before.mass) / (2.0 * h) / now.mass;
        assert_relative_eq!(rate, now.growth, epsilon = 1e-8);
        // m(t) = A t² - 2 B t + m₀, and the momentum m |v| is constant.
        let angle = ((&x1 - &x0).dot(&(&x1 - &x0))).sqrt() / 1.6;
        let cross = (0.4_f64 * 2.5).sqrt();
        let (quadratic, linear) = (0.4 + 2.5 - 2.0 * cross * angle.cos(), 0.4 - cross * angle.cos());
        assert_relative_eq!(now.mass, quadratic * t * t - 2.0 * linear * t + 0.4, max_relative = 1e-13);
        let momentum = now.mass * now.velocity.dot(&now.velocity).sqrt();
        assert_relative_eq!(momentum, 1.6 * cross * angle.sin(), max_relative = 1e-13);
        // A constant-speed geodesic: the distance to the start is t times the whole.
        let moved = (&now.position - &x0).dot(&(&now.position - &x0)).sqrt();
        let part = metric.dirac_squared(moved, 0.4, now.mass);
        assert_relative_eq!(part.sqrt(), t * dirac.energy().sqrt(), max_relative = 1e-12);
    }
}

#[test]
fn far_diracs_vanish_and_appear() {
    let metric = metric(0.5);
    let (x0, x1) = (array![0.0], array![metric.reach() * 1.001]);
    let geodesic = metric.geodesic((x0.view(), 2.0), (x1.view(), 3.0)).unwrap();
    assert!(matches!(geodesic, DiracGeodesic::Splitting { .. }));
    let states = geodesic.at(0.25);
    assert_eq!(states.len(), 2);
    assert_relative_eq!(states[0].mass, 2.0 * 0.75 * 0.75);
    assert_relative_eq!(states[1].mass, 3.0 * 0.25 * 0.25);
    assert_relative_eq!(states[0].growth, -2.0 / 0.75);
    assert_eq!((geodesic.at(0.0).len(), geodesic.at(1.0).len()), (1, 1));
    assert_relative_eq!(geodesic.mass(1.0), 3.0);
    // Within reach a Dirac without mass appears in place.
    let near = metric.geodesic((x0.view(), 0.0), (array![0.3].view(), 3.0)).unwrap().at(0.5);
    assert_relative_eq!(near[0].position[0], 0.3, max_relative = 1e-14);
    assert_relative_eq!(near[0].mass, 0.75, max_relative = 1e-14);
    assert_eq!(near[0].velocity[0], 0.0);
}

#[test]
fn pairs_of_diracs_make_up_the_whole() {
    // The semi-couplings of the optimal plan: their Dirac distances sum to WFR².
    let (x, y) = (cloud(12, 2, 0.0, 3) * 4.0, cloud(15, 2, 0.2, 4) * 4.0);
    let (a, b) = (weights(12, 3), weights(15, 4) * 2.0);
    let metric = metric(0.4);
    let costs = metric.cost().matrix(x.view(), y.view()).unwrap();
    assert!(costs.iter().any(|c| *c == f64::INFINITY) && costs.iter().any(|c| c.is_finite()));
    let problem = metric.problem(&costs, a.view(), b.view()).unwrap();
    let plan = UnbalancedFrankWolfe::new(stop()).solve(&problem).unwrap();
    let (low, high) = metric.squared(&problem, &plan);
    assert!(low <= high && high - low <= 1e-9 * high);
    let (rows, columns) = plan.marginals();
    let mut sum: f64 = 0.0;
    for e in plan.entries() {
        let (m0, m1) = metric.pair(e.mass, (a[e.row], rows[e.row]), (b[e.column], columns[e.column]));
        let distance =
            SquaredEuclidean.cost(x.row(e.row).as_slice().unwrap(), y.row(e.column).as_slice().unwrap());
        sum += metric.dirac_squared(distance.sqrt(), m0, m1);
    }
    let lost: f64 =
        (a.iter().zip(&rows)).chain(b.iter().zip(&columns)).filter(|(_, s)| **s == 0.0).map(|(m, _)| m).sum();
    sum += 2.0 * metric.delta() * metric.delta() * lost;
    assert_relative_eq!(sum, high, max_relative = 1e-8);
    // The entropic plan at a small ε bounds the same number.
    let stop = Stop::Within { tolerance: 1e-8, max_iterations: 100_000 };
    let entropic = UnbalancedSinkhorn::new(2e-3, stop).solve(&problem).unwrap();
    let (below, above) = metric.squared(&problem, &entropic);
    assert!(below <= high && low <= above && above - below < 2e-2 * above, "{below} {low} {high} {above}");
}

#[test]
fn limits_of_the_length_scale() {
    let (x, y) = (cloud(10, 2, 0.0, 5), cloud(10, 2, 0.4, 6));
    let (a, b) = (weights(10, 5), weights(10, 6));
    // Large δ: pure transport, ½ W₂² with the metric's energy, from below.
    let exact =
        wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), chreode_ot::Order::Two).unwrap();
    let (low, high) = squared(metric(100.0), (&x, &a), (&y, &b));
    assert_relative_eq!(high, 0.5 * exact.cost, max_relative = 1e-3);
    assert!(low <= 0.5 * exact.cost + 1e-12);
    // Small δ: pure growth, Hellinger's 2δ² Σ (√a - √b)² on one support.
    let (_, high) = squared(metric(1e-3), (&x, &a), (&x, &b));
    let hellinger: f64 = a.iter().zip(&b).map(|(a, b)| (a.sqrt() - b.sqrt()).powi(2)).sum();
    assert_relative_eq!(high, 2e-6 * hellinger, max_relative = 1e-6);
}

#[test]
fn a_metric() {
    let clouds: Vec<(Array2<f64>, Array1<f64>)> = (0..3)
        .map(|k| {
            (cloud(6 + k, 2, 0.3 * k as f64, 7 + k as u64), weights(6 + k, 9 + k as u64) * (1.0 + k as f64))
        })
        .collect();
    let metric = metric(0.5);
    let d = |i: usize, j: usize| {
        squared(metric, (&clouds[i].0, &clouds[i].1), (&clouds[j].0, &clouds[j].1)).1.sqrt()
    };
    assert!(d(0, 0) < 1e-4);
    assert_relative_eq!(d(0, 1), d(1, 0), max_relative = 1e-6);
    assert!(d(0, 2) <= d(0, 1) + d(1, 2) + 1e-9 && d(0, 1) <= d(0, 2) + d(2, 1) + 1e-9);
}

#[test]
fn the_cost_keeps_small_and_large_distances() {
    let cost = metric(0.5).cost();
    // -log cos² θ = θ² + θ⁴/6 + ..., with θ = d here.
    assert_relative_eq!(cost.at(1e-9), 1e-18, max_relative = 1e-15);
    assert_relative_eq!(cost.at(0.01), 1e-4 + 1e-8 / 6.0, max_relative = 1e-8);
    for angle in [0.3_f64, 0.785, 0.786, 1.5, 1.57] {
        assert_relative_eq!(cost.at(angle), -2.0 * angle.cos().ln(), max_relative = 1e-14);
    }
    assert_eq!(cost.at(std::f64::consts::FRAC_PI_2), f64::INFINITY);
    let (x, y) = (cloud(5, 3, 0.0, 1), cloud(6, 3, 0.6, 2));
    let matrix = cost.matrix(x.view(), y.view()).unwrap();
    for ((i, j), &c) in matrix.indexed_iter() {
        assert_eq!(c, cost.cost(x.row(i).as_slice().unwrap(), y.row(j).as_slice().unwrap()));
    }
}

#[test]
fn bad_input() {
    let said = |error: OtError| error.to_string();
    assert_eq!(
        said(WassersteinFisherRao::new(0.0).unwrap_err()),
        "delta is 0; it must be positive and finite"
    );
    let metric = metric(1.0);
    let (x, y) = (array![0.0, 1.0], array![0.0]);
    assert!(matches!(metric.geodesic((x.view(), 1.0), (y.view(), 1.0)), Err(OtError::Dimension { .. })));
    assert!(matches!(metric.geodesic((x.view(), -1.0), (x.view(), 1.0)), Err(OtError::BadMass { .. })));
    assert!(matches!(metric.geodesic((x.view(), 0.0), (x.view(), 0.0)), Err(OtError::NoMass { .. })));
    let bad = array![f64::NAN, 0.0];
    assert!(matches!(metric.geodesic((x.view(), 1.0), (bad.view(), 1.0)), Err(OtError::BadPoint { .. })));
    let costs = Array2::<f64>::zeros((1, 1));
    let nothing = metric.problem(&costs, y.view(), y.view());
    assert!(matches!(nothing, Err(OtError::NoMass { side: "source" })));
    let problem = metric.problem(&costs, array![1.0].view(), array![1.0].view()).unwrap();
    assert_eq!(problem.marginals().0, Marginal::Kl { lambda: 1.0 });
}
