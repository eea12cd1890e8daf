//! Gradients of the distances, by central differences and closed forms.

use crate::common;
use crate::common::differences;

use approx::assert_relative_eq;
use chreode_ot::{
    Bandwidth, Cosine, DifferentiableCost, Euclidean, Lp, LpPower, NegativeDot, Order, SquaredEuclidean,
    energy_distance, energy_distance_gradient, mmd, mmd_gradient, wasserstein, wasserstein_gradient,
};
use common::{cloud, small, weights};
use differences::{Clouds, assert_gradient, slope};
use ndarray::{Array1, array};

fn clouds() -> Clouds {
    let (x, y, a, b) = small();
    // Totals other than 1: the gradient is in the weights as given.
    Clouds { x, y, a: a * 3.0, b: b * 0.5 }
}

#[test]
fn of_the_costs() {
    let (x, y) = ([0.3, -1.2, 0.7], [1.1, 0.4, -0.2]);
    let check = |cost: &dyn Fn(&[f64], &[f64]) -> f64, got: [f64; 3], of_target: bool| {
        for k in 0..3 {
            let at = |h: f64| {
                let (mut x, mut y) = (x, y);
                if of_target {
                    y[k] += h
                } else {
                    x[k] += h
                }
                cost(&x, &y)
            };
            assert_relative_eq!(got[k], slope(at, 1e-3), max_relative = 1e-9);
        }
    };
    let mut out = [0.0; 3];
    let mut both = |cost: &dyn DifferentiableCost| {
        cost.gradient(&x, &y, &mut out);
        check(&|x, y| cost.cost(x, y), out, false);
        cost.target_gradient(&x, &y, &mut out);
        check(&|x, y| cost.cost(x, y), out, true);
    };
    both(&SquaredEuclidean);
    both(&Euclidean);
    both(&Cosine);
    both(&NegativeDot);
    for p in [1.0, 1.5, 2.0, 3.7] {
        both(&Lp::new(p).unwrap());
        both(&LpPower::new(p).unwrap());
    }
    both(&Lp::new(f64::INFINITY).unwrap());
    // No difference, or the same direction: subgradients that are numbers.
    for p in [1.0, 2.5, f64::INFINITY] {
        Lp::new(p).unwrap().gradient(&x, &x, &mut out);
        assert_eq!(out, [0.0; 3]);
    }
    Cosine.gradient(&x, &x.map(|x| 3.0 * x), &mut out);
    assert!(out.iter().all(|g| g.abs() < 1e-15), "{out:?}");
    Euclidean.gradient(&x, &x, &mut out);
    assert_eq!(out, [0.0; 3]);
}

#[test]
fn of_wasserstein_distances() {
    let clouds = clouds();
    for order in [Order::One, Order::Two, Order::Power(1.5), Order::Power(3.0)] {
        let value = |c: &Clouds| {
            let (a, b) = (Some(c.a.view()), Some(c.b.view()));
            wasserstein(c.x.view(), c.y.view(), a, b, order).unwrap().cost
        };
        let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
        let (distance, gradient, plan) =
            wasserstein_gradient(clouds.x.view(), clouds.y.view(), a, b, order).unwrap();
        assert_eq!(distance.cost, value(&clouds));
        assert_eq!(distance.cost, plan.primal_cost());
        assert_relative_eq!(distance.value.powf(order.power()), distance.cost, max_relative = 1e-14);
        // The plan stays optimal for steps this small.
        assert_gradient(&clouds, &gradient, (1e-5, 1e-8), value);
    }
}

#[test]
fn orders() {
    let (x, y, a, b) = small();
    let w = |order| wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), order).unwrap();
    assert_relative_eq!(w(Order::Power(1.0)).value, w(Order::One).value, max_relative = 1e-13);
    assert_relative_eq!(w(Order::Power(2.0)).value, w(Order::Two).value, max_relative = 1e-13);
    // W_p grows with p (Jensen).
    assert!(w(Order::Power(1.5)).value > w(Order::One).value);
    assert!(w(Order::Power(1.5)).value < w(Order::Two).value);
    // On a line, the sorted coupling: two points a distance 1 and 2 from theirs.
    let line = wasserstein(
        array![[0.0], [10.0]].view(),
        array![[12.0], [1.0]].view(),
        None,
        None,
        Order::Power(4.0),
    );
    assert_relative_eq!(line.unwrap().cost, 0.5 * (1.0 + 16.0), max_relative = 1e-14);
    for p in [0.5, f64::NAN, f64::INFINITY] {
        let error = wasserstein(x.view(), y.view(), None, None, Order::Power(p)).unwrap_err();
        let said = format!("the order of a Wasserstein distance is {p}; it must be finite and at least 1");
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn of_the_energy_distance() {
    let clouds = clouds();
    let value = |c: &Clouds| {
        energy_distance_gradient(c.x.view(), c.y.view(), Some(c.a.view()), Some(c.b.view())).unwrap().0
    };
    let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
    let (_, gradient) = energy_distance_gradient(clouds.x.view(), clouds.y.view(), a, b).unwrap();
    assert_gradient(&clouds, &gradient, (1e-3, 1e-7), value);
    let (equal, _) = energy_distance_gradient(clouds.x.view(), clouds.y.view(), None, None).unwrap();
    assert_relative_eq!(
        equal,
        energy_distance(clouds.x.view(), clouds.y.view()).unwrap(),
        max_relative = 1e-13
    );
    // Weights that count a point twice are the point given twice.
    let x = array![[0.0, 1.0], [2.0, 0.5], [2.0, 0.5]];
    let weighted = energy_distance_gradient(
        x.slice(ndarray::s![..2, ..]),
        clouds.y.view(),
        Some(array![1.0, 2.0].view()),
        None,
    );
    let twice = energy_distance(x.view(), clouds.y.view()).unwrap();
    assert_relative_eq!(weighted.unwrap().0, twice, max_relative = 1e-13);
}

#[test]
fn of_the_mmd() {
    let clouds = clouds();
    let widths = Bandwidth::Mixture(vec![0.5, 1.3]);
    let value = |c: &Clouds| {
        let (a, b) = (Some(c.a.view()), Some(c.b.view()));
        mmd_gradient(c.x.view(), c.y.view(), a, b, &widths).unwrap().0.squared
    };
    let (a, b) = (Some(clouds.a.view()), Some(clouds.b.view()));
    let (_, gradient) = mmd_gradient(clouds.x.view(), clouds.y.view(), a, b, &widths).unwrap();
    assert_gradient(&clouds, &gradient, (1e-3, 1e-8), value);
    for rule in [widths, Bandwidth::Median, Bandwidth::Fixed(1.0)] {
        let (equal, _) = mmd_gradient(clouds.x.view(), clouds.y.view(), None, None, &rule).unwrap();
        let plain = mmd(clouds.x.view(), clouds.y.view(), &rule).unwrap();
        assert_relative_eq!(equal.squared, plain.squared, max_relative = 1e-12);
        assert_eq!(equal.bandwidths, plain.bandwidths);
    }
}

#[test]
fn do_not_depend_on_the_number_of_threads() {
    let (x, y) = (cloud(200, 3, 0.0, 1), cloud(170, 3, 0.5, 2));
    let (a, b) = (weights(200, 1), weights(170, 2));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (a, b) = (Some(a.view()), Some(b.view()));
            let energy = energy_distance_gradient(x.view(), y.view(), a, b).unwrap();
            let kernel = mmd_gradient(x.view(), y.view(), a, b, &Bandwidth::Median).unwrap();
            (energy, kernel)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuse_bad_input() {
    let (x, y, a, _) = small();
    let short: Array1<f64> = array![1.0];
    let said = |e: chreode_ot::OtError| e.to_string();
    let wrong = wasserstein_gradient(x.view(), y.view(), Some(short.view()), None, Order::Two);
    assert_eq!(said(wrong.unwrap_err()), "the source weights has size 1 where 5 was expected");
    let wrong = energy_distance_gradient(x.view(), y.view(), None, Some((-&a).view()));
    assert_eq!(said(wrong.unwrap_err()), "the target weights has size 5 where 7 was expected");
    let wrong = mmd_gradient(x.view(), y.view(), Some((-&a).view()), None, &Bandwidth::Median);
    assert!(said(wrong.unwrap_err()).starts_with("the source mass of point 0 is -0.128"));
    let wrong = mmd_gradient(x.view(), y.view(), None, None, &Bandwidth::Fixed(0.0));
    assert_eq!(said(wrong.unwrap_err()), "the bandwidth is 0; it must be positive and finite");
    let mut bad = y.clone();
    bad[[2, 1]] = f64::NAN;
    let wrong = energy_distance_gradient(x.view(), bad.view(), None, None);
    assert_eq!(
        said(wrong.unwrap_err()),
        "the target point 2 has value NaN in column 1; every coordinate must be finite"
    );
}
