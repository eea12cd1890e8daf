//! The discrete gradient is that of the steps: by hand, by finite differences, and the same bits for any
//! number of checkpoints.

use crate::common;

use chreode_adjoint::{Adjoint, AdjointError, Discrete, Gradient, Times, advances, gradient};
use chreode_core::{Tolerance, VectorField};
use chreode_ode::{
    DOPRI5, EULER, ExplicitRk, HEUN, Jumps, METHODS, MIDPOINT, Pi, RK4, Solve, SolveError, Span, TSIT5,
};
use common::{Counting, DUFFING, Duffing, Linear, Lorenz, adaptive, apart, differences, fixed, held};
use ndarray::array;

/// Weights of a linear loss of several states.
fn weights<const N: usize>(outputs: usize) -> Vec<[f64; N]> {
    let weight = |i: usize, j: usize| 0.3 + ((7 * i + 3 * j) % 5) as f64 - 1.7 * (j as f64);
    (0..outputs).map(|i| std::array::from_fn(|j| weight(i, j))).collect()
}

fn value<const N: usize>(ys: &[[f64; N]], weights: &[[f64; N]]) -> f64 {
    ys.iter().flatten().zip(weights.iter().flatten()).map(|(y, w)| y * w).sum()
}

#[test]
fn one_euler_step_by_hand() {
    // y₁ = (1 + h A) y₀, a quarter of the way y₀ + θ h A y₀.
    let a = [0.5, -1.0, 2.0, 0.25];
    let (y0, h) = ([1.0, 3.0], 0.4);
    let solve = fixed(EULER, 1);
    let cotangents = vec![[0.5, 0.0], [1.0, 2.0], [-1.0, 1.5]];
    let times = [1.0, 1.1, 1.4];
    let (ys, g) = gradient(&solve, &Linear(a), y0, &times, |_| cotangents).unwrap();
    let slope = [0.5 - 3.0, 2.0 + 0.75];
    assert!(apart(&ys[1], &[1.0 + 0.1 * slope[0], 3.0 + 0.1 * slope[1]]) < 1e-15);
    // u = h c₂ + θ h c₁ is the cotangent of the slope.
    let u = [0.1 - h, h * 1.5 + 0.2];
    let y0_by_hand =
        [0.5 + 1.0 - 1.0 + a[0] * u[0] + a[2] * u[1], 0.0 + 2.0 + 1.5 + a[1] * u[0] + a[3] * u[1]];
    assert!(apart(&g.y0, &y0_by_hand) < 1e-15, "{:?}", g.y0);
    assert!(apart(&g.params, &[u[0], 3.0 * u[0], u[1], 3.0 * u[1]]) < 1e-15);
    // All states move along the one slope.
    let (c1, c2) = (slope[0] + 2.0 * slope[1], -slope[0] + 1.5 * slope[1]);
    assert!(apart(&g.times, &[-c1 - c2, c1, c2]) < 1e-14, "{:?}", g.times);
}

#[test]
fn a_linear_system_by_hand() {
    // n steps of RK4 multiply by R(hA)ⁿ, R the exponential series up to the fourth term.
    let (a, n, h) = ([0.0, 1.0, -1.0, -0.1], 30, 0.1);
    let multiply = |x: [f64; 4], y: [f64; 4]| {
        [
            x[0] * y[0] + x[1] * y[2],
            x[0] * y[1] + x[1] * y[3],
            x[2] * y[0] + x[3] * y[2],
            x[2] * y[1] + x[3] * y[3],
        ]
    };
    let step = (1..=4).rev().fold([1.0, 0.0, 0.0, 1.0], |r: [f64; 4], j| {
        let term = multiply(a.map(|x| x * h / f64::from(j)), r);
        [1.0 + term[0], term[1], term[2], 1.0 + term[3]]
    });
    let all = (0..n).fold([1.0, 0.0, 0.0, 1.0], |r, _| multiply(step, r));
    let (_, g) =
        gradient(&fixed(RK4, n), &Linear(a), [1.0, 2.0], &[0.0, 3.0], |_| vec![[0.0, 0.0], [1.0, -2.0]])
            .unwrap();
    assert!(apart(&g.y0, &[all[0] - 2.0 * all[2], all[1] - 2.0 * all[3]]) < 1e-14);
}

/// The gradient of every method against differences of the same steps, in y₀, θ and all times.
fn against_differences(t1: f64) {
    let y0 = [0.6, -0.2];
    let times = [0.1, 0.37, 0.38, 1.03, t1].map(|t| if t1 < 0.0 && t != t1 { -t } else { t });
    let span = Span { t0: times[0], t1 };
    let w = weights::<2>(times.len());
    for tableau in METHODS {
        let name = tableau.coefficients().name;
        let steps = match tableau.coefficients().embedded {
            Some(_) => held(
                &Solve::new(ExplicitRk::new(*tableau), Pi::new(Tolerance::both(1e-3))),
                &DUFFING,
                span,
                y0,
            ),
            None => held(&fixed(*tableau, 13), &DUFFING, span, y0),
        };
        let run = |x: &[f64]| {
            let field = Duffing(x[2..7].try_into().expect("five parameters"));
            value(&steps.at(&field, [x[0], x[1]], &x[7..]).expect("a smooth solve"), &w)
        };
        let x: Vec<_> = y0.into_iter().chain(DUFFING.0).chain(times).collect();
        let by_differences = differences(&x, 3e-4, run);
        let (ys, g) = gradient(&steps, &DUFFING, y0, &times, |_| w.clone()).expect("a smooth solve");
        assert_eq!(ys, steps.at(&DUFFING, y0, &times).expect("a smooth solve"), "{name}");
        let found: Vec<_> = g.y0.into_iter().chain(g.params).chain(g.times).collect();
        for i in 0..x.len() {
            let scale = by_differences[i].abs().max(1.0);
            let gap = (found[i] - by_differences[i]).abs() / scale;
            assert!(gap < 1e-7, "{name}, entry {i}: {found:?}, {by_differences:?}");
        }
    }
}

#[test]
fn every_method_agrees_with_differences() {
    against_differences(3.0);
}

#[test]
fn every_method_agrees_with_differences_backwards_in_time() {
    against_differences(-2.5);
}

#[test]
fn the_states_are_those_of_the_plain_solve() {
    let times = [0.0, 0.3, 0.9, 2.0];
    for tableau in [DOPRI5, TSIT5] {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-6)));
        let (ys, _) = Discrete::default().forward(&solve, &DUFFING, [0.6, -0.2], &times).unwrap();
        assert_eq!(ys, solve.at(&DUFFING, [0.6, -0.2], &times).unwrap());
    }
}

fn bits<const N: usize, const M: usize>(g: &Gradient<[f64; N], [f64; M]>) -> Vec<u64> {
    g.y0.iter().chain(&g.params).chain(&g.times).map(|x| x.to_bits()).collect()
}

#[test]
fn checkpoints_change_no_bit_and_cost_what_the_formula_says() {
    let field = Counting::new(DUFFING);
    for (tableau, weighty) in [(DOPRI5, 6), (RK4, 4), (EULER, 1), (HEUN, 2)] {
        for n in [1, 2, 7, 40, 133] {
            let solve = fixed(tableau, n);
            let run = |adjoint: Discrete| {
                let (_, tape) = adjoint.forward(&solve, &field, [0.6, -0.2], &[0.0, 4.0]).unwrap();
                field.take();
                let w = weights(2);
                let g = adjoint.backward(&solve, &field, &tape, &w).unwrap();
                assert_eq!(tape.steps(), n);
                let cost = field.take();
                let timed = Discrete { times: Times::Differentiated, ..adjoint };
                assert_eq!(bits(&timed.backward(&solve, &field, &tape, &w).unwrap())[..7], bits(&g)[..]);
                field.take();
                (g, cost, tape.advances())
            };
            let constant = |k| Discrete::checkpoints(k).times(Times::Constant);
            let (stored, cost, again) = run(Discrete::stored().times(Times::Constant));
            assert_eq!((cost, again), ((0, weighty * n), 0));
            let stages = tableau.stages();
            for k in [1, 2, 3, 5, 20, n, n * (stages + 1)] {
                let (g, (evals, pulls), again) = run(constant(k));
                assert_eq!(bits(&g), bits(&stored), "{n} steps, {k} checkpoints");
                // From the initial state alone it would be the binomial formula; states kept on the way
                // forward spare some of it.
                assert!(again <= if k >= n { 0 } else { advances(n, k) }, "{n}, {k}: {again}");
                assert!(k > 1 || again == advances(n, 1));
                let first = if k >= n * (stages + 1) { 0 } else { (weighty - 1) * n };
                assert_eq!((evals, pulls), (first + weighty * again, weighty * n), "{n}, {k}");
            }
        }
    }
}

#[test]
fn checkpoints_change_no_bit_of_adaptive_solves_with_outputs_anywhere() {
    for tableau in METHODS.iter().filter(|m| m.coefficients().embedded.is_some()) {
        let control = Pi::new(Tolerance::both(1e-5));
        let solve = Solve::new(ExplicitRk::new(*tableau), Jumps::new(control, [0.7, 2.0]));
        let times = [0.0, 0.0, 0.1, 0.7, 0.7, 1.5, 3.0, 3.0];
        let w = weights::<2>(times.len());
        let run = |adjoint: Discrete| {
            adjoint.gradient(&solve, &DUFFING, [0.6, -0.2], &times, |_| w.clone()).unwrap().1
        };
        let stored = bits(&run(Discrete::stored()));
        for k in [1, 2, 4] {
            assert_eq!(bits(&run(Discrete::checkpoints(k))), stored);
        }
    }
}

#[test]
fn times_at_the_ends_of_steps_move_along_the_field() {
    // Four steps of Heun's method end at 0.5, 1, 1.5, 2.
    let solve = fixed(HEUN, 4);
    let times = [0.0, 0.0, 1.0, 1.0, 2.0, 2.0];
    let (ys, g) = gradient(&solve, &DUFFING, [0.6, -0.2], &times, |_| weights(6)).unwrap();
    let w = weights::<2>(6);
    for i in 1..5 {
        let slope = DUFFING.eval(times[i], &ys[i]);
        let along = slope[0] * w[i][0] + slope[1] * w[i][1];
        assert!((g.times[i] - along).abs() < 1e-12, "{i}: {:?}", g.times);
    }
    // All times together shift the clock of the field alone: nothing for a field without one.
    let (_, g) =
        gradient(&solve, &Linear([0.0, 1.0, -1.0, -0.1]), [0.6, -0.2], &times, |_| weights(6)).unwrap();
    assert!(g.times.iter().map(|t| t.abs()).sum::<f64>() > 1.0);
    // Inner ends of steps stay, so this holds to the order of the method only ...
    let sum = |n: usize| {
        let field = Linear([0.0, 1.0, -1.0, -0.1]);
        let (_, g) = gradient(&fixed(HEUN, n), &field, [0.6, -0.2], &times, |_| weights(6)).unwrap();
        g.times.iter().sum::<f64>().abs()
    };
    assert!(sum(64) > 1e-5 && sum(64) < 0.3 * sum(32), "{} {}", sum(32), sum(64));
    // ... and exactly where there are none.
    let solve = fixed(HEUN, 1);
    let (_, g) =
        gradient(&solve, &Linear([0.0, 1.0, -1.0, -0.1]), [0.6, -0.2], &[0.0, 0.2, 1.0], |_| weights(3))
            .unwrap();
    assert!(g.times.iter().sum::<f64>().abs() < 1e-14, "{:?}", g.times);
}

#[test]
fn growth_converges_to_the_closed_form() {
    // y = y₀ e^{k (t − t₀)}; L = y(t₁).
    let (k, y0, t0, t1) = (0.7, 1.5, 0.2, 1.9);
    let field = Linear([k, 0.0, 0.0, 0.0]);
    let mut before = f64::INFINITY;
    for tolerance in [1e-4, 1e-7, 1e-10] {
        let (_, g) =
            gradient(&adaptive(tolerance), &field, [y0, 1.0], &[t0, t1], |_| vec![[0.0; 2], [1.0, 0.0]])
                .unwrap();
        let e = (k * (t1 - t0)).exp();
        let exact = [e, (t1 - t0) * y0 * e, -k * y0 * e, k * y0 * e];
        let error = apart(&[g.y0[0], g.params[0], g.times[0], g.times[1]], &exact);
        assert!(error < 20.0 * tolerance && error < 0.1 * before, "{tolerance}: {error}");
        before = error;
    }
}

#[test]
fn a_chaotic_window() {
    // Errors of y₀ grow many times over this window; the gradient is that of the steps all the same.
    let (y0, p, t1) = ([1.0, 1.0, 1.0], [10.0, 28.0, 8.0 / 3.0], 10.0);
    let w = vec![[0.0; 3], [0.2, 0.0, 1.0], [0.0, 0.0, 1.0]];
    let times = [0.0, 0.5 * t1, t1];
    let steps = held(&adaptive(1e-6), &Lorenz(p), Span { t0: 0.0, t1 }, y0);
    let x: Vec<_> = y0.into_iter().chain(p).collect();
    let by_differences = differences(&x, 1e-7, |x| {
        let field = Lorenz(x[3..].try_into().unwrap());
        value(&steps.at(&field, x[..3].try_into().unwrap(), &times).unwrap(), &w)
    });
    let adjoint = Discrete::checkpoints(9);
    let (_, g) = adjoint.gradient(&steps, &Lorenz(p), y0, &times, |_| w.clone()).unwrap();
    let found: Vec<_> = g.y0.into_iter().chain(g.params).collect();
    assert!(found.iter().any(|g| g.abs() > 50.0), "{found:?}");
    assert!(apart(&found, &by_differences) < 1e-6, "{found:?}, {by_differences:?}");
}

#[test]
fn arrays_are_as_good_as_fixed_states() {
    let field = |a: [f64; 4]| Arrays(Linear(a));
    let a = [0.3, -2.0, 1.0, -0.2];
    let solve = adaptive(1e-6);
    let w = || vec![array![0.0, 0.0], array![1.0, 2.0]];
    let (_, g) =
        Discrete::checkpoints(2).gradient(&solve, &field(a), array![1.0, 0.5], &[0.0, 5.0], |_| w()).unwrap();
    let (_, h) =
        gradient(&solve, &Linear(a), [1.0, 0.5], &[0.0, 5.0], |_| vec![[0.0, 0.0], [1.0, 2.0]]).unwrap();
    assert!(apart(g.y0.as_slice().unwrap(), &h.y0) < 1e-12);
    assert!(apart(&g.params, &h.params) < 1e-12);
}

/// The linear field on arrays.
struct Arrays(Linear);

impl VectorField<ndarray::Array1<f64>> for Arrays {
    fn eval(&self, t: f64, y: &ndarray::Array1<f64>) -> ndarray::Array1<f64> {
        array(&self.0.eval(t, &[y[0], y[1]]))
    }
}

fn array(y: &[f64; 2]) -> ndarray::Array1<f64> {
    ndarray::Array1::from_vec(y.to_vec())
}

impl chreode_core::Vjp<ndarray::Array1<f64>> for Arrays {
    type Params = Vec<f64>;

    fn vjp(
        &self,
        t: f64,
        y: &ndarray::Array1<f64>,
        a: &ndarray::Array1<f64>,
    ) -> chreode_core::Pullback<ndarray::Array1<f64>, Vec<f64>> {
        let back = self.0.vjp(t, &[y[0], y[1]], &[a[0], a[1]]);
        chreode_core::Pullback {
            value: array(&back.value),
            state: array(&back.state),
            params: back.params.to_vec(),
        }
    }
}

#[test]
fn no_step_at_all() {
    let w = || vec![[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]];
    let solve = adaptive(1e-6);
    let (ys, g) = gradient(&solve, &DUFFING, [0.6, -0.2], &[2.0; 3], |_| w()).unwrap();
    assert_eq!(ys, [[0.6, -0.2]; 3]);
    assert_eq!((g.y0, g.params), ([2.0, 3.0], [0.0; 5]));
    let slope = DUFFING.eval(2.0, &[0.6, -0.2]);
    let rates = [2.0 * slope[1], slope[0] + slope[1]];
    assert!(apart(&g.times, &[-(rates[0] + rates[1]), rates[0], rates[1]]) < 1e-14);
    let (_, g) = gradient(&solve, &DUFFING, [0.6, -0.2], &[2.0], |_| vec![[1.0, 3.0]]).unwrap();
    assert_eq!((g.y0, g.times), ([1.0, 3.0], vec![0.0]));
}

#[test]
fn bad_input_is_said_to_be_bad() {
    let solve = adaptive(1e-6);
    let run = |adjoint: Discrete, times: &[f64], cotangents: Vec<[f64; 2]>| {
        adjoint.gradient(&solve, &DUFFING, [0.6, -0.2], times, |_| cotangents).unwrap_err()
    };
    let zero = [0.0, 0.0];
    assert_eq!(run(Discrete::default(), &[], vec![]), AdjointError::Solve(SolveError::NoTimes));
    let unsorted = run(Discrete::default(), &[0.0, 2.0, 1.0], vec![zero; 3]);
    assert!(
        matches!(unsorted, AdjointError::Solve(SolveError::TimesNotSorted { index: 2, .. })),
        "{unsorted}"
    );
    let infinite = run(Discrete::default(), &[0.0, f64::INFINITY], vec![zero; 2]);
    assert!(matches!(infinite, AdjointError::Solve(SolveError::SpanNotFinite { .. })), "{infinite}");
    let count = run(Discrete::default(), &[0.0, 1.0], vec![zero]);
    assert_eq!(
        count.to_string(),
        "1 cotangents do not fit 2 times; give one for each, zero where a state does not count"
    );
    let nan = run(Discrete::default(), &[0.0, 1.0], vec![zero, [f64::NAN, 0.0]]);
    assert_eq!(
        nan.to_string(),
        "the cotangent at index 1, of the state at t = 1, is not finite; check the loss and its derivative"
    );
    let none = run(Discrete::checkpoints(0), &[0.0, 1.0], vec![zero; 2]);
    assert_eq!(none.to_string(), "0 checkpoints were allowed; one, the initial state, is the least");
    let short = Discrete::default()
        .gradient(&solve, &Arrays(Linear([0.0; 4])), array![1.0, 2.0], &[0.0, 1.0], |_| {
            vec![array![1.0, 0.0], array![1.0]]
        })
        .unwrap_err();
    assert_eq!(short.to_string(), "the cotangent at index 1 has 1 entries where the state has 2");
}

/// A field whose pullback fails early in time.
struct Broken;

impl VectorField<[f64; 2]> for Broken {
    fn eval(&self, _t: f64, y: &[f64; 2]) -> [f64; 2] {
        *y
    }
}

impl chreode_core::Vjp<[f64; 2]> for Broken {
    type Params = [f64; 0];

    fn vjp(&self, t: f64, y: &[f64; 2], a: &[f64; 2]) -> chreode_core::Pullback<[f64; 2], [f64; 0]> {
        let a = if t < 0.5 { [f64::NAN, 0.0] } else { *a };
        chreode_core::Pullback { value: *y, state: a, params: [] }
    }
}

#[test]
fn a_broken_pullback_is_found_where_it_breaks() {
    let error =
        gradient(&fixed(MIDPOINT, 4), &Broken, [1.0, 1.0], &[0.0, 1.0], |_| vec![[1.0; 2]; 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the gradient is not finite before t = 0.25 on the way back; check the pullback of the field there"
    );
}
