//! Orders, twice: the order conditions to rounding, and the slopes that solves show.

use chreode_ode::{
    At, BOSH3, CASH_KARP, Coefficients, DOPRI5, DOPRI8, ExplicitRk, FEHLBERG5, Fixed, Interpolant, METHODS,
    Pi, SSPRK3, Solve, Span, Stepper, TSIT5, Tableau, VERNER6, VERNER7, VERNER9,
};
use chreode_testing::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOTKA_VOLTERRA, Problem, dense_residual,
    measured_order, order_residual, stepper_laws, trees,
};

/// A000081 of the OEIS: the number of rooted trees with n nodes.
#[test]
fn the_trees_are_all_there() {
    let counts: Vec<_> = (1..=10).map(|n| trees(n).len()).collect();
    assert_eq!(counts, [1, 1, 2, 4, 9, 20, 48, 115, 286, 719]);
    assert!(trees(5).iter().all(|tree| tree.order() == 5));
    // The densities of the four trees of order 4.
    let mut densities: Vec<_> = trees(4).iter().map(|tree| tree.density()).collect();
    densities.sort_by(f64::total_cmp);
    assert_eq!(densities, [4.0, 8.0, 12.0, 24.0]);
}

/// What rounding leaves of the conditions: coefficients in the tens of thousands for Verner's pairs of
/// order 6 and 8, ones in all others.
fn rounding(name: &str) -> f64 {
    match name {
        "verner6" => 1e-10,
        "verner8" => 3e-12,
        _ => 2e-14,
    }
}

#[test]
fn every_tableau_has_the_order_it_claims_and_no_more() {
    for tableau in METHODS {
        let it = tableau.coefficients();
        for order in 1..=usize::from(it.order) {
            let residual = order_residual(it, it.b, order);
            assert!(residual < rounding(it.name), "{} at order {order}: {residual:e}", it.name);
        }
        let above = order_residual(it, it.b, usize::from(it.order) + 1);
        assert!(above > 4e-7, "{} has a higher order than it claims: {above:e}", it.name);
    }
}

#[test]
fn every_embedded_solution_has_the_order_it_claims_and_no_more() {
    let mut seen = 0;
    for tableau in METHODS {
        let it = tableau.coefficients();
        for embedded in it.embedded.into_iter().chain(tableau.second()) {
            let weights: Vec<_> = it.b.iter().zip(embedded.error).map(|(b, e)| b - e).collect();
            for order in 1..=usize::from(embedded.order) {
                let residual = order_residual(it, &weights, order);
                assert!(residual < rounding(it.name), "{} at order {order}: {residual:e}", it.name);
            }
            let above = order_residual(it, &weights, usize::from(embedded.order) + 1);
            assert!(above > 1e-5, "{}: {above:e}", it.name);
            seen += 1;
        }
    }
    assert_eq!(seen, 16);
}

#[test]
fn every_interpolant_has_its_published_order() {
    let orders = [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 6, 6, 7, 8, 9];
    assert_eq!(orders.len(), METHODS.len());
    for (tableau, order) in METHODS.iter().zip(orders) {
        let name = tableau.coefficients().name;
        for p in 1..=order {
            let residual = dense_residual(tableau, p);
            assert!(residual < rounding(name), "{name} at order {p}: {residual:e}");
        }
        assert!(dense_residual(tableau, order + 1) > 2e-7, "{name} interpolates better than it claims");
    }
}

fn slopes<const N: usize>(problem: &Problem<N>, steps: impl Fn(u8) -> &'static [usize]) {
    for tableau in METHODS {
        let it = tableau.coefficients();
        let order = measured_order(ExplicitRk::new(*tableau), problem, steps(it.order));
        let above = order.expect("a smooth problem") - f64::from(it.order);
        // The leading errors of the pairs of order 6 to 9 are so small that the next ones show.
        let most = if it.order < 6 { 0.3 } else { 1.5 };
        assert!(above > -0.3 && above < most, "{} is off by {above} on {}", it.name, problem.name);
    }
}

#[test]
fn measured_orders_agree_with_the_claims() {
    let steps = |order| -> &'static [usize] {
        match order {
            1 | 2 => &[800, 1600, 3200],
            3 | 4 => &[100, 200, 400],
            5 => &[40, 80, 160],
            _ => &[5, 10, 20],
        }
    };
    slopes(&HARMONIC_OSCILLATOR, steps);
    slopes(&FORCED_DECAY, steps);
}

/// The error within a step falls with the order of the interpolant, and one more power for a step.
#[test]
fn interpolants_show_their_orders() {
    let problem = HARMONIC_OSCILLATOR;
    for (tableau, order) in
        [(SSPRK3, 3), (FEHLBERG5, 4), (CASH_KARP, 4), (VERNER6, 6), (DOPRI8, 7), (VERNER9, 9)]
    {
        let stepper = ExplicitRk::new(tableau);
        let error = |h: f64| {
            let mut memory = stepper.init(&problem.field, 0.0, &problem.y0).expect("a start");
            stepper.propose(&problem.field, 0.0, h, &problem.y0, &mut memory).expect("a step");
            let evals = stepper.prepare_dense(&problem.field, 0.0, h, &problem.y0, &memory);
            assert_eq!(evals, tableau.extra().c.len());
            (1..8).map(|i| f64::from(i) / 8.0 * h).fold(0.0, |worst: f64, t| {
                let y = Stepper::<Field<2>, _>::interpolate(&stepper, t, 0.0, h, &problem.y0, &memory);
                worst.max((y[0] - t.cos()).abs()).max((y[1] + t.sin()).abs())
            })
        };
        let (coarse, fine) = if order < 6 { (0.1, 0.05) } else { (1.0, 0.5) };
        let slope = (error(coarse) / error(fine)).log2();
        let name = tableau.coefficients().name;
        // As in a step, the leading errors of Verner's interpolants are small beside the next.
        let above = slope - f64::from(order + 1);
        let most = if order < 6 { 0.4 } else { 1.5 };
        assert!(above > -0.4 && above < most, "{name} interpolates with {slope}");
    }
}

/// Interpolated steps cost their extra stages once; the first is then spared in the next step.
#[test]
fn extra_stages_are_worked_out_where_they_are_asked_for() {
    let field = &LOTKA_VOLTERRA.field;
    let solve = |tableau| Solve::new(ExplicitRk::new(tableau), Fixed::steps(10));
    let evals = |tableau, times: &[f64]| {
        let span = Span { t0: 0.0, t1: 1.0 };
        solve(tableau).run(field, span, [1.0, 1.0], &mut At::new(times)).expect("smooth").stats.evals
    };
    assert_eq!(evals(DOPRI8, &[0.5]), 10 * 12 + 1);
    assert_eq!(evals(DOPRI8, &[0.51, 0.52, 0.53, 0.61]), 10 * 12 + 1 + 2 * 3);
    assert_eq!(evals(VERNER7, &[]), 10 * 10);
    assert_eq!(evals(VERNER7, &[0.51, 0.52]), 10 * 10 + 6 - 1);
}

#[test]
fn every_method_keeps_the_laws_of_steppers() {
    for tableau in METHODS {
        let stepper = ExplicitRk::new(*tableau);
        let exact = rounding(tableau.coefficients().name).max(1e-13);
        stepper_laws(&stepper, &LOTKA_VOLTERRA, exact);
        stepper_laws(&stepper, &FORCED_DECAY, exact);
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
