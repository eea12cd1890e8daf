//! Controllers: filters, prediction, limits, times to land on, jumps of the field, norms.

use chreode_core::{MaxNorm, PerEntry, Tolerance, ToleranceError};
use chreode_ode::{
    Action, At, BOSH3, Below, DOPRI5, End, Every, ExplicitRk, Filter, Fixed, Jumps, Landing, Last, MinStep,
    Pi, Pid, Predictive, RK4, Solve, SolveError, Span, StepControl, TSIT5, Trial, Verdict, When,
};
use std::cell::RefCell;

const FILTERS: [(&str, Filter); 12] = [
    ("I", Filter::I),
    ("PI42", Filter::PI42),
    ("PI33", Filter::PI33),
    ("PI34", Filter::PI34),
    ("H211PI", Filter::H211PI),
    ("H312PID", Filter::H312PID),
    ("H0211", Filter::H0211),
    ("H211B", Filter::H211B),
    ("H0312", Filter::H0312),
    ("H312B", Filter::H312B),
    ("H0321", Filter::H0321),
    ("H321", Filter::H321),
];

const TEN: Span = Span { t0: 0.0, t1: 10.0 };

fn lotka_volterra(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]]
}

/// 40-digit Gragg-Bulirsch-Stoer extrapolation at t = 10, two step sizes agreeing to 7e-36.
const LOTKA_VOLTERRA_END: [f64; 2] = [1.0263447675750893, 0.9096910781360416];

/// Steps of a controller whose error is φₙ hₙ⁵ for the given φ, after `skip` steps.
fn steps<C: StepControl>(control: &C, phi: impl Fn(usize) -> f64, skip: usize) -> Vec<f64> {
    let mut memory = control.start(Span { t0: 0.0, t1: 1e9 }, 1.0).expect("sound settings");
    (0..skip + 200)
        .map(|n| {
            let h = control.next(0.0, &memory);
            let trial = Trial { t: 0.0, h, ratio: Some(phi(n) * h.powi(5)), power: 5.0 };
            control.judge(trial, &mut memory);
            h
        })
        .skip(skip)
        .collect()
}

#[test]
fn every_filter_settles_on_the_step_that_is_safely_on_tolerance() {
    for (name, filter) in FILTERS {
        let seen = steps(&Pid::new(Tolerance::both(1.0), filter), |_| 1e5, 300);
        // φ h⁵ = safety⁵, so h = safety φ^(-1/5).
        assert!(seen.iter().all(|h| (h - 0.09).abs() < 1e-6), "{name}: {:?}", &seen[..3]);
    }
    let predictive = steps(&Predictive::new(Tolerance::both(1.0)), |_| 1e5, 300);
    assert!(predictive.iter().all(|h| (h - 0.09).abs() < 1e-2), "{:?}", &predictive[..3]);
}

#[test]
fn filters_of_first_order_do_not_see_an_error_that_alternates() {
    // The filter order is the order of the zero of the step-size transfer at -1: φ e^(±0.5) in turn
    // leaves the steps alone.
    let spread = |filter| {
        let noisy = |n: usize| 1e5 * if n.is_multiple_of(2) { 1.65 } else { 1.0 / 1.65 };
        let seen = steps(&Pid::new(Tolerance::both(1.0), filter), noisy, 300);
        let (low, high) = seen.iter().fold((f64::MAX, 0.0), |(a, b): (f64, f64), h| (a.min(*h), b.max(*h)));
        high / low - 1.0
    };
    for (name, filter) in FILTERS {
        let seen = spread(filter);
        if name.starts_with('H') {
            assert!(seen < 1e-6, "{name}: {seen}");
        } else {
            assert!(seen > 0.05, "{name}: {seen}");
        }
    }
}

#[test]
fn adaptivity_of_second_order_follows_an_error_that_grows_exponentially() {
    // ln φ grows linearly: a controller of adaptivity 1 stays behind by a constant, one of 2 does not.
    let behind = |filter| {
        let control = Pid::new(Tolerance::both(1.0), filter);
        let mut memory = control.start(Span { t0: 0.0, t1: 1e9 }, 0.09).unwrap();
        let mut ratio = 0.0;
        for n in 0..400 {
            let h = control.next(0.0, &memory);
            ratio = 1e5 * (-0.02 * n as f64).exp() * h.powi(5);
            control.judge(Trial { t: 0.0, h, ratio: Some(ratio), power: 5.0 }, &mut memory);
        }
        (ratio / 0.9f64.powi(5)).ln()
    };
    for (name, filter) in FILTERS {
        let lag = behind(filter).abs();
        assert_eq!(lag < 1e-6, name == "H0321" || name == "H321", "{name}: {lag}");
    }
}

#[test]
fn every_controller_keeps_the_tolerance() {
    let check = |name: &str, y: [f64; 2]| {
        let error = (y[0] - LOTKA_VOLTERRA_END[0]).abs().max((y[1] - LOTKA_VOLTERRA_END[1]).abs());
        assert!(error < 3e-6, "{name}: {error:e}");
    };
    let tolerance = Tolerance::both(1e-8);
    let tsit5 = ExplicitRk::new(TSIT5);
    for (name, filter) in FILTERS {
        let solve = Solve::new(tsit5, Pid::new(tolerance, filter));
        let mut save = Last::new();
        let report = solve.run(&lotka_volterra, TEN, [1.0, 1.0], &mut save).unwrap();
        check(name, save.0.unwrap().1);
        assert!(report.stats.accepted + report.stats.rejected < 330, "{name}: {:?}", report.stats);
    }
    let solve = Solve::new(tsit5, Predictive::new(tolerance));
    check("predictive", solve.end(&lotka_volterra, TEN, [1.0, 1.0]).unwrap());
}

#[test]
fn prediction_sees_an_error_that_grows_coming() {
    // The stiff-like trace of an error coefficient that doubles each step: the elementary controller is
    // rejected again and again, the predictive one is not.
    let rejected = |control: &dyn Fn(&mut Vec<Verdict>)| {
        let mut seen = Vec::new();
        control(&mut seen);
        seen.iter().filter(|v| **v == Verdict::Reject).count()
    };
    fn trace<C: StepControl>(control: &C, seen: &mut Vec<Verdict>) {
        let mut memory = control.start(Span { t0: 0.0, t1: 1e9 }, 0.5).unwrap();
        let mut phi: f64 = 1.0;
        for _ in 0..100 {
            let h = control.next(0.0, &memory);
            let trial = Trial { t: 0.0, h, ratio: Some(phi * h.powi(4)), power: 4.0 };
            let verdict = control.judge(trial, &mut memory);
            if verdict == Verdict::Accept {
                phi *= 2.0;
            }
            seen.push(verdict);
        }
    }
    let tolerance = Tolerance::both(1.0);
    let elementary = rejected(&|seen| trace(&Pid::new(tolerance, Filter::I), seen));
    let predictive = rejected(&|seen| trace(&Predictive::new(tolerance), seen));
    assert!(elementary > 20 && predictive < 5, "{elementary} {predictive}");
}

#[test]
fn steps_land_on_given_times_in_either_direction() {
    let stops = [7.0, 0.1234, 3.3, 3.3000001, -1.0, 99.0];
    for (t0, t1) in [(0.0, 10.0), (10.0, 0.0)] {
        let mut save = Every::step();
        let control = Landing::new(Pi::new(Tolerance::both(1e-6)), stops);
        let solve = Solve::new(ExplicitRk::new(DOPRI5), control);
        let report = solve.run(&lotka_volterra, Span { t0, t1 }, [1.0, 1.0], &mut save).unwrap();
        for stop in &stops[..4] {
            assert!(save.times.contains(stop), "{stop} in {:?}", save.times);
        }
        // Landing costs a step for each stop, not a run of short ones after it.
        let plain = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-6)));
        let free = plain.run(&lotka_volterra, Span { t0, t1 }, [1.0, 1.0], &mut Last::new()).unwrap();
        assert!(report.stats.accepted <= free.stats.accepted + 8, "{report:?} {free:?}");
    }
    // Fixed steps keep their grid.
    let mut save = Every::step();
    let solve = Solve::new(ExplicitRk::new(RK4), Landing::new(Fixed::new(1.0), [0.25, 0.7, 2.0]));
    let span = Span { t0: 0.0, t1: 3.0 };
    let _ = solve.run(&lotka_volterra, span, [1.0, 1.0], &mut save).unwrap();
    assert_eq!(save.times, [0.0, 0.25, 0.7, 1.0, 2.0, 3.0]);
}

/// The times at which `f` was evaluated in a solve of a field that steps from 1 to -3 at t = 1.
fn jump_solve<C: StepControl<Norm = Tolerance>>(control: C, span: Span) -> (f64, Vec<f64>, Vec<f64>) {
    let seen = RefCell::new(Vec::new());
    let field = |t: f64, _y: &[f64; 1]| {
        seen.borrow_mut().push(t);
        [if t < 1.0 { 2.0 * t } else { -3.0 }]
    };
    let mut save = Every::step();
    let report = Solve::new(ExplicitRk::new(DOPRI5), control).run(&field, span, [0.0], &mut save);
    let report = report.expect("a bounded field");
    assert_eq!((report.end, report.stats.evals), (End::Reached, seen.borrow().len()));
    (save.ys.last().expect("the start at least")[0], save.times, seen.into_inner())
}

#[test]
fn a_jump_is_met_from_both_sides() {
    let pi = Pi::new(Tolerance::both(1e-10));
    for span in [Span { t0: 0.0, t1: 2.0 }, Span { t0: 2.0, t1: 0.0 }] {
        let direction = span.direction();
        let (y, times, seen) = jump_solve(Jumps::new(pi, [1.0]), span);
        // ∫ 2t over [0, 1] and -3 over [1, 2].
        assert!((y + 2.0 * direction).abs() < 1e-12, "{y}");
        assert!(times.contains(&1.0));
        assert!(!seen.contains(&1.0), "the field is not evaluated at the jump itself");
        // Without the jump it costs rejected trials.
        let (_, free, all) = jump_solve(pi, span);
        assert!(seen.len() < all.len() && times.len() < free.len(), "{} {}", seen.len(), all.len());
    }
    // At the start and at the end of the span it is one-sided too.
    let (y, times, seen) = jump_solve(Jumps::new(pi, [1.0, 2.0]), Span { t0: 1.0, t1: 2.0 });
    assert!((y + 3.0).abs() < 1e-12 && *times.last().unwrap() == 2.0, "{y} {times:?}");
    assert!(seen.iter().all(|t| *t > 1.0 && *t < 2.0), "{seen:?}");
    // Fixed steps.
    let (y, times, _) = jump_solve(Jumps::new(Fixed::steps(3), [1.0]), Span { t0: 0.0, t1: 2.0 });
    assert!((y + 2.0).abs() < 1e-12 && times == [0.0, 2.0 / 3.0, 1.0, 4.0 / 3.0, 2.0], "{y} {times:?}");
}

#[test]
fn a_reset_at_the_time_of_a_jump_still_sees_the_side_behind() {
    // At t = 1 the field jumps and a dose is given; at the time itself the field is no number.
    let field = |t: f64, y: &[f64; 1]| {
        [if t == 1.0 {
            f64::NAN
        } else if t < 1.0 {
            1.0
        } else {
            -y[0]
        }]
    };
    let dose =
        When::new(|t: f64, _y: &[f64; 1]| t - 1.0).then(|_t: f64, y: &[f64; 1]| Action::Reset([y[0] + 1.0]));
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Jumps::new(Pi::new(Tolerance::both(1e-9)), [1.0]));
    let mut save = Last::new();
    let span = Span { t0: 0.0, t1: 2.0 };
    let report = solve.run_with(&field, span, [0.0], &mut save, &mut [dose]).unwrap();
    assert_eq!(report.end, End::Reached);
    assert!((save.0.unwrap().1[0] - 2.0 * (-1f64).exp()).abs() < 1e-8);
}

#[test]
fn states_can_be_saved_at_a_jump() {
    let field = |t: f64, _y: &[f64; 1]| [if t < 1.0 { 1.0 } else { -1.0 }];
    let solve = Solve::new(ExplicitRk::new(TSIT5), Jumps::new(Pi::new(Tolerance::both(1e-9)), [1.0]));
    let times = [0.0, 0.5, 1.0, 1.5, 2.0];
    let mut save = At::new(&times);
    let _ = solve.run(&field, Span { t0: 0.0, t1: 2.0 }, [0.0], &mut save).unwrap();
    for (y, exact) in save.ys.iter().zip([0.0, 0.5, 1.0, 0.5, 0.0]) {
        assert!((y[0] - exact).abs() < 1e-12, "{:?}", save.ys);
    }
}

#[test]
fn a_least_step_ends_the_solve_or_is_taken() {
    // |t - 1|^(-1/2): every controller shortens its steps towards t = 1.
    let field = |t: f64, _y: &[f64; 1]| [1.0 / (t - 1.0).abs().sqrt().max(1e-9)];
    let span = Span { t0: 0.0, t1: 2.0 };
    let pi = Pi::new(Tolerance::both(1e-9));
    let solve = |below| {
        let mut save = Every::step();
        let control = MinStep::new(pi, 1e-3, below);
        let result = Solve::new(ExplicitRk::new(BOSH3), control).run(&field, span, [0.0], &mut save);
        (result, save)
    };
    let (stopped, save) = solve(Below::Stop);
    let error = stopped.unwrap_err();
    assert!(matches!(error, SolveError::StepTooSmall { .. }), "{error}");
    assert!(error.to_string().contains("below the least of 9.99"), "{error}");
    assert!(save.times.len() > 3);
    let (accepted, save) = solve(Below::Accept);
    assert_eq!(accepted.unwrap().end, End::Reached);
    let shortest = save.times.windows(2).map(|w| w[1] - w[0]).fold(f64::MAX, f64::min);
    assert!(shortest > 0.999e-3, "{shortest}");
    // Not even then is a state that is not finite accepted.
    let hole = |t: f64, _y: &[f64; 1]| [if t < 0.5 { 1.0 } else { f64::NAN }];
    let control = MinStep::new(pi, 1e-3, Below::Accept);
    let error = Solve::new(ExplicitRk::new(BOSH3), control).end(&hole, span, [0.0]).unwrap_err();
    assert!(matches!(error, SolveError::NotFinite { .. }), "{error}");
}

#[test]
fn wrappers_go_inside_each_other() {
    let control = Jumps::new(
        Landing::new(MinStep::new(Pid::new(Tolerance::both(1e-6), Filter::H211PI), 1e-6, Below::Stop), [0.3]),
        [1.0],
    );
    let (y, times, _) = jump_solve(control, Span { t0: 0.0, t1: 2.0 });
    assert!((y + 2.0).abs() < 1e-8 && times.contains(&0.3) && times.contains(&1.0), "{y} {times:?}");
}

#[test]
fn norms_of_all_kinds_steer() {
    // The second entry is a million times larger; a tolerance for each makes them equals.
    let field = |_t: f64, y: &[f64; 2]| [-y[0], -2.0 * y[1]];
    let tsit5 = ExplicitRk::new(TSIT5);
    let end = |y: [f64; 2]| [(y[0] - (-10f64).exp()).abs(), (y[1] - 1e6 * (-20f64).exp()).abs()];
    let per_entry = Pi::new(PerEntry { rtol: [0.0, 0.0], atol: [1e-9, 1e-3] });
    let error = end(Solve::new(tsit5, per_entry).end(&field, TEN, [1.0, 1e6]).unwrap());
    assert!(error[0] < 1e-8 && error[1] < 1e-2, "{error:?}");
    let steps = |control| {
        Solve::new(tsit5, control).run(&field, TEN, [1.0, 1e6], &mut Last::new()).unwrap().stats.accepted
    };
    let uniform = Pi::new(PerEntry { rtol: [0.0; 2], atol: [1e-9; 2] });
    assert!(steps(uniform) > 3 * steps(per_entry));
    let most = Solve::new(tsit5, Pi::new(MaxNorm(Tolerance { rtol: 1e-8, atol: 1e-12 })));
    assert!(end(most.end(&field, TEN, [1.0, 1e6]).unwrap())[0] < 1e-9);
    // A norm of one's own: the first entry alone.
    let own = |e: &[f64; 2], _a: &[f64; 2], _b: &[f64; 2]| e[0].abs() / 1e-9;
    assert!(end(Solve::new(tsit5, Pi::new(own)).end(&field, TEN, [1.0, 1e6]).unwrap())[0] < 1e-8);
}

#[test]
fn bad_settings_are_typed_errors() {
    fn end<C: StepControl<Norm = Tolerance>>(control: C) -> String {
        let never = |_t: f64, _y: &[f64; 1]| -> [f64; 1] { unreachable!("settings come first") };
        Solve::new(ExplicitRk::new(TSIT5), control).end(&never, TEN, [1.0]).unwrap_err().to_string()
    }
    let fine = Tolerance::both(1e-6);
    let pi = Pi::new(fine);
    assert_eq!(
        end(MinStep::new(pi, 0.0, Below::Stop)),
        "the least step is 0, but must be finite and above zero"
    );
    assert_eq!(
        end(Landing::new(pi, [1.0, f64::NAN])),
        "a time to land on is NaN, but must lie at a finite time"
    );
    assert_eq!(
        end(Jumps::new(pi, [f64::INFINITY])),
        "the time of a jump is inf, but must lie at a finite time"
    );
    assert_eq!(
        end(Pid::new(fine, Filter::new([0.0, 0.0, 0.0], [0.0, 0.0]))),
        "the sum of beta is 0, but must lie above 0"
    );
    assert_eq!(
        end(Pid::new(fine, Filter::new([1.0, f64::NAN, 0.0], [0.0, 0.0]))),
        "beta 2 is NaN, but must lie at a finite number"
    );
    let mut reckless = Predictive::new(fine);
    reckless.limits.safety = 2.0;
    assert_eq!(end(reckless), "safety is 2, but must lie in (0, 1]");
    let never = |_t: f64, _y: &[f64; 2]| -> [f64; 2] { unreachable!("settings come first") };
    let control = Pi::new(PerEntry { rtol: [1e-3, -1.0], atol: [0.0, 1.0] });
    let error = Solve::new(ExplicitRk::new(TSIT5), control).end(&never, TEN, [1.0, 1.0]).unwrap_err();
    assert_eq!(
        error,
        SolveError::BadTolerance(ToleranceError::Unmet { rtol: -1.0, atol: 1.0, entry: Some(1) })
    );
    assert!(error.to_string().contains("of entry 1 cannot be met"), "{error}");
}
