//! Gradients by running back are those of the steps.

use crate::common;

use chreode_adjoint::{Adjoint, AdjointError, Discrete, Retraced, Retracing, gradient};
use chreode_core::{Tolerance, VectorField};
use chreode_ode::{
    BOSH3, DOPRI5, EULER, Every, Fixed, HEUN, Jumps, Pi, RK4, ReversibleHeun, ReversibleRk, Solve, Span,
    TSIT5, VERNER8,
};
use common::{Counting, DUFFING, Duffing, Replay, adaptive, apart, differences};

const TIMES: [f64; 6] = [0.1, 0.1, 0.52, 0.53, 1.9, 3.0];

fn cotangents() -> Vec<[f64; 2]> {
    vec![[1.0, -0.5], [0.5, 0.0], [0.3, 0.2], [-2.0, 1.0], [0.0, 1.5], [1.0, 2.0]]
}

fn value(ys: &[[f64; 2]]) -> f64 {
    ys.iter().flatten().zip(cotangents().iter().flatten()).map(|(y, w)| y * w).sum()
}

/// The gradient of `method` on the steps it takes at `tolerance`, against differences of the same steps.
fn against_differences<S: Retraced<Duffing, [f64; 2]> + Copy>(method: S, tolerance: f64, backwards: bool) {
    let times = if backwards { TIMES.map(|t| -t) } else { TIMES };
    let y0 = [0.6, -0.2];
    let span = Span { t0: times[0], t1: times[5] };
    let mut save = Every::step();
    let solve = Solve::new(method, Pi::new(Tolerance::both(tolerance)));
    let _ = solve.run(&DUFFING, span, y0, &mut save).expect("a smooth solve");
    let n = save.times.len();
    assert!(n > 8);
    let held = Solve::new(method, Replay(save.times[1..n - 1].to_vec()));
    let x: Vec<_> = y0.into_iter().chain(DUFFING.0).collect();
    let by_differences = differences(&x, 3e-4, |x| {
        let field = Duffing(x[2..].try_into().expect("five parameters"));
        value(&held.at(&field, [x[0], x[1]], &times).expect("a smooth solve"))
    });
    for adaptive in [false, true] {
        let result = if adaptive {
            Retracing.gradient(&solve, &DUFFING, y0, &times, |_| cotangents())
        } else {
            Retracing.gradient(&held, &DUFFING, y0, &times, |_| cotangents())
        };
        let (ys, g) = result.expect("a smooth solve");
        assert_eq!(ys, solve.at(&DUFFING, y0, &times).expect("a smooth solve"));
        let found: Vec<_> = g.y0.into_iter().chain(g.params).collect();
        assert!(apart(&found, &by_differences) < 1e-8, "{found:?}, {by_differences:?}");
    }
}

#[test]
fn the_gradient_is_that_of_the_steps() {
    for backwards in [false, true] {
        against_differences(ReversibleHeun, 1e-3, backwards);
        against_differences(ReversibleRk::new(BOSH3), 1e-4, backwards);
        against_differences(ReversibleRk::new(DOPRI5), 1e-5, backwards);
        against_differences(ReversibleRk::new(VERNER8), 1e-7, backwards);
        let tight = ReversibleRk::new(TSIT5).coupling(0.9).expect("in (0, 1]");
        against_differences(tight, 1e-5, backwards);
    }
}

#[test]
fn it_agrees_with_the_other_methods_as_the_tolerance_tightens() {
    let (_, exact) = gradient(&adaptive(1e-13), &DUFFING, [0.6, -0.2], &TIMES, |_| cotangents()).unwrap();
    let flat = |g: &chreode_adjoint::Gradient<[f64; 2], [f64; 5]>| -> Vec<f64> {
        g.y0.iter().chain(&g.params).chain(&g.times).copied().collect()
    };
    let mut before = f64::INFINITY;
    for tolerance in [1e-4, 1e-7, 1e-10] {
        let solve = Solve::new(ReversibleRk::new(DOPRI5), Pi::new(Tolerance::both(tolerance)));
        let (_, g) = Retracing.gradient(&solve, &DUFFING, [0.6, -0.2], &TIMES, |_| cotangents()).unwrap();
        let error = apart(&flat(&g), &flat(&exact));
        assert!(error < 300.0 * tolerance && error < 0.05 * before, "{error} at {tolerance}");
        before = error;
    }
}

/// y′ = θ for t < 1, −2 θ y after.
struct Switch;

impl VectorField<[f64; 1]> for Switch {
    fn eval(&self, t: f64, y: &[f64; 1]) -> [f64; 1] {
        if t < 1.0 { [3.0] } else { [-6.0 * y[0]] }
    }
}

impl chreode_core::Vjp<[f64; 1]> for Switch {
    type Params = [f64; 1];
    fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> chreode_core::Pullback<[f64; 1], [f64; 1]> {
        let (state, params) = if t < 1.0 { (0.0, 1.0) } else { (-6.0, -2.0 * y[0]) };
        chreode_core::Pullback { value: self.eval(t, y), state: [state * a[0]], params: [params * a[0]] }
    }
}

#[test]
fn across_a_jump_of_the_field() {
    // y(2) = (y₀ + θ) e^{−2θ}, θ = 3.
    let solve = Solve::new(ReversibleRk::new(DOPRI5), Jumps::new(Pi::new(Tolerance::both(1e-9)), [1.0]));
    let (_, g) = Retracing.gradient(&solve, &Switch, [0.5], &[0.0, 2.0], |_| vec![[0.0], [1.0]]).unwrap();
    let e = (-6f64).exp();
    assert!(apart(&[g.y0[0], g.params[0]], &[e, e - 2.0 * 3.5 * e]) < 1e-4, "{g:?}");
    let solve = Solve::new(ReversibleHeun, Jumps::new(Pi::new(Tolerance::both(1e-7)), [1.0]));
    let (_, g) = Retracing.gradient(&solve, &Switch, [0.5], &[0.0, 2.0], |_| vec![[0.0], [1.0]]).unwrap();
    assert!(apart(&[g.y0[0], g.params[0]], &[e, e - 2.0 * 3.5 * e]) < 1e-3, "{g:?}");
    // The discrete gradient crosses it too.
    let solve = Solve::new(chreode_ode::ExplicitRk::new(HEUN), Jumps::new(Fixed::steps(2000), [1.0]));
    let adjoint = Discrete::checkpoints(20);
    let (_, g) = adjoint.gradient(&solve, &Switch, [0.5], &[0.0, 2.0], |_| vec![[0.0], [1.0]]).unwrap();
    assert!(apart(&[g.y0[0], g.params[0]], &[e, e - 2.0 * 3.5 * e]) < 1e-4, "{g:?}");
}

#[test]
fn what_it_costs() {
    let field = Counting::new(DUFFING);
    let (times, w) = ([0.0, 2.0], vec![[0.0, 0.0], [1.0, 0.0]]);
    let n = 50;
    let solve = Solve::new(ReversibleHeun, Fixed::steps(n));
    let (_, tape) = Retracing.forward(&solve, &field, [0.6, -0.2], &times).unwrap();
    field.take();
    Retracing.backward(&solve, &field, &tape, &w).unwrap();
    // One of each a step; to begin, one evaluation; at the end, one pullback for the first slope and one
    // for the shape of the parameters; two evaluations for the times.
    assert_eq!(field.take(), (n + 1 + 2, n + 2));
    for (tableau, weighty) in [(EULER, 1), (RK4, 4), (DOPRI5, 6)] {
        let solve = Solve::new(ReversibleRk::new(tableau), Fixed::steps(n));
        let (_, tape) = Retracing.forward(&solve, &field, [0.6, -0.2], &times).unwrap();
        field.take();
        Retracing.backward(&solve, &field, &tape, &w).unwrap();
        assert_eq!(field.take(), ((4 * weighty - 2) * n + 2, 2 * weighty * n + 1));
    }
}

#[test]
fn no_step_and_bad_input() {
    let solve = Solve::new(ReversibleHeun, Fixed::steps(5));
    let two = |_: &[[f64; 2]]| vec![[1.0, 0.0], [0.0, 2.0]];
    let (_, g) = Retracing.gradient(&solve, &DUFFING, [0.6, -0.2], &[1.0, 1.0], two).unwrap();
    assert_eq!((g.y0, g.params), ([1.0, 2.0], [0.0; 5]));
    let none = Retracing.gradient(&solve, &DUFFING, [0.6, -0.2], &[], |_| vec![]).unwrap_err();
    assert!(none.to_string().starts_with("no times were given"), "{none}");
    let nan = Retracing.gradient(&solve, &DUFFING, [f64::NAN, -0.2], &[0.0, 1.0], two).unwrap_err();
    assert!(matches!(nan, AdjointError::Solve(_)), "{nan}");
    let one = Retracing.gradient(&solve, &DUFFING, [0.6, -0.2], &[0.0, 1.0], |_| vec![[0.0; 2]]).unwrap_err();
    assert_eq!(one, AdjointError::CotangentCount { found: 1, expected: 2 });
}
