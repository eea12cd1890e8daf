//! Transport on a line and on a circle: against the network simplex, closed forms, POT, and its own proof.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Circle, Coupling, Geometry, Line, NetworkSimplex, OtError, OtSolver, SparsePlan, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, array};
use proptest::prelude::*;

/// Marginals, dual feasibility, tightness, and the size of the support.
fn certify<G: Geometry>(problem: &Transport<'_, G>, plan: &SparsePlan) {
    let (n, m) = problem.shape();
    let (rows, columns) = plan.marginals();
    let total = problem.source().sum();
    for (found, wanted) in rows.iter().zip(problem.source()).chain(columns.iter().zip(problem.target())) {
        assert!((found - wanted).abs() <= 1e-12 * total, "marginal {found} is not {wanted}");
    }
    assert!(plan.entries().len() < n + m);
    assert!(plan.entries().iter().all(|e| e.mass > 0.0));
    assert!(plan.entries().windows(2).all(|w| (w[0].row, w[0].column) < (w[1].row, w[1].column)));
    assert!((0..n).all(|i| plan.row(i).iter().all(|e| e.row == i)));
    let (u, v) = (plan.source_potential(), plan.target_potential());
    for i in 0..n {
        for j in 0..m {
            let slack = problem.geometry().cost(i, j) - u[i] - v[j];
            assert!(slack >= -1e-12 * (1.0 + u[i].abs() + v[j].abs()), "arc {i} {j} has slack {slack}");
        }
    }
    for e in plan.entries() {
        let slack = problem.geometry().cost(e.row, e.column) - u[e.row] - v[e.column];
        assert!(slack.abs() <= 1e-12 * (1.0 + u[e.row].abs()), "used arc {e:?} has slack {slack}");
    }
    assert!(plan.gap() <= 1e-12 * (1.0 + plan.cost().abs()), "gap {}", plan.gap());
    assert!((plan.primal_cost() - plan.dual_cost()).abs() <= 1e-12 * (1.0 + plan.cost().abs()));
}

fn simplex<G: Geometry>(problem: &Transport<'_, G>) -> f64 {
    NetworkSimplex::default().solve(problem).expect("feasible").cost()
}

/// Points that tie now and then, and masses some of which are zero.
fn points(n: usize, seed: u64) -> (Array1<f64>, Array1<f64>) {
    let coarse = cloud(n, 1, 0.5, seed).column(0).mapv(|v| (v * 40.0).floor() / 40.0);
    let mut masses = weights(n, seed + 1);
    if n > 3 {
        masses.iter_mut().skip(seed as usize % 3).step_by(3).for_each(|m| *m = 0.0);
    }
    let total = masses.sum();
    (coarse, masses / total)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn line_and_circle_agree_with_the_network_simplex(
        n in 1_usize..40,
        m in 1_usize..40,
        seed in 0_u64..10_000,
        exponent in prop::sample::select(vec![1.0, 1.5, 2.0, 3.0]),
    ) {
        let ((x, a), (y, b)) = (points(n, seed), points(m, seed + 7));
        let line = Line::new(x.view(), y.view(), exponent).expect("finite points");
        let circle = Circle::new(x.view(), y.view(), exponent, 1.0).expect("finite points");
        let weighted = Transport::new(&line, a.view(), b.view()).expect("valid");
        for problem in [&weighted, &Transport::uniform(&line).expect("not empty")] {
            let plan = problem.monotone_plan();
            certify(problem, &plan);
            prop_assert!((plan.cost() - simplex(problem)).abs() <= 1e-12);
            prop_assert!((problem.distance() - plan.cost().powf(1.0 / exponent)).abs() <= 1e-12);
        }
        let weighted = Transport::new(&circle, a.view(), b.view()).expect("valid");
        for problem in [&weighted, &Transport::uniform(&circle).expect("not empty")] {
            let plan = problem.monotone_plan();
            certify(problem, &plan);
            prop_assert!((plan.cost() - simplex(problem)).abs() <= 1e-12);
            prop_assert!((problem.distance() - plan.cost().powf(1.0 / exponent)).abs() <= 1e-12);
        }
    }
}

#[test]
fn a_rotation_moves_every_point_by_its_angle() {
    let x = cloud(300, 1, 0.5, 3).column(0).to_owned();
    for (turn, distance) in [(0.1, 0.1), (0.45, 0.45), (0.9, 0.1), (-3.25, 0.25)] {
        let y = x.mapv(|v| v + turn);
        for exponent in [1.0, 2.0, 2.5] {
            let circle = Circle::new(x.view(), y.view(), exponent, 1.0).unwrap();
            let problem = Transport::uniform(&circle).unwrap();
            // Not dearer than the rotation; of the mean displacement only W₁ may know less.
            assert!(problem.distance() <= distance + 1e-12);
            certify(&problem, &problem.monotone_plan());
        }
    }
    // Equidistant points turned by less than half a step.
    let x = Array1::from_shape_fn(48, |k| k as f64);
    let y = x.mapv(|v| v + 0.25);
    let circle = Circle::new(x.view(), y.view(), 2.0, 48.0).unwrap();
    assert_relative_eq!(Transport::uniform(&circle).unwrap().distance(), 0.25, max_relative = 1e-12);
}

/// Powers of W_p from POT 0.9.7.post1, `wasserstein_1d` and `wasserstein_circle`.
#[test]
fn agrees_with_pot() {
    let points =
        |n: usize, by: f64, from: f64| Array1::from_shape_fn(n, |k| (by * (k + 1) as f64 + from) % 1.0);
    let (x, y) = (points(7, 0.37, 0.0), points(5, 0.61, 0.05));
    let a = Array1::from_shape_fn(7, |k| (k + 1) as f64 / 28.0);
    let b = Array1::from_shape_fn(5, |k| (5 - k) as f64 / 15.0);
    for (exponent, on_line, on_circle) in [
        (1.0, 0.05885714285714294, 0.055),
        (2.0, 0.005257142857142867, 0.00477286),
        (3.0, 0.0006151714285714295, 0.00059974),
    ] {
        let line = Line::new(x.view(), y.view(), exponent).unwrap();
        let problem = Transport::new(&line, a.view(), b.view()).unwrap();
        assert_relative_eq!(problem.monotone_plan().cost(), on_line, max_relative = 1e-12);
        let circle = Circle::new(x.view(), y.view(), exponent, 1.0).unwrap();
        let problem = Transport::new(&circle, a.view(), b.view()).unwrap();
        // It prints eight digits.
        assert_relative_eq!(problem.monotone_plan().cost(), on_circle, epsilon = 1e-8);
    }
}

#[test]
fn around_the_cut_and_across_the_middle() {
    // All mass at one point against equal masses at 0 and 1/2: half of it moves by a quarter either way.
    let circle = Circle::new(array![0.25].view(), array![0.0, 0.5].view(), 2.0, 1.0).unwrap();
    let problem = Transport::uniform(&circle).unwrap();
    certify(&problem, &problem.monotone_plan());
    assert_relative_eq!(problem.distance(), 0.25, max_relative = 1e-14);
    let circle = Circle::new(array![0.95].view(), array![0.1].view(), 1.0, 1.0).unwrap();
    assert_relative_eq!(Transport::uniform(&circle).unwrap().distance(), 0.15, max_relative = 1e-12);
}

#[test]
fn totals_other_than_one_and_large_problems() {
    let (n, m) = (900, 700);
    let (x, y) = (cloud(n, 1, 0.0, 1).column(0).to_owned(), cloud(m, 1, 0.4, 2).column(0).to_owned());
    let (a, b) = (weights(n, 3) * 5.0, weights(m, 4) * 5.0);
    let line = Line::new(x.view(), y.view(), 2.0).unwrap();
    let problem = Transport::new(&line, a.view(), b.view()).unwrap();
    let plan = problem.monotone_plan();
    certify(&problem, &plan);
    assert_relative_eq!(plan.marginals().0.sum(), 5.0, max_relative = 1e-12);
    assert_relative_eq!(plan.cost(), simplex(&problem), max_relative = 1e-12);
    assert_relative_eq!(problem.distance(), (plan.cost() / 5.0).sqrt(), max_relative = 1e-12);
    let circle = Circle::new(x.view(), y.view(), 2.0, 1.0).unwrap();
    let problem = Transport::new(&circle, a.view(), b.view()).unwrap();
    let plan = problem.monotone_plan();
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), simplex(&problem), max_relative = 1e-11);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let (x, a) = points(5000, 1);
    let (y, b) = points(4000, 2);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let line = Line::new(x.view(), y.view(), 1.0).unwrap();
            let circle = Circle::new(x.view(), y.view(), 2.0, 1.0).unwrap();
            let plan = Transport::new(&line, a.view(), b.view()).unwrap().monotone_plan();
            (plan, Transport::new(&circle, a.view(), b.view()).unwrap().monotone_plan())
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn single_precision_points_are_compared_in_double() {
    let (x, y) = (cloud(50, 1, 0.0, 1).column(0).mapv(|v| v as f32), array![0.1_f32, 0.2]);
    let line = Line::new(x.view(), y.view(), 2.0).unwrap();
    let wide = Line::new(x.mapv(f64::from).view(), y.mapv(f64::from).view(), 2.0).unwrap();
    assert_eq!(line, wide);
}

#[test]
fn bad_input_is_named() {
    let (x, y) = (array![0.0, 1.0], array![0.5]);
    let text = |error: OtError| error.to_string();
    for exponent in [0.5, f64::NAN, f64::INFINITY] {
        let error = Line::new(x.view(), y.view(), exponent).unwrap_err();
        assert_eq!(text(error), format!("the exponent is {exponent}; it must be at least 1 and finite"));
    }
    assert_eq!(
        text(Line::new(x.view(), Array1::<f64>::zeros(0).view(), 1.0).unwrap_err()),
        "the target side has no points; transport needs at least one on each side"
    );
    assert_eq!(
        text(Line::new(array![0.0, f64::NAN].view(), y.view(), 1.0).unwrap_err()),
        "the source point 1 has value NaN in column 0; every coordinate must be finite"
    );
    let far = Line::new(array![-1e200, 0.0].view(), array![0.0, 1e200].view(), 2.0).unwrap_err();
    assert_eq!(far, OtError::BadCost { row: 0, column: 1, value: f64::INFINITY });
    for circumference in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e200] {
        let error = Circle::new(x.view(), y.view(), 2.0, circumference).unwrap_err();
        assert_eq!(
            text(error),
            format!(
                "the circumference is {circumference}; it must be positive and finite, and so must be its p-th power"
            )
        );
    }
}
