//! Events, jumps, landing and stepping by hand with methods that remember: implicit ones, and ones of several
//! steps. Nothing stale survives a restart.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{
    Action, Adams, Bdf, DOPRI8, Direction, Dirk, End, ExplicitRk, Jumps, KVAERNO5, Landing, Last, Logged, Pi,
    Predictive, RODAS5P, Radau, Rosenbrock, Solve, Span, Stepper, VERNER7, When,
};

fn control() -> Pi {
    Pi::new(Tolerance::both(1e-8))
}

/// One solve of each kind; deviations beyond `bound` are failures.
fn around<S, P2, P1>(name: &str, stepper: S, falling: &P2, step: &P1, bound: f64)
where
    S: Stepper<P2, [f64; 2]> + Stepper<P1, [f64; 1]> + Clone,
{
    // A ball from height 5 that keeps 0.8 of its speed: bounces at 1, 2.6, 3.88.
    let mut floor = Logged::new(
        When::new(|_t: f64, y: &[f64; 2]| y[0])
            .going(Direction::Down)
            .then(|_t: f64, y: &[f64; 2]| Action::Reset([0.0, -0.8 * y[1]])),
    );
    let mut save = Last::new();
    let solve = Solve::new(stepper.clone(), control());
    let span = Span { t0: 0.0, t1: 4.0 };
    let report = solve.run_with(falling, span, [5.0, 0.0], &mut save, &mut floor);
    assert_eq!(report.unwrap_or_else(|error| panic!("{name}: {error}")).end, End::Reached);
    let times: Vec<f64> = floor.log.iter().map(|o| o.t).collect();
    assert_eq!(times.len(), 3, "{name}: {times:?}");
    for (t, exact) in times.iter().zip([1.0, 2.6, 3.88]) {
        assert!((t - exact).abs() < bound, "{name}: {times:?}");
    }
    let (s, v) = (4.0 - 3.88, 5.12);
    let y = save.0.expect("finished").1;
    assert!((y[0] - (v * s - 5.0 * s * s)).abs() < 10.0 * bound, "{name}: {y:?}");

    // y' = -y + (1 before t = 1, 3 after): the jump costs no accuracy, in either direction.
    let e = (-1f64).exp();
    let (at_one, at_two) = (1.0 - e, 3.0 + (1.0 - e - 3.0) * e);
    let jumps = Solve::new(stepper.clone(), Jumps::new(control(), [1.0]));
    let y = jumps.end(step, Span { t0: 0.0, t1: 2.0 }, [0.0]);
    let y = y.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!((y[0] - at_two).abs() < bound, "{name}: {y:?} {at_two}");
    let y = jumps.end(step, Span { t0: 2.0, t1: 0.0 }, [at_two]);
    assert!(y.unwrap_or_else(|error| panic!("{name}: {error}"))[0].abs() < 10.0 * bound, "{name}");

    // By hand, landing on t = 1, reset there and resumed.
    let landing = Solve::new(stepper, Landing::new(control(), [0.5]));
    let mut driver = landing.start(step, Span { t0: 0.0, t1: 0.75 }, [0.0]).expect("sound settings");
    let mut landed = false;
    while let Some(step) = driver.step().unwrap_or_else(|error| panic!("{name}: {error}")) {
        landed |= step.t1 == 0.5;
    }
    assert!(landed, "{name}");
    driver.reset(0.75, [0.0]).expect("a number");
    driver.extend(1.0).expect("a number");
    while driver.step().unwrap_or_else(|error| panic!("{name}: {error}")).is_some() {}
    let exact = 1.0 - (-0.25f64).exp();
    assert!((driver.y()[0] - exact).abs() < bound, "{name}: {:?} {exact} {at_one}", driver.y());
}

fn falling(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -10.0]
}

fn step(t: f64, y: &[f64; 1]) -> [f64; 1] {
    [if t < 1.0 { 1.0 } else { 3.0 } - y[0]]
}

#[test]
fn explicit_methods_of_every_kind() {
    let (falling, step) = (falling as fn(f64, &[f64; 2]) -> [f64; 2], step as fn(f64, &[f64; 1]) -> [f64; 1]);
    around("dopri8", ExplicitRk::new(DOPRI8), &falling, &step, 1e-6);
    around("verner7", ExplicitRk::new(VERNER7), &falling, &step, 1e-6);
    around("adams", Adams::new(), &falling, &step, 1e-5);
}

#[test]
fn implicit_methods_of_every_kind() {
    type Field<const N: usize> = FiniteDifference<fn(f64, &[f64; N]) -> [f64; N]>;
    let (falling, step): (Field<2>, Field<1>) = (FiniteDifference(falling), FiniteDifference(step));
    around("kvaerno5", Dirk::new(KVAERNO5), &falling, &step, 1e-5);
    around("rodas5p", Rosenbrock::new(RODAS5P), &falling, &step, 1e-5);
    around("radau5", Radau::new(), &falling, &step, 1e-5);
    around("ndf", Bdf::new(), &falling, &step, 1e-4);
}

#[test]
fn prediction_steers_an_implicit_method() {
    let problem = FiniteDifference(|_t: f64, y: &[f64; 2]| [y[1], 1e2 * (1.0 - y[0] * y[0]) * y[1] - y[0]]);
    let span = Span { t0: 0.0, t1: 200.0 };
    let radau = Radau::new();
    let tolerance = Tolerance::both(1e-6);
    let predictive = Solve::new(radau, Predictive::new(tolerance));
    let reference = Solve::new(Rosenbrock::new(RODAS5P), Pi::new(Tolerance::both(1e-9)));
    let exact = reference.end(&problem, span, [2.0, 0.0]).unwrap();
    let mut save = Last::new();
    let report = predictive.run(&problem, span, [2.0, 0.0], &mut save).unwrap();
    let y = save.0.unwrap().1;
    assert!((y[0] - exact[0]).abs() < 1e-3, "{y:?} {exact:?}");
    assert!(report.stats.rejected * 4 < report.stats.accepted, "{:?}", report.stats);
}
