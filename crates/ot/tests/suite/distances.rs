//! Distances: reference values, closed forms, intervals.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{Bandwidth, Order, OtError, energy_distance, mmd, wasserstein};
use common::{cloud, small, weights};
use ndarray::{Array2, array};

#[test]
fn agrees_with_pot() {
    // gauss_5x7x2, POT 0.9.7.post1; W1 weighted also by HiGHS to 1e-15.
    let (x, y, a, b) = small();
    let w = |order, weighted: bool| {
        let (a, b) = if weighted { (Some(a.view()), Some(b.view())) } else { (None, None) };
        wasserstein(x.view(), y.view(), a, b, order).unwrap()
    };
    assert_relative_eq!(w(Order::One, true).value, 1.809706818979264, max_relative = 1e-13);
    assert_relative_eq!(w(Order::One, false).value, 1.092476426088668, max_relative = 1e-13);
    assert_relative_eq!(w(Order::Two, true).cost, 3.645955649043267, max_relative = 1e-13);
    assert_relative_eq!(w(Order::Two, false).value, 1.4861909453479019_f64.sqrt(), max_relative = 1e-13);
    assert!(w(Order::Two, true).gap < 1e-13);

    let kernel = mmd(x.view(), y.view(), &Bandwidth::Fixed(1.0)).unwrap();
    assert_relative_eq!(kernel.squared, 0.09875541267170196, max_relative = 1e-12);
    let energy = energy_distance(x.view(), y.view()).unwrap();
    assert_relative_eq!(energy, 0.4163148308513047, max_relative = 1e-12);
}

#[test]
fn published_values_in_two_dimensions() {
    // McCaffrey's example, in scipy's tests of wasserstein_distance_nd.
    let ones = Array2::<f64>::ones((10, 2));
    let u = ndarray::concatenate![ndarray::Axis(0), ones, array![[4.0, 2.0], [6.0, 1.0], [6.0, 1.0]]];
    let v = array![
        [2.0, 1.0],
        [2.0, 1.0],
        [3.0, 2.0],
        [3.0, 2.0],
        [3.0, 2.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [5.0, 1.0],
        [7.0, 1.0]
    ];
    let w = wasserstein(u.view(), v.view(), None, None, Order::One).unwrap();
    assert_relative_eq!(w.value, 2.4709551919132666, max_relative = 1e-14);
}

#[test]
fn a_shift_is_its_length() {
    let x = cloud(300, 4, 0.0, 1).mapv(|v| v as f32);
    let y = &x + 3.0;
    for order in [Order::One, Order::Two] {
        let w = wasserstein(x.view(), y.view(), None, None, order).unwrap();
        assert_relative_eq!(w.value, 6.0, max_relative = 1e-6);
    }
    assert_eq!(wasserstein(x.view(), x.view(), None, None, Order::Two).unwrap().value, 0.0);
    assert_eq!(energy_distance(x.view(), x.view()).unwrap(), 0.0);
    assert_eq!(mmd(x.view(), x.view(), &Bandwidth::Median).unwrap().squared, 0.0);
}

#[test]
fn near_points_far_from_the_origin_do_not_cancel() {
    let x = array![[1e8, 1e8], [1e8 + 1.0, 1e8]];
    let y = array![[1e8, 1e8 + 1.0], [1e8 + 1.0, 1e8 + 1.0]];
    assert_eq!(wasserstein(x.view(), y.view(), None, None, Order::Two).unwrap().cost, 1.0);
}

#[test]
fn bandwidths() {
    // Distances 1, 2, 3 (pooled points 0, 1, 3): the median is 2.
    let (x, y) = (array![[0.0], [1.0]], array![[3.0]]);
    let one = mmd(x.view(), y.view(), &Bandwidth::Median).unwrap();
    assert_eq!(one.bandwidths, [2.0]);
    let k = |d: f64, s: f64| (-d * d / (2.0 * s * s)).exp();
    let closed = |s| (2.0 + 2.0 * k(1.0, s)) / 4.0 + 1.0 - (k(3.0, s) + k(2.0, s));
    assert_relative_eq!(one.squared, closed(2.0), max_relative = 1e-14);
    let mixed = mmd(x.view(), y.view(), &Bandwidth::MedianTimes(vec![0.5, 1.0])).unwrap();
    assert_relative_eq!(mixed.squared, 0.5 * (closed(1.0) + closed(2.0)), max_relative = 1e-14);
    let given = mmd(x.view(), y.view(), &Bandwidth::Mixture(vec![1.0, 2.0])).unwrap();
    assert_eq!(given, mixed);
    // Four points 0, 1, 3, 7: distances 1 2 3 4 6 7, between 3 and 4.
    let y = array![[3.0], [7.0]];
    assert_eq!(mmd(x.view(), y.view(), &Bandwidth::Median).unwrap().bandwidths, [3.5]);
    let point = array![[1.0], [1.0]];
    let error = mmd(point.view(), point.view(), &Bandwidth::Median).unwrap_err();
    assert_eq!(error.to_string(), "the bandwidth is 0; it must be positive and finite");
}

#[test]
fn the_interval_is_that_of_resampled_clouds() {
    let (n, m) = (120, 150);
    let (x, y) = (cloud(n, 2, 0.0, 1), cloud(m, 2, 0.8, 2));
    let w = wasserstein(x.view(), y.view(), None, None, Order::Two).unwrap();
    let (low, high) = w.bootstrap_interval(0.9, 2000, &mut Seed(5).stream("bootstrap", 0)).unwrap();
    assert!(low < w.value && w.value < high);
    // Against the variance of the averaged potentials, in closed form.
    let variance = w.source_potential.var(0.0) / n as f64 + w.target_potential.var(0.0) / m as f64;
    let (from, to) = (w.cost - 1.645 * variance.sqrt(), w.cost + 1.645 * variance.sqrt());
    assert_relative_eq!(low * low, from, epsilon = 0.15 * (to - from));
    assert_relative_eq!(high * high, to, epsilon = 0.15 * (to - from));
    assert_eq!((low, high), w.bootstrap_interval(0.9, 2000, &mut Seed(5).stream("bootstrap", 0)).unwrap());
}

#[test]
fn the_weighted_interval_contains_the_value() {
    let (x, y) = (cloud(60, 2, 0.0, 1), cloud(50, 2, 0.8, 2));
    let (a, b) = (weights(60, 1), weights(50, 2));
    let w = wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), Order::One).unwrap();
    let (low, high) = w.bootstrap_interval(0.95, 500, &mut Seed(5).stream("bootstrap", 0)).unwrap();
    assert!(low < w.value && w.value < high && high - low < w.value);
    let error = w.bootstrap_interval(95.0, 10, &mut Seed(1).stream("b", 0)).unwrap_err();
    assert_eq!(error, OtError::BadParameter { name: "the level", value: 95.0, range: "between 0 and 1" });
}
