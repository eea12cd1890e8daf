//! Where a solve must fail, how it says so, and what is left afterwards.

use chreode_core::{Tolerance, ToleranceError};
use chreode_ode::{
    At, DOPRI5, EULER, Every, ExplicitRk, Fixed, Interpolant, Last, Pi, RK4, Solve, SolveError, Span, TSIT5,
    Tableau, TableauError,
};

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(tolerance)))
}

fn decay(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [-y[0]]
}

#[test]
fn a_pole_is_a_step_too_small() {
    // y = 1 / (1 - t).
    let square = |_t: f64, y: &[f64; 1]| [y[0] * y[0]];
    for tableau in [TSIT5, DOPRI5, chreode_ode::BOSH3] {
        for tolerance in [1e-3, 1e-6, 1e-10] {
            let mut save = (Every::step(), Last::new());
            let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(tolerance)));
            let error = solve.run(&square, Span { t0: 0.0, t1: 2.0 }, [1.0], &mut save).unwrap_err();
            let SolveError::StepTooSmall { t, .. } = error else { panic!("{error}") };
            assert!((t - 1.0).abs() < 10.0 * tolerance, "{t} at {tolerance:e}");
            assert!(error.to_string().contains("may blow up there"), "{error}");
            // What was saved before is still there, and right away from the pole.
            let (every, last) = save;
            assert_eq!(last.0.unwrap().0, t);
            let i = every.times.iter().rposition(|t| *t < 0.9).unwrap();
            assert!((every.ys[i][0] * (1.0 - every.times[i]) - 1.0).abs() < 100.0 * tolerance);
        }
    }
}

#[test]
fn not_a_number_is_found_with_its_time() {
    let end = |error: SolveError| match error {
        SolveError::NotFinite { t, .. } => t,
        other => panic!("{other}"),
    };
    // In the initial state.
    assert_eq!(end(adaptive(1e-6).end(&decay, UNIT, [f64::NAN]).unwrap_err()), 0.0);
    // From the right-hand side, at once.
    let never = |_t: f64, _y: &[f64; 1]| [f64::NAN];
    assert_eq!(end(adaptive(1e-6).end(&never, UNIT, [1.0]).unwrap_err()), 0.0);
    // From the right-hand side, later: the adaptive controller closes in on the place.
    let until = |t: f64, _y: &[f64; 1]| [if t < 0.6 { 1.0 } else { f64::NAN }];
    let t = end(adaptive(1e-6).end(&until, UNIT, [1.0]).unwrap_err());
    assert!((t - 0.6).abs() < 1e-9, "{t}");
    // With fixed steps it is the time at which the stage was evaluated.
    let fixed = Solve::new(ExplicitRk::new(EULER), Fixed::steps(10));
    let mut save = Every::step();
    let t = end(fixed.run(&until, UNIT, [1.0], &mut save).unwrap_err());
    assert!((t - 0.6).abs() < 1e-12, "{t}");
    assert_eq!(save.ys.len(), 7, "the steps before are kept");
    // Overflow under fixed steps is found too, and a NaN that only dense output meets.
    let square = |_t: f64, y: &[f64; 1]| [y[0] * y[0]];
    end(Solve::new(ExplicitRk::new(RK4), Fixed::new(0.1))
        .end(&square, Span { t0: 0.0, t1: 9.0 }, [1.0])
        .unwrap_err());
    let edge = |t: f64, _y: &[f64; 1]| [if t < 1.0 { 1.0 } else { f64::NAN }];
    let dopri5 = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(1));
    assert!(dopri5.at(&edge, [1.0], &[0.0, 0.5, 1.0]).is_err());
}

#[test]
fn an_infeasible_trial_is_taken_back() {
    // sqrt(1 - t²) is not a number beyond t = 1, where long first trials look.
    let field = |t: f64, _y: &[f64; 1]| [(1.0 - t * t).sqrt()];
    let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-8)).first_step(0.999));
    let y = solve.end(&field, Span { t0: 0.0, t1: 0.99 }, [0.0]).unwrap();
    let exact = 0.5 * (0.99 * (1.0f64 - 0.99 * 0.99).sqrt() + 0.99f64.asin());
    assert!((y[0] - exact).abs() < 1e-6);
}

#[test]
fn too_many_steps_keep_the_partial_result() {
    let times = [0.0, 0.05, 0.1, 1.0];
    let mut save = At::new(&times);
    let solve = Solve::new(ExplicitRk::new(EULER), Fixed::new(0.01)).max_steps(12);
    let error = solve.run(&decay, UNIT, [1.0], &mut save).unwrap_err();
    assert!(matches!(error, SolveError::MaxSteps { t: 0.12, t1: 1.0, steps: 12, stiffness: None, .. }));
    assert_eq!(
        error.to_string(),
        "12 steps reached only t = 0.12 of 1, the last of them 9.999999999999995e-3 long; raise max_steps, \
         loosen the tolerance, or take an implicit method if the problem is stiff"
    );
    assert_eq!(save.ys.len(), 3);
    assert!((save.ys[2][0] - 0.99f64.powi(10)).abs() < 1e-14);
}

#[test]
fn times_are_checked_before_anything_is_evaluated() {
    let never = |_t: f64, _y: &[f64; 1]| -> [f64; 1] { unreachable!("times come first") };
    let at = |times: &[f64]| adaptive(1e-6).at(&never, [1.0], times).unwrap_err();
    assert_eq!(at(&[]), SolveError::NoTimes);
    assert_eq!(at(&[0.0, 0.7, 0.3, 1.0]), SolveError::TimesNotSorted { index: 2, time: 0.7, next: 0.3 });
    assert_eq!(at(&[1.0, 0.3, 0.7, 0.0]), SolveError::TimesNotSorted { index: 2, time: 0.3, next: 0.7 });
    assert_eq!(at(&[0.0, 2.0, 1.0]), SolveError::TimesNotSorted { index: 2, time: 2.0, next: 1.0 });
    assert_eq!(
        at(&[0.0, 2.0, 1.0]).to_string(),
        "time 1 at index 2 follows 2; sort the times in the direction of the solve"
    );
    assert!(matches!(at(&[0.0, f64::NAN, 1.0]), SolveError::TimeOutside { .. }));
    assert!(matches!(at(&[0.0, f64::INFINITY]), SolveError::SpanNotFinite { .. }));
    let error = adaptive(1e-6).run(&never, UNIT, [1.0], &mut At::new(&[0.5, 1.5])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "time 1.5 is not between t0 = 0 and t1 = 1; widen the span or drop the time"
    );
    let error = adaptive(1e-6).end(&never, Span { t0: f64::NAN, t1: 1.0 }, [1.0]).unwrap_err();
    assert_eq!(error.to_string(), "cannot solve from t = NaN to t = 1; both ends must be finite");
}

#[test]
fn settings_are_checked_before_anything_is_evaluated() {
    let never = |_t: f64, _y: &[f64; 1]| -> [f64; 1] { unreachable!("settings come first") };
    let end = |control: Pi| Solve::new(ExplicitRk::new(TSIT5), control).end(&never, UNIT, [1.0]).unwrap_err();
    for (rtol, atol) in [(0.0, 0.0), (-1e-3, 1e-3), (f64::INFINITY, 1e-3), (1e-3, -1.0)] {
        assert_eq!(
            end(Pi::new(Tolerance { rtol, atol })),
            SolveError::BadTolerance(ToleranceError::Unmet { rtol, atol, entry: None })
        );
    }
    let fine = Pi::new(Tolerance::both(1e-6));
    assert_eq!(end(fine.first_step(0.0)), SolveError::BadStep { what: "the first step", value: 0.0 });
    assert_eq!(end(fine.max_step(-1.0)), SolveError::BadStep { what: "the largest step", value: -1.0 });
    let error = end(Pi { safety: 1.5, ..fine });
    assert_eq!(error.to_string(), "safety is 1.5, but must lie in (0, 1]");
    assert!(matches!(end(Pi { shrink: 1.0, ..fine }), SolveError::BadSetting { what: "shrink", .. }));
    let error = Solve::new(ExplicitRk::new(RK4), fine).end(&never, UNIT, [1.0]).unwrap_err();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "rk4" });
    assert_eq!(
        error.to_string(),
        "rk4 has no error estimate, so its steps cannot be controlled; take Fixed steps, or a pair such as tsit5"
    );
}

#[test]
fn a_zero_without_an_absolute_tolerance_is_explained() {
    let relative = Pi::new(Tolerance { rtol: 1e-6, atol: 0.0 });
    let solve = Solve::new(ExplicitRk::new(TSIT5), relative);
    let still = |_t: f64, y: &[f64; 2]| [0.0, -y[1]];
    let error = solve.end(&still, UNIT, [0.0, 1.0]).unwrap_err();
    assert!(matches!(error, SolveError::ErrorNotFinite { .. }), "{error}");
    assert!(error.to_string().ends_with("give atol above zero"), "{error}");
    // Without the zero a relative tolerance alone is enough.
    assert!((solve.end(&decay, UNIT, [1.0]).unwrap()[0] - (-1f64).exp()).abs() < 1e-5);
}

#[test]
fn a_field_that_stands_still_takes_few_steps() {
    let still = |_t: f64, _y: &[f64; 2]| [0.0, 0.0];
    let mut save = Last::new();
    let report = adaptive(1e-6).run(&still, Span { t0: 0.0, t1: 1e3 }, [0.0, 5.0], &mut save).unwrap();
    assert_eq!(save.0, Some((1e3, [0.0, 5.0])));
    assert!(report.stats.accepted < 20 && report.stats.rejected == 0, "{report:?}");
}

#[test]
fn bad_tableaus_say_what_is_wrong() {
    let good = *RK4.coefficients();
    let check = |coefficients| Tableau::new(coefficients).unwrap_err();
    assert!(Tableau::new(good).is_ok());
    let mut it = good;
    it.b = &[];
    assert_eq!(check(it), TableauError::Stages);
    it = good;
    it.c = &[0.0, 0.5, 0.5];
    assert_eq!(check(it), TableauError::Shape);
    it = good;
    it.a = &[&[], &[0.4], &[0.0, 0.5], &[0.0, 0.0, 1.0]];
    assert_eq!(check(it), TableauError::RowSum);
    assert_eq!(check(it).to_string(), "each row of a sums to its node c, and the first node is 0");
    it = good;
    it.b = &[0.5, 0.5, 0.5, 0.5];
    assert_eq!(check(it), TableauError::WeightSum);
    it = good;
    it.interpolant = Interpolant::Hermite;
    assert_eq!(check(it), TableauError::NotFsal);
    it = good;
    it.interpolant = Interpolant::Polynomial(&[&[1.0], &[0.0], &[0.0], &[0.0]]);
    assert_eq!(check(it), TableauError::Interpolant);
    it = *DOPRI5.coefficients();
    it.order = 0;
    assert_eq!(check(it), TableauError::Order);
    it.order = 5;
    it.embedded = it.embedded.map(|mut e| {
        e.error = &[0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        e
    });
    assert_eq!(check(it), TableauError::ErrorSum);
}
