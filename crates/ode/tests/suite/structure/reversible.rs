//! There and back: what retracing recovers, with which growth of rounding.

use super::common::{apart, forced, order, reference, swing};
use chreode_core::{Passenger, Tolerance, VectorField};
use chreode_ode::{
    AsynchronousLeapfrog, BOSH3, DOPRI5, Dense, EULER, Every, Fixed, HEUN, LeapfrogMidpoint, MIDPOINT,
    Paired, Pi, RK4, Reversible, ReversibleHeun, ReversibleRk, Solve, SolveError, Span, TSIT5, Tableau,
    VERNER6,
};

/// The distance from the start after `steps` of `h` forwards and back, and after every step back at
/// worst from what was there; `z` too.
fn there_and_back<S, P, const N: usize>(method: &S, field: &P, y0: [f64; N], h: f64, steps: i32) -> f64
where
    P: VectorField<[f64; N]>,
    S: Reversible<P, [f64; N], Auxiliary = [f64; N]>,
{
    let mut y = y0;
    let mut memory = method.init(field, 0.0, &y).expect("the problem can be started");
    let mut states = Vec::new();
    for i in 0..steps {
        states.push((y, *method.auxiliary(&memory)));
        method.propose(field, f64::from(i) * h, h, &y, &mut memory).expect("a smooth step");
        method.commit(&mut y, &mut memory);
    }
    assert!(apart(&y, &y0) > 1e-2, "it moved");
    let mut worst = 0.0f64;
    for (i, (before, z)) in states.iter().enumerate().rev() {
        method.retrace(field, i as f64 * h, h, &mut y, &mut memory).expect("a smooth step");
        worst = worst.max(apart(&y, before)).max(apart(method.auxiliary(&memory), z));
    }
    worst
}

const BASES: [Tableau; 7] = [EULER, MIDPOINT, HEUN, BOSH3, RK4, DOPRI5, TSIT5];

#[test]
fn ten_thousand_steps_and_back() {
    let y0 = [1.0, 0.0];
    for base in BASES {
        let name = base.coefficients().name;
        for (lambda, bound) in [(1.0, 1e-11), (0.9999, 1e-11), (0.999, 1e-9)] {
            let method = ReversibleRk::new(base).coupling(lambda).unwrap();
            let gap = there_and_back(&method, &swing, y0, 0.01, 10_000);
            assert!(gap < bound, "{name} with coupling {lambda}: {gap:e}");
        }
    }
    let gap = there_and_back(&ReversibleHeun, &swing, y0, 0.01, 10_000);
    assert!(gap < 1e-10, "reversible heun: {gap:e}");
    let gap = there_and_back(&AsynchronousLeapfrog::new(), &swing, y0, 0.01, 10_000);
    assert!(gap < 1e-10, "asynchronous leapfrog: {gap:e}");
    let gap = there_and_back(&LeapfrogMidpoint, &swing, y0, 0.01, 10_000);
    assert!(gap < 1e-10, "leapfrog midpoint: {gap:e}");
}

/// Rounding grows by 1/λ a step: by 0.99⁻²⁰⁰⁰ = 5e8 in two thousand.
#[test]
fn rounding_grows_by_the_inverse_of_the_coupling() {
    let (y0, oscillator) = ([1.0, 0.0], |_t: f64, y: &[f64; 2]| [y[1], -y[0]]);
    let method = ReversibleRk::new(RK4).coupling(0.99).unwrap();
    let (short, long) = (
        there_and_back(&method, &oscillator, y0, 0.01, 1000),
        there_and_back(&method, &oscillator, y0, 0.01, 3000),
    );
    let growth = (long / short).ln() / 2000.0;
    assert!((growth + 0.99f64.ln()).abs() < 0.001, "{short:e}, {long:e}: {growth}");
    let damped = AsynchronousLeapfrog::damped(0.95).unwrap();
    let (short, long) = (
        there_and_back(&damped, &oscillator, y0, 0.01, 100),
        there_and_back(&damped, &oscillator, y0, 0.01, 250),
    );
    let growth = (long / short).ln() / 150.0;
    assert!((growth + 0.9f64.ln()).abs() < 0.01, "{short:e}, {long:e}: {growth}");
}

/// With λ = 1/2, where y and z soon move together. Near 1, bases of odd order show up to one order
/// more, since y and z leapfrog.
#[test]
fn the_orders_are_those_of_the_base() {
    let span = Span { t0: 0.0, t1: 3.0 };
    let exact = [3f64.sin() + (-3f64).exp()];
    let swung = reference(&swing, span, [1.0, 0.0]);
    for base in BASES {
        let it = base.coefficients();
        let (claimed, steps) = (f64::from(it.order), if it.order > 4 { 40 } else { 80 });
        let method = ReversibleRk::new(base).coupling(0.5).unwrap();
        let found = order(method, &forced, span, [1.0], steps, |y| apart(y, &exact));
        assert!((found - claimed).abs() < 0.3, "{}: {found}", it.name);
        let found = order(method, &swing, span, [1.0, 0.0], steps, |y| apart(y, &swung));
        assert!((found - claimed).abs() < 0.3, "{}, swinging: {found}", it.name);
    }
    let found = order(ReversibleHeun, &forced, span, [1.0], 400, |y| apart(y, &exact));
    assert!((found - 2.0).abs() < 0.3, "{found}");
    let found = order(ReversibleHeun, &swing, span, [1.0, 0.0], 400, |y| apart(y, &swung));
    assert!((found - 2.0).abs() < 0.3, "{found}");
}

/// y′ = −10 y for long: the wrapper stays, Reversible Heun does not.
#[test]
fn the_wrapper_is_stable_where_reversible_heun_is_not() {
    let decay = |_t: f64, y: &[f64; 1]| [-10.0 * y[0]];
    let span = Span { t0: 0.0, t1: 100.0 };
    let wrapped = Solve::new(ReversibleRk::new(RK4).coupling(0.9).unwrap(), Fixed::steps(20_000));
    assert!(wrapped.end(&decay, span, [1.0]).unwrap()[0].abs() < 1e-12);
    let heun = Solve::new(ReversibleHeun, Fixed::steps(2_000)).end(&decay, span, [1.0]);
    assert!(!matches!(heun, Ok(y) if y[0].abs() < 1e3), "{heun:?}");
}

/// An adaptive solve, kept as its times and its end, and all of it recovered.
#[test]
fn an_adaptive_solve_is_recovered_from_its_end() {
    fn check<S>(method: S, tolerance: f64)
    where
        S: Reversible<fn(f64, &[f64; 2]) -> [f64; 2], [f64; 2], Auxiliary = [f64; 2]> + Copy,
    {
        let field: fn(f64, &[f64; 2]) -> [f64; 2] = swing;
        let name = method.about().name;
        let span = Span { t0: 0.0, t1: 10.0 };
        let paired = Paired(method);
        let solve = Solve::new(paired, Pi::new(Tolerance::both(tolerance)));
        let start = paired.start(&field, 0.0, [1.0, 0.0]).unwrap();
        let mut every = Every::step();
        let report = solve.run(&field, span, start, &mut every).unwrap();
        // The same solve without z in sight takes the same steps.
        let mut plain = Every::step();
        let bare = Solve::new(method, Pi::new(Tolerance::both(tolerance)));
        let counted = bare.run(&field, span, [1.0, 0.0], &mut plain).unwrap();
        assert_eq!(report.stats.accepted, counted.stats.accepted);
        assert_eq!(every.times, plain.times);
        assert!(every.ys.iter().zip(&plain.ys).all(|(pair, y)| pair.0 == *y));
        // Back from the end.
        let (times, ys) = (every.times, every.ys);
        let n = times.len() - 1;
        let (mut y, Passenger(z)) = ys[n];
        let mut memory = method.resume(&field, times[n], &y, &z).unwrap();
        for i in (0..n).rev() {
            method.retrace(&field, times[i], times[i + 1] - times[i], &mut y, &mut memory).unwrap();
            assert!(apart(&y, &ys[i].0) < 1e-10, "{name} at step {i}");
            assert!(apart(method.auxiliary(&memory), &ys[i].1.0) < 1e-10, "{name} at step {i}");
        }
        assert!(apart(&y, &[1.0, 0.0]) < 1e-10, "{name}");
        // And on again from there, as before.
        method.propose(&field, 0.0, times[1], &y, &mut memory).unwrap();
        assert!(apart(method.proposed(&memory), &ys[1].0) < 1e-10, "{name}");
    }
    check(ReversibleRk::new(TSIT5), 1e-8);
    check(ReversibleRk::new(BOSH3), 1e-6);
    check(ReversibleHeun, 1e-5);
    check(AsynchronousLeapfrog::new(), 1e-5);
}

#[test]
fn adaptive_solves_meet_their_tolerance() {
    let span = Span { t0: 0.0, t1: 5.0 };
    let exact = reference(&swing, span, [1.0, 0.0]);
    for base in [BOSH3, DOPRI5, TSIT5] {
        for (tolerance, bound) in [(1e-6, 1e-4), (1e-9, 1e-7)] {
            let solve = Solve::new(ReversibleRk::new(base), Pi::new(Tolerance::both(tolerance)));
            let gap = apart(&solve.end(&swing, span, [1.0, 0.0]).unwrap(), &exact);
            assert!(gap < bound, "{} at {tolerance:e}: {gap:e}", base.coefficients().name);
        }
    }
    let solve = Solve::new(ReversibleHeun, Pi::new(Tolerance::both(1e-6)));
    assert!(apart(&solve.end(&swing, span, [1.0, 0.0]).unwrap(), &exact) < 1e-4);
    let solve = Solve::new(ReversibleRk::new(RK4), Pi::new(Tolerance::both(1e-6)));
    let error = solve.end(&swing, span, [1.0, 0.0]).unwrap_err();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "reversible runge-kutta" });
}

/// y′ = cos t − 3 (y − sin t) contracts, so that y and z drift apart like e^3t: by 1e13 from 0 to 10, did the error
/// estimate not see it. It bounds what is added in each step, and the way back is as exact as ever.
#[test]
fn an_adaptive_solve_does_not_let_the_two_states_drift_apart() {
    let field = |t: f64, y: &[f64; 1]| [t.cos() - 3.0 * (y[0] - t.sin())];
    let (span, tolerance, lambda) = (Span { t0: 0.0, t1: 10.0 }, Tolerance::both(1e-6), 0.99);
    for base in [BOSH3, DOPRI5, TSIT5] {
        let name = base.coefficients().name;
        let method = ReversibleRk::new(base).coupling(lambda).unwrap();
        let mut every = Every::step();
        let solve = Solve::new(Paired(method), Pi::new(tolerance));
        let _ = solve.run(&field, span, ([1.0], Passenger([1.0])), &mut every).unwrap();
        let n = every.times.len() - 1;
        let apart = |i: usize| every.ys[i].0[0] - every.ys[i].1.0[0];
        for (i, (t, (y, _))) in every.times.iter().zip(&every.ys).enumerate().skip(1) {
            let grown = (apart(i) - lambda * apart(i - 1)).abs();
            let scale = tolerance.scale(every.ys[i - 1].0[0], y[0]);
            assert!(grown <= 1.0001 * scale, "{name} at {t}: {grown:e} in one step");
            let exact = t.sin() + (-3.0 * t).exp();
            assert!((y[0] - exact).abs() < 1e-4, "{name} at {t}: {:e}", y[0] - exact);
        }
        // A step of the base method is not that short: it is the drift that shortens them.
        let plain = Solve::new(chreode_ode::ExplicitRk::new(base), Pi::new(tolerance));
        let mut last = chreode_ode::Last::new();
        let steps = plain.run(&field, span, [1.0], &mut last).unwrap().stats.accepted;
        assert!(n > steps && n < 20_000, "{name}: {n} and {steps} steps");
        let (mut y, Passenger(z)) = every.ys[n];
        let mut memory = method.resume(&field, every.times[n], &y, &z).unwrap();
        // The way back multiplies rounding by 1/λ a step; the problem itself grows by e^3t.
        for i in (n.saturating_sub(200)..n).rev() {
            let h = every.times[i + 1] - every.times[i];
            method.retrace(&field, every.times[i], h, &mut y, &mut memory).unwrap();
            assert!((y[0] - every.ys[i].0[0]).abs() < 1e-11, "{name} back at {}", every.times[i]);
        }
    }
}

/// A trial thrown away leaves no trace, the interpolant meets both ends, committing moves the state.
#[test]
fn the_laws_of_steppers() {
    fn laws<S: Reversible<fn(f64, &[f64; 2]) -> [f64; 2], [f64; 2], Auxiliary = [f64; 2]>>(method: S) {
        let field: fn(f64, &[f64; 2]) -> [f64; 2] = swing;
        let name = method.about().name;
        for h in [0.05, -0.03] {
            let (mut t, mut y) = (0.0, [1.0, 0.2]);
            let mut memory = method.init(&field, t, &y).expect("the problem can be started");
            for _ in 0..4 {
                let z = *method.auxiliary(&memory);
                let mut fresh = method.resume(&field, t, &y, &z).expect("the problem can be started");
                method.propose(&field, t, h, &y, &mut fresh).expect("a smooth step");
                method.propose(&field, t, 3.0 * h, &y, &mut memory).expect("a smooth step");
                method.propose(&field, t, h, &y, &mut memory).expect("a smooth step");
                let y1 = *method.proposed(&memory);
                assert!(apart(&y1, method.proposed(&fresh)) < 1e-14, "{name}: a rejected trial left a trace");
                let dense = method.dense(t, h, &y, &memory);
                assert!(apart(&dense.at(t), &y) < 1e-14 && apart(&dense.at(t + h), &y1) < 1e-14, "{name}");
                let at = t + 0.3 * h;
                assert_eq!(dense.at(at), method.interpolate(at, t, h, &y, &memory), "{name}");
                let z1 = *method.proposed_auxiliary(&memory);
                method.commit(&mut y, &mut memory);
                assert_eq!((y, *method.auxiliary(&memory)), (y1, z1), "{name}");
                t += h;
            }
        }
    }
    for base in BASES {
        laws(ReversibleRk::new(base));
    }
    laws(ReversibleHeun);
    laws(AsynchronousLeapfrog::new());
    laws(LeapfrogMidpoint);
}

#[test]
fn dense_output_is_as_good_as_the_base() {
    let span = Span { t0: 0.0, t1: 2.0 };
    let exact = reference(&swing, Span { t0: 0.0, t1: 1.07 }, [1.0, 0.0]);
    let solve = Solve::new(ReversibleRk::new(DOPRI5), Fixed::steps(40));
    let gap = apart(&solve.at(&swing, [1.0, 0.0], &[span.t0, 1.07, span.t1]).unwrap()[1], &exact);
    assert!(gap < 1e-8, "{gap:e}");
    let solve = Solve::new(ReversibleHeun, Fixed::steps(400));
    let gap = apart(&solve.at(&swing, [1.0, 0.0], &[span.t0, 1.07, span.t1]).unwrap()[1], &exact);
    assert!(gap < 1e-5, "{gap:e}");
}

#[test]
fn couplings_outside_their_range_are_refused() {
    for lambda in [0.0, -0.1, 1.001, f64::NAN] {
        let error = ReversibleRk::new(RK4).coupling(lambda).unwrap_err();
        assert_eq!(error.to_string(), format!("the coupling is {lambda}, but must lie in (0, 1]"));
    }
    assert_eq!(ReversibleRk::new(RK4).lambda(), 0.999);
    assert_eq!(ReversibleRk::new(RK4).tableau(), &RK4);
}

#[test]
fn paired_dense_output_is_that_of_the_method() {
    // The interpolant of verner6 needs stages of its own.
    for base in [DOPRI5, VERNER6] {
        let method = ReversibleRk::new(base);
        let control = Pi::new(Tolerance::both(1e-6));
        let (y0, times) = ([1.0, 0.0], [0.0, 0.3, 1.7, 3.0]);
        let plain = Solve::new(method, control).at(&swing, y0, &times).unwrap();
        let start = Paired(method).start(&swing, 0.0, y0).unwrap();
        let paired = Solve::new(Paired(method), control).at(&swing, start, &times).unwrap();
        assert_eq!(paired.iter().map(|(y, _)| *y).collect::<Vec<_>>(), plain);
    }
}
