//! The continuous adjoints converge to the discrete ones and to closed forms, as fast as they should.

use crate::common;

use chreode_adjoint::{
    Adjoint, AdjointError, Backsolve, Gradient, Interpolating, Quadrature, WithGradient, gradient,
};
use chreode_core::{Passenger, Tolerance, VectorField, VectorSpace};
use chreode_ode::{ExplicitRk, Pi, RK4, Solve, SolveError, TSIT5, VERNER7};
use common::{Counting, DUFFING, Linear, adaptive, apart, fixed};

const TIMES: [f64; 5] = [0.1, 0.5, 0.5, 1.9, 3.0];

fn cotangents() -> Vec<[f64; 2]> {
    vec![[1.0, -0.5], [0.3, 0.2], [-2.0, 1.0], [0.0, 1.5], [1.0, 2.0]]
}

fn flat<const N: usize, const M: usize>(g: &Gradient<[f64; N], [f64; M]>) -> Vec<f64> {
    g.y0.iter().chain(&g.params).chain(&g.times).copied().collect()
}

/// The gradients of the three methods, both solves at one tolerance.
fn three(tolerance: f64, times: &[f64]) -> [Vec<f64>; 3] {
    let forward = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(tolerance)));
    let back = Solve::new(ExplicitRk::new(VERNER7), Pi::new(Tolerance::both(tolerance)));
    let (y0, w) = ([0.6, -0.2], cotangents());
    let take = |g: Result<_, AdjointError>| {
        let (ys, g): WithGradient<[f64; 2], [f64; 5]> = g.expect("a smooth problem");
        assert_eq!(ys, forward.at(&DUFFING, y0, times).expect("a smooth problem"));
        flat(&g)
    };
    [
        take(Backsolve::new(back).gradient(&forward, &DUFFING, y0, times, |_| w.clone())),
        take(Interpolating::new(back).gradient(&forward, &DUFFING, y0, times, |_| w.clone())),
        take(Quadrature::new(back).points(5).gradient(&forward, &DUFFING, y0, times, |_| w.clone())),
    ]
}

#[test]
fn they_agree_with_the_discrete_gradient_as_the_tolerance_tightens() {
    for times in [TIMES, TIMES.map(|t| -t)] {
        let (_, exact) = gradient(&adaptive(1e-13), &DUFFING, [0.6, -0.2], &times, |_| cotangents()).unwrap();
        let exact = flat(&exact);
        let mut before = [f64::INFINITY; 3];
        for tolerance in [1e-4, 1e-7, 1e-10] {
            for (i, g) in three(tolerance, &times).iter().enumerate() {
                let error = apart(g, &exact);
                assert!(error < 300.0 * tolerance && error < 0.05 * before[i], "{i} at {tolerance}: {error}");
                before[i] = error;
            }
        }
    }
}

#[test]
fn the_error_has_the_order_of_the_method() {
    // y′ = k y: ∂y(1)/∂k = y₀ e^k. RK4 both ways.
    let k: f64 = 0.8;
    let field = Linear([k, 0.0, 0.0, 0.0]);
    let exact = [k.exp(), k.exp()];
    let orders = |run: &dyn Fn(usize) -> Gradient<[f64; 2], [f64; 4]>| {
        let error = |n| {
            let g = run(n);
            apart(&[g.y0[0], g.params[0]], &exact)
        };
        (error(10) / error(20)).log2()
    };
    let (y0, times, w) = ([1.0, 0.0], [0.0, 1.0], || vec![[0.0, 0.0], [1.0, 0.0]]);
    let back = orders(&|n| {
        Backsolve::new(fixed(RK4, n)).gradient(&fixed(RK4, n), &field, y0, &times, |_| w()).unwrap().1
    });
    assert!((back - 4.0).abs() < 0.3, "{back}");
    // RK4 here has dense output of second order alone, so its error is third.
    let along = orders(&|n| {
        Interpolating::new(fixed(RK4, n)).gradient(&fixed(RK4, n), &field, y0, &times, |_| w()).unwrap().1
    });
    let by_quadrature = orders(&|n| {
        Quadrature::new(fixed(RK4, n)).gradient(&fixed(RK4, n), &field, y0, &times, |_| w()).unwrap().1
    });
    assert!(along > 2.7 && by_quadrature > 2.7, "{along}, {by_quadrature}");
}

#[test]
fn parameters_do_not_make_the_steps_short() {
    // Without the passenger, an error norm over 4 parameters would ask for other steps; with it, the state
    // and the adjoint alone choose them, and 8 evaluations of a linear field's pullback a step do.
    let field = Counting::new(Linear([0.0, 10.0, -10.0, 0.0]));
    let solve = adaptive(1e-8);
    let adjoint = Backsolve::new(solve);
    let (_, tape) = adjoint.forward(&solve, &field, [1.0, 0.0], &[0.0, 2.0]).unwrap();
    field.take();
    adjoint.backward(&solve, &field, &tape, &[[0.0, 0.0], [1.0, 0.0]]).unwrap();
    let (_, pulls) = field.take();
    // The same pair y and a, without any parameters.
    let pair = |_t: f64, s: &([f64; 2], [f64; 2])| {
        let ([y, a], m) = ([s.0, s.1], 10.0);
        ([m * y[1], -m * y[0]], [m * a[1], -m * a[0]])
    };
    let start = (tape_end(&solve), [1.0, 0.0]);
    let mut last = chreode_ode::Last::new();
    let span = chreode_ode::Span { t0: 2.0, t1: 0.0 };
    let report = solve.run(&pair, span, start, &mut last).unwrap();
    // One more for the shape of the parameters.
    assert_eq!(pulls, report.stats.evals + 1);
}

fn tape_end(solve: &Solve<ExplicitRk, Pi>) -> [f64; 2] {
    let field = Linear([0.0, 10.0, -10.0, 0.0]);
    solve.at(&field, [1.0, 0.0], &[0.0, 2.0]).expect("a smooth problem")[1]
}

#[test]
fn backsolve_fails_where_the_problem_forgets_and_the_others_do_not() {
    // y′ = −20 y + …: backwards, errors of y grow by e^40.
    let field = Forgetful;
    let (y0, times) = ([1.0], [0.0, 2.0]);
    let solve = adaptive(1e-8);
    let w = |_: &[[f64; 1]]| vec![[0.0], [1.0]];
    let (_, exact) = gradient(&adaptive(1e-12), &field, y0, &times, w).unwrap();
    let (_, along) = Interpolating::new(solve).gradient(&solve, &field, y0, &times, w).unwrap();
    let (_, by_quadrature) = Quadrature::new(solve).gradient(&solve, &field, y0, &times, w).unwrap();
    assert!(apart(&along.params, &exact.params) < 1e-5, "{along:?} {exact:?}");
    assert!(apart(&by_quadrature.params, &exact.params) < 1e-5, "{by_quadrature:?} {exact:?}");
    match Backsolve::new(solve).gradient(&solve, &field, y0, &times, w) {
        Ok((_, wrong)) => assert!(apart(&wrong.params, &exact.params) > 1e-2, "{wrong:?}"),
        Err(error) => assert!(matches!(error, AdjointError::Solve(_)), "{error}"),
    }
}

/// y′ = −20 y³ + θ cos t, θ = 3.
struct Forgetful;

impl VectorField<[f64; 1]> for Forgetful {
    fn eval(&self, t: f64, y: &[f64; 1]) -> [f64; 1] {
        [-20.0 * y[0].powi(3) + 3.0 * t.cos()]
    }
}

impl chreode_core::Vjp<[f64; 1]> for Forgetful {
    type Params = [f64; 1];
    fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> chreode_core::Pullback<[f64; 1], [f64; 1]> {
        let state = [-60.0 * y[0] * y[0] * a[0]];
        chreode_core::Pullback { value: self.eval(t, y), state, params: [t.cos() * a[0]] }
    }
}

#[test]
fn no_step_and_bad_input() {
    let solve = adaptive(1e-6);
    let (_, g) = Backsolve::new(solve)
        .gradient(&solve, &DUFFING, [0.6, -0.2], &[1.0, 1.0], |_| vec![[1.0, 0.0], [0.0, 2.0]])
        .unwrap();
    assert_eq!((g.y0, g.params), ([1.0, 2.0], [0.0; 5]));
    let (_, g) = Interpolating::new(solve)
        .gradient(&solve, &DUFFING, [0.6, -0.2], &[1.0], |_| vec![[1.0, 0.0]])
        .unwrap();
    assert_eq!((g.y0, g.times), ([1.0, 0.0], vec![0.0]));
    let none = Quadrature::new(solve).gradient(&solve, &DUFFING, [0.6, -0.2], &[], |_| vec![]).unwrap_err();
    assert_eq!(none, AdjointError::Solve(SolveError::NoTimes));
    let points = Quadrature::new(solve)
        .points(0)
        .gradient(&solve, &DUFFING, [0.6, -0.2], &[0.0, 1.0], |_| vec![])
        .unwrap_err();
    assert_eq!(points.to_string(), "0 quadrature nodes a step were asked for; give between 1 and 16");
    let nan = Backsolve::new(solve)
        .gradient(&solve, &DUFFING, [0.6, -0.2], &[0.0, 1.0], |_| vec![[f64::NAN, 0.0], [0.0; 2]])
        .unwrap_err();
    assert!(matches!(nan, AdjointError::CotangentNotFinite { index: 0, .. }), "{nan}");
    // A passenger is a passenger: it has entries, and none of them counts.
    let state = (([1.0, 2.0], [3.0, 4.0]), Passenger([5.0; 7]));
    assert_eq!(state.scaled_square_sum(&state, &state, Tolerance::both(1.0)).1, 4);
}
