//! Switching between an explicit and an implicit method.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{
    Autonomous, Bdf, DOPRI5, ExplicitRk, Forward, Known, Last, Pi, Radau, Report, Solve, SolveError, Stepper,
    Switching,
};
use chreode_testing::{LOTKA_VOLTERRA, VAN_DER_POL, VanDerPol};

fn van_der_pol<S>(stepper: S) -> Result<(f64, Report), SolveError>
where
    S: Stepper<Autonomous<Forward<VanDerPol>>, [f64; 2]>,
{
    let problem = Forward(VAN_DER_POL.formula).autonomous();
    let mut last = Last::new();
    let solve = Solve::new(stepper, Pi::new(Tolerance::both(1e-6)));
    let report = solve.run(&problem, VAN_DER_POL.span, VAN_DER_POL.y0, &mut last)?;
    let (_, y) = last.0.expect("finished");
    Ok((VAN_DER_POL.deviation(&y, 0.0), report))
}

#[test]
fn it_leaves_the_explicit_method_where_the_problem_is_stiff_and_comes_back() {
    let dopri5 = ExplicitRk::new(DOPRI5);
    let alone = van_der_pol(dopri5);
    assert!(alone.is_err(), "a million steps are not enough for an explicit method");
    let (exact, implicit) = van_der_pol(Radau::new()).expect("stiff");
    let (error, switching) = van_der_pol(Switching::new(dopri5, Radau::new())).expect("stiff");
    assert!(error < 1e-4 && exact < 1e-4, "{error:e}, {exact:e}");
    // The jumps between the slow branches are not stiff: Jacobians are spared there.
    assert!(switching.work.jacobians < implicit.work.jacobians, "{switching:?}, {implicit:?}");
    let (error, report) = van_der_pol(Switching::new(dopri5, Bdf::new())).expect("stiff");
    assert!(error < 1e-2, "{error:e}");
    assert!(report.stats.accepted < 5000, "{report:?}");
}

#[test]
fn it_stays_with_the_explicit_method_where_nothing_is_stiff() {
    let problem = FiniteDifference(LOTKA_VOLTERRA.field);
    let control = Pi::new(Tolerance::both(1e-8));
    let mut last = Last::new();
    let switching = Solve::new(Switching::new(ExplicitRk::new(DOPRI5), Radau::new()), control);
    let report = switching.run(&problem, LOTKA_VOLTERRA.span, LOTKA_VOLTERRA.y0, &mut last).expect("smooth");
    assert_eq!(report.work.jacobians, 0);
    let y =
        Solve::new(ExplicitRk::new(DOPRI5), control).end(&problem, LOTKA_VOLTERRA.span, LOTKA_VOLTERRA.y0);
    assert!(LOTKA_VOLTERRA.deviation(&last.0.expect("finished").1) < 1e-6);
    assert!(LOTKA_VOLTERRA.deviation(&y.expect("smooth")) < 1e-6);
}
