//! Orders, twice: the order conditions to rounding, and the slopes that solves show.

use chreode_ode::{
    BOSH3, Coefficients, DOPRI5, EULER, ExplicitRk, Fixed, HEUN, Interpolant, METHODS, MIDPOINT, Pi, RK4,
    Solve, TSIT5, Tableau,
};
use chreode_testing::{
    BRUSSELATOR, FORCED_DECAY, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, dense_residual,
    measured_order, order_residual, stepper_laws, trees,
};

/// A000081 of the OEIS: the number of rooted trees with n nodes.
#[test]
fn the_trees_are_all_there() {
    let counts: Vec<_> = (1..=8).map(|n| trees(n).len()).collect();
    assert_eq!(counts, [1, 1, 2, 4, 9, 20, 48, 115]);
    assert!(trees(5).iter().all(|tree| tree.order() == 5));
    // The densities of the four trees of order 4.
    let mut densities: Vec<_> = trees(4).iter().map(|tree| tree.density()).collect();
    densities.sort_by(f64::total_cmp);
    assert_eq!(densities, [4.0, 8.0, 12.0, 24.0]);
}

#[test]
fn every_tableau_has_the_order_it_claims_and_no_more() {
    for tableau in METHODS {
        let it = tableau.coefficients();
        for order in 1..=usize::from(it.order) {
            let residual = order_residual(it, it.b, order);
            assert!(residual < 1e-13, "{} at order {order}: {residual:e}", it.name);
        }
        let above = order_residual(it, it.b, usize::from(it.order) + 1);
        assert!(above > 1e-5, "{} has a higher order than it claims: {above:e}", it.name);
    }
}

#[test]
fn every_embedded_solution_has_the_order_it_claims_and_no_more() {
    let mut seen = 0;
    for tableau in METHODS {
        let it = tableau.coefficients();
        let Some(embedded) = it.embedded else { continue };
        let weights: Vec<_> = it.b.iter().zip(embedded.error).map(|(b, e)| b - e).collect();
        for order in 1..=usize::from(embedded.order) {
            let residual = order_residual(it, &weights, order);
            assert!(residual < 1e-13, "{} at order {order}: {residual:e}", it.name);
        }
        let above = order_residual(it, &weights, usize::from(embedded.order) + 1);
        assert!(above > 1e-5, "{}: {above:e}", it.name);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn every_interpolant_has_its_published_order() {
    let orders: [(Tableau, usize); 7] =
        [(EULER, 1), (MIDPOINT, 2), (HEUN, 2), (BOSH3, 3), (RK4, 3), (DOPRI5, 4), (TSIT5, 4)];
    for (tableau, order) in orders {
        let name = tableau.coefficients().name;
        for p in 1..=order {
            let residual = dense_residual(&tableau, p);
            assert!(residual < 1e-13, "{name} at order {p}: {residual:e}");
        }
        assert!(dense_residual(&tableau, order + 1) > 1e-5, "{name} interpolates better than it claims");
    }
}

fn slopes<const N: usize>(problem: &Problem<N>, doublings: [&[usize]; 7]) {
    for (tableau, steps) in METHODS.iter().zip(doublings) {
        let it = tableau.coefficients();
        let order = measured_order(ExplicitRk::new(*tableau), problem, steps).expect("a smooth problem");
        let claimed = f64::from(it.order);
        assert!((order - claimed).abs() < 0.3, "{} shows order {order} on {}", it.name, problem.name);
    }
}

#[test]
fn measured_orders_agree_with_the_claims() {
    let low: &[usize] = &[800, 1600, 3200];
    let high: &[usize] = &[100, 200, 400];
    slopes(&HARMONIC_OSCILLATOR, [low, low, low, high, high, high, high]);
    slopes(&FORCED_DECAY, [low, low, low, high, high, &[40, 80, 160], &[40, 80, 160]]);
    slopes(&LOGISTIC, [low, low, low, high, high, high, high]);
}

#[test]
fn every_method_keeps_the_laws_of_steppers() {
    for tableau in METHODS {
        let stepper = ExplicitRk::new(*tableau);
        stepper_laws(&stepper, &LOTKA_VOLTERRA, 1e-13);
        stepper_laws(&stepper, &FORCED_DECAY, 1e-13);
    }
}

#[test]
fn adaptive_solves_meet_the_references() {
    use chreode_core::Tolerance;
    for tableau in [BOSH3, DOPRI5, TSIT5] {
        for (tolerance, bound) in [(1e-6, 1e-3), (1e-9, 1e-6)] {
            let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(tolerance)));
            for problem in [LOTKA_VOLTERRA, BRUSSELATOR, HARMONIC_OSCILLATOR] {
                let y = solve.end(&problem.field, problem.span, problem.y0).expect("a smooth problem");
                let deviation = problem.deviation(&y);
                let name = tableau.coefficients().name;
                assert!(deviation < bound, "{name} on {} at {tolerance:e}: {deviation:e}", problem.name);
            }
        }
    }
}

/// Dormand and Prince with an eighth stage that nothing uses: the same method, by the loop for any
/// number of stages.
#[test]
fn an_idle_stage_changes_nothing() {
    let it = *DOPRI5.coefficients();
    let mut weights = it.b.to_vec();
    weights.push(0.0);
    let mut nodes = it.c.to_vec();
    nodes.push(0.25);
    let mut rows = it.a.to_vec();
    rows.push(&[0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let padded = Tableau::new(Coefficients {
        c: nodes.leak(),
        a: rows.leak(),
        b: weights.leak(),
        embedded: None,
        interpolant: Interpolant::Quadratic,
        ..it
    })
    .unwrap();
    assert!(!padded.fsal());
    let problem = LOTKA_VOLTERRA;
    let end = |tableau| {
        let solve = Solve::new(ExplicitRk::new(tableau), Fixed::steps(500));
        solve.end(&problem.field, problem.span, problem.y0).unwrap()
    };
    let (plain, padded) = (end(DOPRI5), end(padded));
    assert!((plain[0] - padded[0]).abs() < 1e-12 && (plain[1] - padded[1]).abs() < 1e-12);
}
