//! The leapfrogs, held to their own recursions.

use super::common::{apart, forced, order, swing};
use chreode_core::Tolerance;
use chreode_ode::{
    AsynchronousLeapfrog, Every, Fixed, LeapfrogMidpoint, Pi, Solve, SolveError, Span, Stepper,
};

#[test]
fn the_midpoint_method_is_the_two_step_recursion() {
    let mut every = Every::step();
    let span = Span { t0: 0.0, t1: 1.0 };
    let solve = Solve::new(LeapfrogMidpoint, Fixed::steps(10));
    let report = solve.run(&forced, span, [1.0], &mut every).unwrap();
    let (t, y, h) = (&every.times, &every.ys, 0.1);
    assert!((y[1][0] - y[0][0] - h * forced(0.0, &y[0])[0]).abs() < 1e-15, "begun by Euler");
    for i in 1..10 {
        let next = y[i - 1][0] + 2.0 * h * forced(t[i], &y[i])[0];
        assert!((y[i + 1][0] - next).abs() < 1e-14, "step {i}");
    }
    assert_eq!(report.stats.evals, 10);
}

#[test]
fn the_asynchronous_leapfrog_is_its_three_lines() {
    let mut every = Every::step();
    let span = Span { t0: 0.0, t1: 1.0 };
    let eta = 0.8;
    let solve = Solve::new(AsynchronousLeapfrog::damped(eta).unwrap(), Fixed::steps(10));
    let report = solve.run(&forced, span, [1.0], &mut every).unwrap();
    assert_eq!(report.stats.evals, 11);
    let (h, mut y, mut v) = (0.1, 1.0, forced(0.0, &[1.0])[0]);
    for i in 0..10 {
        let middle = y + 0.5 * h * v;
        let slope = forced(every.times[i] + 0.5 * h, &[middle])[0];
        v += 2.0 * eta * (slope - v);
        y = middle + 0.5 * h * v;
        assert!((every.ys[i + 1][0] - y).abs() < 1e-14, "step {i}");
    }
}

#[test]
fn orders() {
    let span = Span { t0: 0.0, t1: 3.0 };
    let exact = [3f64.sin() + (-3f64).exp()];
    let miss = |y: &[f64; 1]| apart(y, &exact);
    let found = order(AsynchronousLeapfrog::new(), &forced, span, [1.0], 400, miss);
    assert!((found - 2.0).abs() < 0.3, "{found}");
    let damped = AsynchronousLeapfrog::damped(0.8).unwrap();
    assert_eq!(Stepper::<fn(f64, &[f64; 1]) -> [f64; 1], [f64; 1]>::about(&damped).order, 1.0);
    let found = order(damped, &forced, span, [1.0], 400, miss);
    assert!((found - 1.0).abs() < 0.3, "{found}");
    let found = order(LeapfrogMidpoint, &forced, span, [1.0], 400, miss);
    assert!((found - 2.0).abs() < 0.3, "{found}");
    // On the pendulum, which does not decay.
    let span = Span { t0: 0.0, t1: 5.0 };
    let exact = super::common::reference(&swing, span, [1.0, 0.0]);
    for found in [
        order(AsynchronousLeapfrog::new(), &swing, span, [1.0, 0.0], 400, |y| apart(y, &exact)),
        order(LeapfrogMidpoint, &swing, span, [1.0, 0.0], 400, |y| apart(y, &exact)),
    ] {
        assert!((found - 2.0).abs() < 0.3, "{found}");
    }
}

#[test]
fn adaptive_steps_meet_the_tolerance() {
    let span = Span { t0: 0.0, t1: 5.0 };
    let exact = super::common::reference(&swing, span, [1.0, 0.0]);
    for (tolerance, bound) in [(1e-4, 1e-2), (1e-6, 1e-4)] {
        let solve = Solve::new(AsynchronousLeapfrog::new(), Pi::new(Tolerance::both(tolerance)));
        let gap = apart(&solve.end(&swing, span, [1.0, 0.0]).unwrap(), &exact);
        assert!(gap < bound, "{gap:e} at {tolerance:e}");
    }
    let solve = Solve::new(LeapfrogMidpoint, Pi::new(Tolerance::both(1e-6)));
    let error = solve.end(&swing, span, [1.0, 0.0]).unwrap_err();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "leapfrog midpoint" });
}

#[test]
fn damping_outside_its_range_is_refused() {
    for eta in [0.5, 0.0, 1.1, f64::NAN] {
        let error = AsynchronousLeapfrog::damped(eta).unwrap_err();
        assert_eq!(error.to_string(), format!("eta is {eta}, but must lie in (1/2, 1]"));
    }
    assert_eq!(AsynchronousLeapfrog::damped(1.0).unwrap(), AsynchronousLeapfrog::new());
}
