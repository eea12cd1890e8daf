//! Stepping by hand, steady states, complex states.

use chreode_core::{Complex, Tolerance};
use chreode_ode::{
    DOPRI5, Every, ExplicitRk, Fixed, METHODS, Pi, RK4, Solve, SolveError, Span, Stats, TSIT5,
};
use ndarray::{Array1, array};
use std::cell::Cell;

const SPAN: Span = Span { t0: 0.0, t1: 10.0 };

fn oscillator(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -y[0]]
}

fn decay(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [-y[0]]
}

fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(tolerance)))
}

#[test]
fn steps_by_hand_are_those_of_a_solve() {
    let solve = adaptive(1e-8);
    let mut every = Every::step();
    let report = solve.run(&oscillator, SPAN, [1.0, 0.0], &mut every).unwrap();
    let mut driver = solve.start(&oscillator, SPAN, [1.0, 0.0]).unwrap();
    let (mut times, mut ys) = (vec![driver.t()], vec![*driver.y()]);
    while let Some(step) = driver.step().unwrap() {
        assert_eq!((step.t0, *step.y0), (*times.last().unwrap(), *ys.last().unwrap()));
        assert_eq!((step.at(step.t0), step.at(step.t1)), (*step.y0, *step.y1));
        let middle = 0.5 * (step.t0 + step.t1);
        assert!((step.at(middle)[0] - middle.cos()).abs() < 1e-6);
        assert!(step.ratio.unwrap() <= 1.0);
        times.push(step.t1);
        ys.push(*step.y1);
    }
    assert_eq!((times, ys), (every.times, every.ys));
    assert_eq!((driver.stats(), driver.t()), (report.stats, 10.0));
    // At the end it stays there.
    assert!(driver.step().unwrap().is_none());
    assert_eq!(driver.stats(), report.stats);
}

#[test]
fn a_driver_is_resumed_and_turned_around() {
    let solve = adaptive(1e-10);
    let mut driver = solve.start(&oscillator, Span { t0: 0.0, t1: 0.0 }, [1.0, 0.0]).unwrap();
    assert!(driver.step().unwrap().is_none());
    assert_eq!(driver.stats(), Stats::default());
    for t1 in [2.0, 5.0, 5.0, -3.0] {
        driver.extend(t1).unwrap();
        while driver.step().unwrap().is_some() {}
        let y = driver.y();
        assert_eq!(driver.t(), t1);
        assert!((y[0] - t1.cos()).abs() < 1e-8 && (y[1] + t1.sin()).abs() < 1e-8, "{t1} {y:?}");
    }
    let error = driver.extend(f64::NAN).unwrap_err();
    assert_eq!(error.to_string(), "cannot solve from t = -3 to t = NaN; both ends must be finite");
    assert_eq!(driver.t(), -3.0);
}

#[test]
fn a_reset_may_lie_within_the_last_step() {
    for tableau in METHODS.iter().filter(|m| m.coefficients().order > 3) {
        let solve = Solve::new(ExplicitRk::new(*tableau), Fixed::new(0.1));
        let mut driver = solve.start(&decay, Span { t0: 0.0, t1: 1.0 }, [1.0]).unwrap();
        while driver.step().unwrap().unwrap().t1 < 0.45 {}
        driver.reset(0.42, [5.0]).unwrap();
        assert_eq!((driver.t(), *driver.y()), (0.42, [5.0]));
        assert!(driver.latest().is_none());
        // Back on the grid, with nothing left of the slope before.
        assert!((driver.step().unwrap().unwrap().t1 - 0.5).abs() < 1e-12);
        while driver.step().unwrap().is_some() {}
        let exact = 5.0 * (-0.58f64).exp();
        let name = tableau.coefficients().name;
        assert!((driver.y()[0] - exact).abs() < 1e-5, "{name} {:?} {exact}", driver.y());
        let error = driver.reset(0.2, [1.0]).unwrap_err();
        assert!(matches!(error, SolveError::TimeOutside { time: 0.2, .. }), "{error}");
        let error = driver.reset(1.0, [f64::NAN]).unwrap_err();
        assert_eq!(error, SolveError::NotFinite { t: 1.0, stage: None, entry: Some(0) });
    }
}

#[test]
fn after_an_error_the_driver_is_where_it_was() {
    let until = |t: f64, _y: &[f64; 1]| [if t < 0.55 { 1.0 } else { f64::NAN }];
    let solve = Solve::new(ExplicitRk::new(RK4), Fixed::new(0.1));
    let mut driver = solve.start(&until, Span { t0: 0.0, t1: 1.0 }, [0.0]).unwrap();
    let error = loop {
        match driver.step() {
            Ok(step) => assert!(step.is_some()),
            Err(error) => break error,
        }
    };
    // The second stage lies at 0.55.
    let SolveError::NotFinite { t, stage: Some(2), entry: Some(0) } = error else { panic!("{error}") };
    assert!((t - 0.55).abs() < 1e-12);
    assert!((driver.t() - 0.5).abs() < 1e-12 && (driver.y()[0] - 0.5).abs() < 1e-12);
}

#[test]
fn a_start_refuses_what_a_solve_refuses() {
    let solve = Solve::new(ExplicitRk::new(RK4), Pi::new(Tolerance::both(1e-6)));
    let error = solve.start(&decay, SPAN, [1.0]).err().unwrap();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "rk4" });
    let error = adaptive(1e-6).start(&decay, SPAN, [f64::NAN]).err().unwrap();
    assert!(matches!(error, SolveError::NotFinite { t: 0.0, .. }));
}

#[test]
fn a_steady_state_is_reached_or_the_failure_is_typed() {
    // x' = 1 + x² y - 4 x, y' = 3 x - x² y would oscillate; with 1 + x² y - 2.5 x and 1.5 x - x² y it rests
    // at (1, 1.5).
    let calls = Cell::new(0);
    let field = |_t: f64, y: &Array1<f64>| {
        calls.set(calls.get() + 1);
        let square = y[0] * y[0] * y[1];
        array![1.0 + square - 2.5 * y[0], 1.5 * y[0] - square]
    };
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-9)));
    let span = Span { t0: 0.0, t1: 1e3 };
    let rest = Tolerance { rtol: 0.0, atol: 1e-7 };
    let found = solve.steady_state(&field, span, array![1.5, 3.0], &rest).unwrap();
    assert!((found.y[0] - 1.0).abs() < 1e-6 && (found.y[1] - 1.5).abs() < 1e-6, "{found:?}");
    assert!(found.residual <= 1.0 && found.t > 1.0 && found.t < 200.0);
    assert_eq!(found.stats.evals, calls.get());
    // One that begins at rest takes no step.
    let again = solve.steady_state(&field, span, array![1.0, 1.5], &rest).unwrap();
    assert_eq!((again.t, again.stats), (0.0, Stats { evals: 1, ..Stats::default() }));
    // A circle never rests.
    let error = adaptive(1e-6).steady_state(&oscillator, SPAN, [1.0, 0.0], &rest).unwrap_err();
    let SolveError::NotSteady { t: 10.0, residual } = error else { panic!("{error}") };
    assert!((residual - 0.5f64.sqrt() / 1e-7).abs() < 1e3);
    assert!(error.to_string().starts_with("no steady state by t = 10: the field is still 7.07"), "{error}");
    let never = Tolerance { rtol: 0.0, atol: 0.0 };
    let error = adaptive(1e-6).steady_state(&oscillator, SPAN, [1.0, 0.0], &never).unwrap_err();
    assert!(matches!(error, SolveError::BadTolerance(_)));
}

#[test]
fn complex_states_rotate() {
    // z' = i z and its conjugate: e^(it), e^(-it).
    let i = Complex::new(0.0, 1.0);
    let stack = |_t: f64, z: &[Complex<f64>; 2]| [i * z[0], -i * z[1]];
    let one = Complex::new(1.0, 0.0);
    let z = adaptive(1e-10).end(&stack, SPAN, [one, 2.0 * one]).unwrap();
    let exact = |t: f64| Complex::new(t.cos(), t.sin());
    assert!((z[0] - exact(10.0)).norm() < 1e-8 && (z[1] - 2.0 * exact(-10.0)).norm() < 1e-8, "{z:?}");
    let rows = |_t: f64, z: &Array1<Complex<f64>>| z.mapv(|z| i * z);
    let z = adaptive(1e-10).end(&rows, SPAN, array![one, 2.0 * one]).unwrap();
    assert!((z[1] - 2.0 * exact(10.0)).norm() < 1e-8, "{z:?}");
    // The same steps as the real system, whose entries are the parts of one number.
    let stats = |t1: f64| {
        let mut save = chreode_ode::Last::new();
        adaptive(1e-6)
            .run(&|_t: f64, z: &Complex<f64>| i * z, Span { t0: 0.0, t1 }, one, &mut save)
            .unwrap()
            .stats
    };
    assert!(stats(10.0).accepted > 10);
    // In single precision.
    let single = |_t: f64, z: &Array1<Complex<f32>>| z.mapv(|z| Complex::new(-z.im, z.re));
    let z = adaptive(1e-5).end(&single, SPAN, array![Complex::new(1.0f32, 0.0)]).unwrap();
    assert!((f64::from(z[0].re) - 10f64.cos()).abs() < 1e-3);
    let error = adaptive(1e-5).end(&stack, SPAN, [one, Complex::new(0.0, f64::NAN)]).unwrap_err();
    assert_eq!(error, SolveError::NotFinite { t: 0.0, stage: None, entry: Some(1) });
}
