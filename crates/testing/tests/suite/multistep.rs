//! Differentiation formulas and Radau IIA: reference values, orders, and what they promise.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{
    Action, Autonomous, Bdf, Direction, Fixed, Forward, Jacobian, Known, Last, Logged, Matrix, Pi, Radau,
    Report, Solve, SolveError, Span, StepError, Stepper, Trajectory, When,
};
use chreode_testing::{FORCED_DECAY, HARMONIC_OSCILLATOR, LOTKA_VOLTERRA, Problem, VAN_DER_POL, VanDerPol};
use ndarray::{Array1, array};

/// The relative error at the end, and what it cost.
fn van_der_pol<S>(stepper: S, tolerance: f64) -> (f64, Report)
where
    S: Stepper<Autonomous<Forward<VanDerPol>>, [f64; 2]>,
{
    let problem = Forward(VAN_DER_POL.formula).autonomous();
    let mut last = Last::new();
    let solve = Solve::new(stepper, Pi::new(Tolerance::both(tolerance)));
    let report = solve
        .run(&problem, VAN_DER_POL.span, VAN_DER_POL.y0, &mut last)
        .expect("a problem for stiff methods");
    let (_, y) = last.0.expect("finished");
    (VAN_DER_POL.deviation(&y, 0.0), report)
}

#[test]
fn the_error_of_van_der_pol_follows_the_tolerance() {
    for (tolerance, bdf, radau) in
        [(1e-4, 2e-2, 1e-4), (1e-6, 5e-4, 1e-5), (1e-8, 2e-5, 1e-7), (1e-10, 2e-7, 1e-9)]
    {
        let (error, report) = van_der_pol(Bdf::new(), tolerance);
        assert!(error < bdf, "ndf {error:e} at {tolerance:e}");
        assert!(report.work.jacobians < 60, "a Jacobian is kept: {report:?}");
        let (error, _) = van_der_pol(Bdf::backward(), tolerance);
        assert!(error < 3.0 * bdf, "bdf {error:e} at {tolerance:e}");
        let (error, report) = van_der_pol(Radau::new(), tolerance);
        assert!(error < radau, "radau {error:e} at {tolerance:e}");
        assert!(report.work.factorisations <= 2 * (report.stats.accepted + report.stats.rejected) + 20);
    }
}

/// A problem of the testing crate with its Jacobian by differences.
fn end<S, const N: usize>(stepper: S, problem: &Problem<N>, steps: usize) -> f64
where
    S: Stepper<FiniteDifference<chreode_testing::Field<N>>, [f64; N]>,
{
    let solve = Solve::new(stepper, Fixed::steps(steps));
    let y = solve.end(&FiniteDifference(problem.field), problem.span, problem.y0).expect("a smooth problem");
    problem.deviation(&y)
}

#[test]
fn radau_has_order_five_also_backwards() {
    for steps in [20, 40] {
        let order =
            (end(Radau::new(), &FORCED_DECAY, steps) / end(Radau::new(), &FORCED_DECAY, 2 * steps)).log2();
        assert!((order - 5.0).abs() < 0.3, "{order}");
    }
    let order = (end(Radau::new(), &LOTKA_VOLTERRA, 100) / end(Radau::new(), &LOTKA_VOLTERRA, 200)).log2();
    assert!((order - 5.0).abs() < 0.3, "{order}");
    let back = Span { t0: 5.0, t1: 0.0 };
    let field = FiniteDifference(HARMONIC_OSCILLATOR.field);
    let y = Solve::new(Radau::new(), Pi::new(Tolerance::both(1e-10)))
        .end(&field, back, HARMONIC_OSCILLATOR.end())
        .expect("a smooth problem");
    assert!((y[0] - 1.0).abs() + y[1].abs() < 1e-8, "{y:?}");
}

#[test]
fn differentiation_formulas_reach_their_tolerance_without_a_stiff_problem_too() {
    for (order, allowed) in [(1, 0.3), (2, 3e-3), (3, 1e-3), (4, 1e-3), (5, 1e-3)] {
        let solve = Solve::new(Bdf::new().max_order(order), Pi::new(Tolerance::both(1e-6)));
        let problem = FiniteDifference(LOTKA_VOLTERRA.field);
        let mut last = Last::new();
        let report = solve.run(&problem, LOTKA_VOLTERRA.span, LOTKA_VOLTERRA.y0, &mut last).expect("smooth");
        let error = LOTKA_VOLTERRA.deviation(&last.0.expect("finished").1);
        assert!(error < allowed, "order {order}: {error:e}");
        if order == 5 {
            assert!(report.stats.accepted < 600, "high orders are used: {report:?}");
        }
    }
    // With equal steps the start at order 1 leaves an error of order 2.
    let order = (end(Bdf::new(), &FORCED_DECAY, 200) / end(Bdf::new(), &FORCED_DECAY, 400)).log2();
    assert!((order - 2.0).abs() < 0.3, "{order}");
}

#[test]
fn dense_output_is_as_good_as_the_steps() {
    fn worst<S, D>(stepper: S) -> f64
    where
        D: chreode_ode::Dense<[f64; 2]>,
        S: Stepper<FiniteDifference<chreode_testing::Field<2>>, [f64; 2], Dense = D>,
    {
        let problem = FiniteDifference(HARMONIC_OSCILLATOR.field);
        let mut path = Trajectory::new();
        let solve = Solve::new(stepper, Pi::new(Tolerance::both(1e-8)));
        let _ = solve.run(&problem, HARMONIC_OSCILLATOR.span, [1.0, 0.0], &mut path).expect("smooth");
        (0..500)
            .map(|i| f64::from(i) * 0.01)
            .map(|t| {
                let y = path.at(t).expect("inside");
                (y[0] - t.cos()).abs().max((y[1] + t.sin()).abs())
            })
            .fold(0.0, f64::max)
    }
    // The polynomial of Radau has order 3 between the ends of a step.
    let radau = worst(Radau::new());
    assert!(radau < 1e-6, "{radau:e}");
    let bdf = worst(Bdf::new());
    assert!(bdf < 1e-6, "{bdf:e}");
}

/// Robertson's problem as a differential-algebraic system: the third equation is that masses sum to 1.
fn robertson() -> impl Jacobian<Array1<f64>> {
    let field = |_t: f64, y: &Array1<f64>| {
        let (a, b, c) = (0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]);
        array![b - a, a - b - c, y[0] + y[1] + y[2] - 1.0]
    };
    FiniteDifference(field).mass(Matrix::diagonal(&[1.0, 1.0, 0.0])).autonomous()
}

#[test]
fn a_singular_mass_matrix_of_index_one_is_solved() {
    // At t = 40: SUNDIALS, idaRoberts_dns, and the classical value 0.7158 of Hairer & Wanner's ROBER.
    let exact = [0.715_827_068_718_9, 9.185_534_764_5e-6, 0.284_163_745_746_3];
    let start = array![1.0, 0.0, 0.0];
    let control = Pi::new(Tolerance { rtol: 1e-8, atol: 1e-12 });
    let span = Span { t0: 0.0, t1: 40.0 };
    let radau = Solve::new(Radau::new(), control).end(&robertson(), span, start.clone()).expect("index 1");
    let bdf = Solve::new(Bdf::new(), control).end(&robertson(), span, start).expect("index 1");
    for i in 0..3 {
        assert!((radau[i] / exact[i] - 1.0).abs() < 1e-6, "radau: {radau}");
        assert!((bdf[i] / exact[i] - 1.0).abs() < 1e-5, "bdf: {bdf}");
    }
    assert!((radau.sum() - 1.0).abs() < 1e-12);
}

#[test]
fn a_matrix_without_inverse_is_named() {
    // M = 0 and ∂f/∂y = 0: nothing determines y.
    let nothing = FiniteDifference(|t: f64, _y: &[f64; 1]| [t]).mass(Matrix::diagonal(&[0.0]));
    let span = Span { t0: 0.0, t1: 1.0 };
    let error = Solve::new(Radau::new(), Fixed::steps(4)).end(&nothing, span, [0.0]).unwrap_err();
    assert!(matches!(error, SolveError::Step(StepError::Singular { column: 0, .. })), "{error}");
    let error = Solve::new(Bdf::new(), Fixed::steps(4)).end(&nothing, span, [0.0]).unwrap_err();
    assert!(matches!(error, SolveError::Step(StepError::Singular { column: 0, .. })), "{error}");
}

#[test]
fn a_ball_bounces_at_its_times() {
    // From rest at height 1, g = 2, half the speed kept at each bounce: t = 1, 2, 2.5, 2.75, …
    fn bounces<S: Stepper<FiniteDifference<chreode_testing::Field<2>>, [f64; 2]>>(
        stepper: S,
    ) -> (Vec<f64>, Report) {
        let fall: chreode_testing::Field<2> = |_t, y| [y[1], -2.0];
        let floor = When::new(|_t: f64, y: &[f64; 2]| y[0])
            .going(Direction::Down)
            .then(|_t: f64, y: &[f64; 2]| Action::Reset([0.0, -0.5 * y[1]]));
        let mut events = Logged::new(floor);
        let span = Span { t0: 0.0, t1: 2.8 };
        let solve = Solve::new(stepper, Pi::new(Tolerance::both(1e-8)));
        let report = solve
            .run_with(&FiniteDifference(fall), span, [1.0, 0.0], &mut Last::new(), &mut events)
            .expect("a ball falls");
        (events.log.iter().map(|occurred| occurred.t).collect(), report)
    }
    for (times, report) in [bounces(Radau::new()), bounces(Bdf::new())] {
        assert_eq!(times.len(), 4, "{times:?}");
        for (t, exact) in times.iter().zip([1.0, 2.0, 2.5, 2.75]) {
            assert!((t - exact).abs() < 1e-6, "{t} for {exact}");
        }
        assert!(report.work.jacobians >= 5, "counted through the restarts: {report:?}");
    }
}
