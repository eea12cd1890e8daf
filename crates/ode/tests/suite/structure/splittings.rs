//! Coefficients: what is checked, and how many forces they cost.

use super::common::{PENDULUM, PERIAPSIS};
use chreode_core::Tolerance;
use chreode_ode::{
    BLANES_MOAN4, BLANES_MOAN6, FOREST_RUTH, Fixed, Last, Pi, RUTH3, SPLITTINGS, SYMPLECTIC_EULER, Solve,
    SolveError, Span, Splitting, SplittingError, Symplectic, VERLET,
};

#[test]
fn bad_splittings_say_what_is_wrong() {
    let check = |order, drift, kick| Splitting::new("mine", order, drift, kick).unwrap_err();
    assert_eq!(check(1, &[], &[]), SplittingError::Shape);
    assert_eq!(check(1, &[1.0], &[0.5, 0.5]), SplittingError::Shape);
    assert_eq!(check(1, &[0.9], &[1.0]), SplittingError::Sum);
    assert_eq!(check(1, &[1.0], &[f64::NAN]), SplittingError::Sum);
    assert_eq!(check(0, &[1.0], &[1.0]), SplittingError::Order);
    assert_eq!(check(2, &[1.0], &[1.0]), SplittingError::SecondOrder);
    let texts = [
        (SplittingError::Shape, "a splitting has one drift and one kick a stage, and one stage at least"),
        (SplittingError::Sum, "the drifts of a splitting sum to 1, and so do its kicks"),
        (SplittingError::Order, "the order of a splitting is 1 at least"),
        (
            SplittingError::SecondOrder,
            "a splitting of order 2 or more has kicks whose mean place is the middle of the step",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn symmetry_is_read_off_the_coefficients() {
    let symmetric: Vec<_> = SPLITTINGS.iter().filter(|s| s.symmetric()).map(|s| s.name()).collect();
    assert_eq!(symmetric, ["verlet", "forest-ruth", "blanes-moan4", "blanes-moan6"]);
}

#[test]
fn a_force_known_is_not_evaluated_again() {
    let forces = |splitting| {
        let mut last = Last::new();
        Solve::new(Symplectic::new(splitting), Fixed::steps(10))
            .run(&PENDULUM, Span { t0: 0.0, t1: 1.0 }, ([1.0], [0.0]), &mut last)
            .unwrap()
            .stats
            .evals
    };
    let each = [
        (SYMPLECTIC_EULER, 1),
        (VERLET, 1),
        (RUTH3, 3),
        (FOREST_RUTH, 3),
        (BLANES_MOAN4, 6),
        (BLANES_MOAN6, 10),
    ];
    for (splitting, per_step) in each {
        assert_eq!(forces(splitting), 10 * per_step + 1, "{}", splitting.name());
    }
}

#[test]
fn no_splitting_judges_itself() {
    let solve = Solve::new(Symplectic::new(VERLET), Pi::new(Tolerance::both(1e-6)));
    let error = solve.end(&PENDULUM, Span { t0: 0.0, t1: 1.0 }, ([1.0], [0.0])).unwrap_err();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "verlet" });
}

#[test]
fn not_a_number_is_found() {
    let solve = Solve::new(Symplectic::new(FOREST_RUTH), Fixed::steps(10));
    let span = Span { t0: 0.0, t1: 1.0 };
    let error = solve.end(&super::common::KEPLER, span, ([0.0, 0.0], PERIAPSIS.1)).unwrap_err();
    assert!(matches!(error, SolveError::NotFinite { t: 0.1, .. }), "{error}");
    let error = solve.end(&PENDULUM, span, ([f64::NAN], [0.0])).unwrap_err();
    assert!(matches!(error, SolveError::NotFinite { t: 0.0, .. }), "{error}");
}

#[test]
fn dense_output_is_good_to_the_fourth_power_of_the_step() {
    let span = Span { t0: 0.0, t1: 2.0 };
    let start = ([1.0], [0.3]);
    let exact = super::common::reference(&PENDULUM, Span { t0: 0.0, t1: 1.07 }, start);
    let error = |steps| {
        let solve = Solve::new(Symplectic::new(BLANES_MOAN6), Fixed::steps(steps));
        let y = &solve.at(&PENDULUM, start, &[span.t0, 1.07, span.t1]).unwrap()[1];
        (y.0[0] - exact.0[0]).abs().max((y.1[0] - exact.1[0]).abs())
    };
    for (steps, bound) in [(10, 1e-4), (100, 1e-8), (1000, 1e-12)] {
        assert!(error(steps) < bound, "{steps} steps: {:e}", error(steps));
    }
}
