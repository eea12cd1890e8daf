//! Fixed steps: how many, where, at what cost.

use chreode_core::Tolerance;
use chreode_ode::{
    At, DOPRI5, EULER, End, Every, ExplicitRk, Fixed, HEUN, Last, Pi, RK4, Report, Solve, SolveError, Span,
    Stats, Work,
};
use std::cell::Cell;

fn growth(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [y[0]]
}

fn stats(solve: Solve<ExplicitRk, Fixed>, span: Span) -> Stats {
    solve.run(&growth, span, [1.0], &mut Last::new()).expect("a smooth field").stats
}

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

#[test]
fn a_hundred_euler_steps_are_a_hundred_evaluations() {
    let calls = Cell::new(0);
    let field = |_t: f64, y: &[f64; 1]| {
        calls.set(calls.get() + 1);
        [y[0]]
    };
    for control in [Fixed::new(0.01), Fixed::steps(100)] {
        let solve = Solve::new(ExplicitRk::new(EULER), control);
        calls.set(0);
        let y = solve.end(&field, UNIT, [1.0]).unwrap();
        assert_eq!(calls.get(), 100);
        // (1 + h)ⁿ in closed form.
        assert!((y[0] - 1.01f64.powi(100)).abs() < 1e-13);
        // Times to save at change nothing, whether they lie on the grid or between.
        calls.set(0);
        let ys = solve.at(&field, [1.0], &[0.0, 0.1, 0.25, 0.3333, 0.77, 1.0]).unwrap();
        assert_eq!((calls.get(), ys.len()), (100, 6));
        assert_eq!(ys[5], y);
        assert!((ys[1][0] - 1.01f64.powi(10)).abs() < 1e-14);
        assert!((ys[2][0] - 1.01f64.powi(25)).abs() < 1e-14);
    }
}

#[test]
fn counts_follow_from_the_tableau() {
    let count = |tableau, n| stats(Solve::new(ExplicitRk::new(tableau), Fixed::steps(n)), UNIT);
    let expect = |n, evals| Stats { accepted: n, rejected: 0, evals };
    assert_eq!(count(HEUN, 10), expect(10, 20));
    assert_eq!(count(RK4, 10), expect(10, 40));
    // First same as last: seven stages, six evaluations a step, and one to begin with.
    assert_eq!(count(DOPRI5, 10), expect(10, 61));
}

#[test]
fn times_do_not_drift_and_the_last_step_lands_on_the_end() {
    let times = |control, span| {
        let mut save = Every::step();
        let report =
            Solve::new(ExplicitRk::new(EULER), control).run(&growth, span, [1.0], &mut save).unwrap();
        assert_eq!(report.end, End::Reached);
        save.times
    };
    let seen = times(Fixed::new(0.1), Span { t0: 0.0, t1: 100.0 });
    assert_eq!(seen.len(), 1001);
    assert!(seen.iter().enumerate().all(|(i, t)| *t == i as f64 * 0.1 || (i == 1000 && *t == 100.0)));
    // Spans that are a multiple only up to rounding: 0.3 / 0.1, 0.9 / 0.3, 2.1 / 0.7.
    for (h, t1, steps) in [(0.1, 0.3, 3), (0.3, 0.9, 3), (0.7, 2.1, 3), (0.1, 0.7, 7)] {
        let seen = times(Fixed::new(h), Span { t0: 0.0, t1 });
        assert_eq!((seen.len() - 1, *seen.last().unwrap()), (steps, t1));
    }
    // The last step is shorter where the span is no multiple, and a single step may exceed it.
    assert_eq!(times(Fixed::new(0.5), Span { t0: 1.0, t1: 2.25 }), [1.0, 1.5, 2.0, 2.25]);
    assert_eq!(times(Fixed::new(5.0), Span { t0: 1.0, t1: 2.25 }), [1.0, 2.25]);
    assert_eq!(times(Fixed::steps(4), Span { t0: 1.0, t1: 3.0 }), [1.0, 1.5, 2.0, 2.5, 3.0]);
    // Backwards, with the same positive h.
    assert_eq!(times(Fixed::new(0.5), Span { t0: 2.25, t1: 1.0 }), [2.25, 1.75, 1.25, 1.0]);
    assert_eq!(times(Fixed::steps(2), Span { t0: 1.0, t1: -1.0 }), [1.0, 0.0, -1.0]);
}

#[test]
fn backwards_undoes_forwards() {
    let pendulum = |_t: f64, y: &[f64; 2]| [y[1], -y[0].sin()];
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(200));
    let there = solve.end(&pendulum, Span { t0: 0.0, t1: 3.0 }, [1.0, 0.2]).unwrap();
    let back = solve.end(&pendulum, Span { t0: 3.0, t1: 0.0 }, there).unwrap();
    assert!((back[0] - 1.0).abs() < 1e-11 && (back[1] - 0.2).abs() < 1e-11, "{back:?}");
}

#[test]
fn an_empty_span_takes_no_step_and_evaluates_nothing() {
    let never = |_t: f64, _y: &[f64; 1]| -> [f64; 1] { unreachable!("no step, no evaluation") };
    let span = Span { t0: 2.0, t1: 2.0 };
    let mut save = (At::new(&[2.0, 2.0]), Every::step());
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Fixed::new(0.1));
    let report = solve.run(&never, span, [3.0], &mut save).unwrap();
    assert_eq!(report, Report { end: End::Reached, stats: Stats::default(), work: Work::default() });
    assert_eq!((save.0.ys, save.1.ys), (vec![[3.0], [3.0]], vec![[3.0]]));
    assert_eq!(solve.end(&never, span, [3.0]).unwrap(), [3.0]);
    assert_eq!(solve.at(&never, [3.0], &[2.0]).unwrap(), [[3.0]]);
    let adaptive = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-6)));
    assert_eq!(adaptive.end(&never, span, [3.0]).unwrap(), [3.0]);
}

#[test]
fn a_step_that_is_no_step_is_a_typed_error() {
    let end = |control| Solve::new(ExplicitRk::new(EULER), control).end(&growth, UNIT, [1.0]).unwrap_err();
    for h in [0.0, -0.1, f64::INFINITY] {
        assert_eq!(end(Fixed::new(h)), SolveError::BadStep { what: "the fixed step size", value: h });
    }
    assert!(matches!(end(Fixed::new(f64::NAN)), SolveError::BadStep { .. }));
    let error = end(Fixed::steps(0));
    assert_eq!(error.to_string(), "the number of fixed steps is 0, but must be finite and above zero");
    // A step below the resolution of time.
    assert!(matches!(end(Fixed::new(1e-300)), SolveError::StepTooSmall { .. } | SolveError::MaxSteps { .. }));
}
