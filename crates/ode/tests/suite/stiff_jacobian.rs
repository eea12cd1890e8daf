//! Jacobians by hand, by dual numbers and by differences agree, whatever their structure.

use chreode_core::{FiniteDifference, VectorField};
use chreode_ode::{Dual, Formula, Forward, Jacobian, Known, Matrix, Pattern, Scalar, WithJacobian};
use ndarray::Array1;

/// A chain in which each entry feels its neighbours, and time.
struct Chain;

impl Formula for Chain {
    fn formula<S: Scalar>(&self, t: S, y: &[S], dy: &mut [S]) {
        let n = y.len();
        for i in 0..n {
            let left = if i > 0 { y[i - 1].sin() } else { S::from(0.0) };
            let right = if i + 1 < n { y[i + 1] * y[i] } else { t * t };
            dy[i] = left - right * 2.0 + (y[i] * 0.3).exp();
        }
    }
}

/// The Jacobian of [`Chain`], by hand.
fn chain_jacobian(y: &[f64], out: &mut Matrix) {
    let n = y.len();
    for i in 0..n {
        if i > 0 {
            out.add(i, i - 1, y[i - 1].cos());
        }
        if i + 1 < n {
            out.add(i, i + 1, -2.0 * y[i]);
            out.add(i, i, -2.0 * y[i + 1]);
        }
        out.add(i, i, 0.3 * (0.3 * y[i]).exp());
    }
}

/// Evaluates, and says the evaluations and the largest difference to the Jacobian by hand.
fn compare<P: Jacobian<Array1<f64>>>(problem: &P, y: &Array1<f64>) -> (usize, f64) {
    let n = y.len();
    let mut out = Matrix::zeros(n, problem.structure());
    let mut workspace = problem.workspace(y, &out);
    let mut evals = 0;
    for _ in 0..2 {
        out.clear();
        evals = problem.jacobian(0.5, y, &problem.eval(0.5, y), &mut out, &mut workspace);
    }
    let mut exact = Matrix::zeros(n, chreode_ode::Structure::Dense);
    chain_jacobian(y.as_slice().expect("contiguous"), &mut exact);
    let mut worst: f64 = 0.0;
    exact.for_each(|i, j, value| worst = worst.max((out.get(i, j) - value).abs()));
    assert_eq!(out.outside(), None);
    (evals, worst)
}

#[test]
fn all_sources_agree_and_colours_are_counted() {
    let tridiagonal = |n: usize| {
        let places = (0..n).flat_map(|i| (i.saturating_sub(1)..n.min(i + 2)).map(move |j| (i, j)));
        Pattern::new(n, places).expect("inside")
    };
    for n in [2, 5, 11, 30] {
        let y = Array1::from_shape_fn(n, |i| (i as f64 + 1.0).cos());
        let difference = || FiniteDifference(Forward(Chain));
        let colours = n.min(3);
        for (found, evals) in [
            (compare(&difference(), &y), n),
            (compare(&difference().banded(1, 1), &y), colours),
            (compare(&difference().sparse(tridiagonal(n)), &y), colours),
        ] {
            assert_eq!(found.0, evals, "{n} rows");
            assert!(found.1 < 1e-6, "{n} rows: {found:?}");
        }
        // Eight columns a pass, and the last ones in a narrower one.
        for (found, evals) in [
            (compare(&Forward(Chain), &y), n.div_ceil(8)),
            (compare(&Forward(Chain).banded(1, 1), &y), 1),
            (compare(&Forward(Chain).sparse(tridiagonal(n)).autonomous(), &y), 1),
        ] {
            assert_eq!(found.0, evals, "{n} rows");
            assert!(found.1 < 1e-14, "{n} rows: {found:?}");
        }
        let given = WithJacobian {
            field: |t: f64, y: &Array1<f64>| Forward(Chain).eval(t, y),
            jacobian: |_t: f64, y: &Array1<f64>, out: &mut Matrix| {
                chain_jacobian(y.as_slice().expect("contiguous"), out);
            },
        };
        assert_eq!(compare(&given, &y), (0, 0.0));
        assert_eq!(compare(&given.banded(1, 1), &y), (0, 0.0));
    }
}

#[test]
fn closures_over_arrays_are_problems() {
    let mu = 3.0;
    let problem = FiniteDifference(|_t: f64, y: &[f64; 2]| [y[1], mu * (1.0 - y[0] * y[0]) * y[1] - y[0]]);
    let y = [2.0, 0.5];
    let mut out = Matrix::zeros(2, problem.structure());
    let mut workspace = problem.workspace(&y, &out);
    let slope = problem.eval(0.0, &y);
    assert_eq!(problem.jacobian(0.0, &y, &slope, &mut out, &mut workspace), 2);
    let exact = Matrix::from_rows(&[[0.0, 1.0], [-2.0 * mu * 2.0 * 0.5 - 1.0, mu * (1.0 - 4.0)]]);
    exact.for_each(|i, j, value| assert!((out.get(i, j) - value).abs() < 1e-6, "({i}, {j})"));
}

#[test]
fn time_is_differentiated() {
    let y = Array1::from(vec![0.2, 0.7, -0.4]);
    let find = |problem: &dyn Fn(&mut Array1<f64>) -> usize| {
        let mut out = Array1::ones(3);
        (problem(&mut out), out[2], out[0])
    };
    let like = Matrix::zeros(3, chreode_ode::Structure::Dense);
    let slope = Forward(Chain).eval(0.5, &y);
    let exact = find(&|out| {
        let problem = Forward(Chain);
        problem.time_derivative(0.5, &y, &slope, out, &mut problem.workspace(&y, &like))
    });
    assert_eq!(exact, (1, -2.0, 0.0));
    let difference = find(&|out| {
        let problem = FiniteDifference(Forward(Chain));
        problem.time_derivative(0.5, &y, &slope, out, &mut problem.workspace(&y, &like))
    });
    assert!(difference.0 == 1 && (difference.1 + 2.0).abs() < 1e-6 && difference.2 == 0.0);
    let none = find(&|out| {
        let problem = Forward(Chain).autonomous();
        problem.time_derivative(0.5, &y, &slope, out, &mut problem.workspace(&y, &like))
    });
    assert_eq!(none, (0, 0.0, 0.0));
}

#[test]
fn dual_functions_have_the_derivatives_of_their_values() {
    type Function = (&'static str, fn(Dual<2>) -> Dual<2>, fn(f64) -> f64);
    let functions: &[Function] = &[
        ("recip", |x| x.recip(), |x| 1.0 / x),
        ("sqrt", |x| x.sqrt(), |x| x.sqrt()),
        ("cbrt", |x| x.cbrt(), |x| x.cbrt()),
        ("exp", |x| x.exp(), |x| x.exp()),
        ("exp_m1", |x| x.exp_m1(), |x| x.exp_m1()),
        ("ln", |x| x.ln(), |x| x.ln()),
        ("ln_1p", |x| x.ln_1p(), |x| x.ln_1p()),
        ("powi", |x| x.powi(-3), |x| x.powi(-3)),
        ("powf", |x| x.powf(1.7), |x| x.powf(1.7)),
        ("sin", |x| x.sin(), |x| x.sin()),
        ("cos", |x| x.cos(), |x| x.cos()),
        ("tan", |x| x.tan(), |x| x.tan()),
        ("asin", |x| x.asin(), |x| x.asin()),
        ("acos", |x| x.acos(), |x| x.acos()),
        ("atan", |x| x.atan(), |x| x.atan()),
        ("sinh", |x| x.sinh(), |x| x.sinh()),
        ("cosh", |x| x.cosh(), |x| x.cosh()),
        ("tanh", |x| x.tanh(), |x| x.tanh()),
        ("abs", |x| (-x).abs(), |x| x),
        ("max", |x| Scalar::max(x, Dual::constant(0.1)), |x| x),
        ("min", |x| Scalar::min(x, Dual::constant(0.1)), |_| 0.1),
        (
            "operators",
            |x| (x * x - 2.0) / (x * 3.0 + 1.0) + x / 2.0 - x,
            |x| (x * x - 2.0) / (3.0 * x + 1.0) - x / 2.0,
        ),
        (
            "assigning",
            |mut x| {
                let y = x;
                x += y;
                x *= y;
                x -= y;
                x /= y;
                x
            },
            |x| 2.0 * x - 1.0,
        ),
    ];
    for (name, dual, plain) in functions {
        for x in [0.3, 0.71] {
            let y = dual(Dual { value: x, slope: [1.0, -2.0] });
            let h = 1e-5;
            let slope = (plain(x + h) - plain(x - h)) / (2.0 * h);
            assert!((y.value - plain(x)).abs() < 1e-14, "{name}({x}) = {}", y.value);
            let near = (y.slope[0] - slope).abs() < 1e-8 * slope.abs().max(1.0);
            assert!(near, "{name}'({x}) = {} and not {slope}", y.slope[0]);
            assert_eq!(y.slope[1], -2.0 * y.slope[0], "{name}");
        }
    }
}
