//! Failures as data, and their advice: each message says what, where, and what to do, and is true.

use chreode_core::{Passenger, PerEntry, Tolerance};
use chreode_ode::{
    At, BOSH3, DOPRI5, DOPRI8, ExplicitRk, Fixed, Pi, RK4, Solve, SolveError, Span, StepControl, TSIT5,
};
use ndarray::{Array1, array};

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(tolerance)))
}

fn decay(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [-y[0]]
}

#[test]
fn a_state_that_is_no_number_names_its_entry() {
    let rows = |_t: f64, y: &Array1<f64>| -y;
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = adaptive(1e-6).end(&rows, UNIT, array![1.0, 2.0, bad]).unwrap_err();
        assert_eq!(error, SolveError::NotFinite { t: 0.0, stage: None, entry: Some(2) });
        assert_eq!(
            error.to_string(),
            "the state or the field is not finite at t = 0, in entry 2; check the initial state, the field's \
             domain, or take smaller steps"
        );
    }
    let pair = |_t: f64, (y, _): &([f64; 2], Passenger<[f64; 1]>)| ([0.0, 0.0], Passenger([y[0]]));
    let error = adaptive(1e-6).end(&pair, UNIT, ([1.0, 1.0], Passenger([f64::NAN]))).unwrap_err();
    assert!(matches!(error, SolveError::NotFinite { entry: Some(2), .. }), "{error}");
}

#[test]
fn a_field_that_is_no_number_names_its_first_bad_stage() {
    // NaN in the second entry from t = 0.5 on: RK4 with h = 0.4 from 0.4 sees it in stage 2, at t = 0.6.
    let field = |t: f64, _y: &[f64; 2]| [1.0, if t < 0.5 { 1.0 } else { f64::NAN }];
    let fixed = Solve::new(ExplicitRk::new(RK4), Fixed::new(0.4));
    let error = fixed.end(&field, UNIT, [0.0, 0.0]).unwrap_err();
    let SolveError::NotFinite { t, stage: Some(2), entry: Some(1) } = error else { panic!("{error}") };
    assert!((t - 0.6).abs() < 1e-12);
    assert!(error.to_string().contains(", in entry 1 of stage 2; check the initial state"), "{error}");
    // An adaptive solve closes in on the time, and the last attempt is the one reported.
    for tableau in [BOSH3, DOPRI5, TSIT5, DOPRI8] {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-6)));
        let error = solve.end(&field, UNIT, [0.0, 0.0]).unwrap_err();
        let SolveError::NotFinite { t, stage: Some(_), entry: Some(1) } = error else { panic!("{error}") };
        assert!((0.5..0.5 + 1e-9).contains(&t), "{t}");
    }
    // From the first evaluation.
    let never = |_t: f64, _y: &[f64; 1]| [f64::INFINITY];
    let error = fixed.end(&never, UNIT, [0.0]).unwrap_err();
    assert_eq!(error, SolveError::NotFinite { t: 0.0, stage: Some(1), entry: Some(0) });
}

#[test]
fn past_its_pole_a_solution_is_a_step_too_small() {
    // y = 1/(1 - t): the message says so near t = 1, and not that there were too many steps.
    let square = |_t: f64, y: &[f64; 1]| [y[0] * y[0]];
    for tableau in [BOSH3, DOPRI5, TSIT5, DOPRI8] {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-8)));
        let error = solve.end(&square, Span { t0: 0.0, t1: 5.0 }, [1.0]).unwrap_err();
        let SolveError::StepTooSmall { t, h, least } = error else { panic!("{error}") };
        assert!((t - 1.0).abs() < 1e-6 && h <= least && least < 1e-14, "{error}");
        assert!(error.to_string().starts_with("the step size fell to "), "{error}");
        assert!(
            error.to_string().ends_with(
                "the solution may blow up there, or the field is not smooth or the tolerance too tight"
            ),
            "{error}"
        );
    }
}

#[test]
fn too_many_steps_say_whether_it_is_stiff() {
    let advice = |error: &SolveError| error.to_string().split("; ").nth(1).unwrap().to_string();
    // Relaxation to cos t at rate 1e4: stability holds the step at about 3.3e-4, the edge of dopri5.
    let stiff = |t: f64, y: &[f64; 2]| [-1e4 * (y[0] - t.cos()), -y[1]];
    for tableau in [DOPRI5, TSIT5, DOPRI8] {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-5))).max_steps(1000);
        let error = solve.end(&stiff, Span { t0: 0.0, t1: 10.0 }, [1.0, 1.0]).unwrap_err();
        let SolveError::MaxSteps { t, steps: 1000, h, stiffness: Some(s), .. } = error else {
            panic!("{error}")
        };
        assert!(t > 0.1 && t < 2.0 && h > 1e-5, "{error}");
        // h ‖∂f/∂y‖, where the state moves along the stiff direction.
        assert!((s - 1e4 * h).abs() < 0.02 * s, "{s} {h}");
        assert!(advice(&error).ends_with("take an implicit method such as kvaerno5 or rodas5p"), "{error}");
    }
    // The oscillator over a long time is not stiff, and is not said to be.
    let oscillator = |_t: f64, y: &[f64; 2]| [y[1], -y[0]];
    let solve = adaptive(1e-9).max_steps(100);
    let error = solve.end(&oscillator, Span { t0: 0.0, t1: 1e3 }, [1.0, 0.0]).unwrap_err();
    let SolveError::MaxSteps { stiffness: Some(s), .. } = error else { panic!("{error}") };
    assert!(s < 0.5, "{s}");
    assert_eq!(advice(&error), "the problem does not look stiff: raise max_steps or loosen the tolerance");
    // Bosh3 cannot tell, and does not pretend to.
    let solve = Solve::new(ExplicitRk::new(BOSH3), Pi::new(Tolerance::both(1e-9))).max_steps(100);
    let error = solve.end(&oscillator, Span { t0: 0.0, t1: 1e3 }, [1.0, 0.0]).unwrap_err();
    assert!(matches!(error, SolveError::MaxSteps { stiffness: None, .. }));
    assert_eq!(
        advice(&error),
        "raise max_steps, loosen the tolerance, or take an implicit method if the problem is stiff"
    );
    // Exactly enough steps are enough.
    let fixed = Solve::new(ExplicitRk::new(RK4), Fixed::steps(10));
    assert!(fixed.max_steps(10).end(&decay, UNIT, [1.0]).is_ok());
    assert!(fixed.max_steps(9).end(&decay, UNIT, [1.0]).is_err());
}

#[test]
fn an_empty_span_is_no_failure() {
    let never = |_t: f64, _y: &[f64; 1]| -> [f64; 1] { unreachable!("nothing to evaluate") };
    let still = Span { t0: 1.0, t1: 1.0 };
    assert_eq!(adaptive(1e-6).end(&never, still, [2.0]).unwrap(), [2.0]);
    assert_eq!(adaptive(1e-6).at(&never, [2.0], &[1.0, 1.0]).unwrap(), [[2.0], [2.0]]);
    let solve = adaptive(1e-6);
    let mut driver = solve.start(&never, still, [2.0]).unwrap();
    assert!(driver.step().unwrap().is_none());
    // But a bad state is one even there.
    assert!(adaptive(1e-6).end(&never, still, [f64::NAN]).is_err());
}

#[test]
fn bad_times_and_tolerances_are_named() {
    fn text<C: StepControl<Norm: chreode_core::Norm<[f64; 2]>>>(control: C, times: &[f64]) -> String {
        let never = |_t: f64, _y: &[f64; 2]| -> [f64; 2] { unreachable!("settings come first") };
        let solve = Solve::new(ExplicitRk::new(TSIT5), control);
        solve.run(&never, UNIT, [1.0, 1.0], &mut At::new(times)).unwrap_err().to_string()
    }
    let fine = Pi::new(Tolerance::both(1e-6));
    assert_eq!(
        text(fine, &[0.5, 0.2]),
        "time 0.2 at index 1 follows 0.5; sort the times in the direction of the solve"
    );
    assert_eq!(
        text(fine, &[0.5, 1.5]),
        "time 1.5 is not between t0 = 0 and t1 = 1; widen the span or drop the time"
    );
    assert_eq!(
        text(fine, &[-0.5, 0.5]),
        "time -0.5 is not between t0 = 0 and t1 = 1; widen the span or drop the time"
    );
    assert_eq!(
        text(fine, &[f64::NAN]),
        "time NaN is not between t0 = 0 and t1 = 1; widen the span or drop the time"
    );
    let cannot = "cannot be met; give finite numbers, none negative, not both zero";
    assert_eq!(
        text(Pi::new(Tolerance::both(0.0)), &[]),
        format!("tolerance rtol = 0e0, atol = 0e0 {cannot}")
    );
    assert_eq!(
        text(Pi::new(Tolerance { rtol: -1e-3, atol: 1.0 }), &[]),
        format!("tolerance rtol = -1e-3, atol = 1e0 {cannot}")
    );
    let per_entry = PerEntry { rtol: [1e-3, 0.0], atol: [0.0, 0.0] };
    assert_eq!(
        text(Pi::new(per_entry), &[]),
        format!("tolerance rtol = 0e0, atol = 0e0 of entry 1 {cannot}")
    );
    let per_entry = PerEntry { rtol: [1e-3, 0.0], atol: [-1.0, 1.0] };
    assert_eq!(
        text(Pi::new(per_entry), &[]),
        format!("tolerance rtol = 1e-3, atol = -1e0 of entry 0 {cannot}")
    );
}

#[test]
fn single_precision_solves_fail_as_plainly() {
    let square = |_t: f64, y: &Array1<f32>| y.mapv(|y| y * y);
    let error = adaptive(1e-4).end(&square, Span { t0: 0.0, t1: 5.0 }, array![1.0f32]).unwrap_err();
    match error {
        SolveError::StepTooSmall { t, .. } | SolveError::NotFinite { t, .. } => {
            assert!((t - 1.0).abs() < 1e-2, "{error}");
        }
        other => panic!("{other}"),
    }
}
