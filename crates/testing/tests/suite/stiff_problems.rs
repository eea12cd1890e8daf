//! Stiff problems against the reference values of the IVP test set.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{
    Dirk, ESDIRK54, Formula, Forward, Imex, Jacobian, KENCARP4, KVAERNO5, Known, Last, Matrix, Pi, RODAS4,
    RODAS5P, Report, Rosenbrock, Solve, Split, Stats, Stepper, WithJacobian, Work,
};
use chreode_testing::{E5, HIRES, OREGONATOR, POLLUTION, ROBERTSON, StiffProblem, VAN_DER_POL, VanDerPol};

/// Solves, and gives the deviation from the reference and what it cost.
fn solve<S, P, F, const N: usize>(
    stepper: S,
    problem: &P,
    reference: &StiffProblem<F, N>,
    tolerance: Tolerance,
    least: f64,
) -> (f64, Report)
where
    P: Jacobian<[f64; N]>,
    S: Stepper<P, [f64; N]>,
{
    let mut last = Last::new();
    let solve = Solve::new(stepper, Pi::new(tolerance));
    let report = solve.run(problem, reference.span, reference.y0, &mut last).expect(reference.name);
    (reference.deviation(&last.0.expect("a solve has an end").1, least), report)
}

/// Every method meets the reference, the better the tighter the tolerance; deviations are held to the given
/// multiples of the relative tolerance. (An error of phase becomes one of value at the fast fronts of the relaxation
/// oscillators: many digits in the van der Pol equation and the Oregonator, some in the others' transients.)
fn check<F: Formula + Copy, const N: usize>(it: &StiffProblem<F, N>, atol: f64, least: f64, most: f64) {
    let problem = Forward(it.formula).autonomous();
    for rtol in [1e-5, 1e-7, 1e-9] {
        let tolerance = Tolerance { rtol, atol: atol * rtol };
        for (name, (off, report)) in [
            ("rodas4", solve(Rosenbrock::new(RODAS4), &problem, it, tolerance, least)),
            ("rodas5p", solve(Rosenbrock::new(RODAS5P), &problem, it, tolerance, least)),
            ("kvaerno5", solve(Dirk::new(KVAERNO5), &problem, it, tolerance, least)),
            ("esdirk54", solve(Dirk::new(ESDIRK54), &problem, it, tolerance, least)),
        ] {
            assert!(off < most * rtol, "{} by {name} at {rtol:e}: off by {off:e}", it.name);
            // An explicit method would need millions of steps.
            assert!(report.stats.accepted < 15_000, "{} by {name}: {report:?}", it.name);
        }
    }
}

#[test]
fn van_der_pol_meets_the_reference() {
    check(&VAN_DER_POL, 1.0, 1e-3, 200.0);
}

#[test]
fn robertson_meets_the_reference() {
    check(&ROBERTSON, 1e-6, 1e-15, 120.0);
}

#[test]
fn hires_meets_the_reference() {
    check(&HIRES, 1e-3, 1e-5, 60.0);
}

#[test]
fn pollution_meets_the_reference() {
    check(&POLLUTION, 1e-4, 1e-8, 30.0);
}

#[test]
fn the_oregonator_meets_the_reference() {
    check(&OREGONATOR, 1.0, 1.0, 800.0);
}

#[test]
fn e5_meets_the_reference() {
    let problem = Forward(E5.formula).autonomous();
    for (rtol, most) in [(1e-5, 2e-2), (1e-7, 2e-2), (1e-9, 2e-3)] {
        let tolerance = Tolerance { rtol, atol: 1e-18 * rtol };
        let (off, _) = solve(Dirk::new(KVAERNO5), &problem, &E5, tolerance, 1e-22);
        assert!(off < most, "{off:e} at {rtol:e}");
        let (off, _) = solve(Dirk::new(ESDIRK54), &problem, &E5, tolerance, 1e-22);
        assert!(off < most, "{off:e} at {rtol:e}");
    }
}

#[test]
fn the_source_of_a_jacobian_changes_little() {
    let tolerance = Tolerance::both(1e-6);
    let VanDerPol { mu } = VAN_DER_POL.formula;
    let given = WithJacobian {
        field: |_t: f64, y: &[f64; 2]| [y[1], mu * ((1.0 - y[0] * y[0]) * y[1]) - y[0]],
        jacobian: |_t: f64, y: &[f64; 2], out: &mut Matrix| {
            out.set_rows(&[[0.0, 1.0], [-2.0 * mu * y[0] * y[1] - 1.0, mu * (1.0 - y[0] * y[0])]]);
        },
    };
    let forward = Forward(VAN_DER_POL.formula);
    let difference = FiniteDifference(given.field);
    for (off, report) in [
        solve(Rosenbrock::new(RODAS5P), &given, &VAN_DER_POL, tolerance, 1e-3),
        solve(Rosenbrock::new(RODAS5P), &forward, &VAN_DER_POL, tolerance, 1e-3),
        solve(Rosenbrock::new(RODAS5P), &difference, &VAN_DER_POL, tolerance, 1e-3),
    ] {
        assert!(off < 5e-6, "{off:e}");
        assert!((340..370).contains(&report.stats.accepted), "{report:?}");
    }
}

#[test]
fn a_stiff_part_may_be_split_off() {
    // x″ = μ (1 − x²) x′ implicitly, − x explicitly.
    let mu = 1000.0;
    let problem = Split {
        explicit: |_t: f64, y: &[f64; 2]| [0.0, -y[0]],
        implicit: FiniteDifference(|_t: f64, y: &[f64; 2]| [y[1], mu * ((1.0 - y[0] * y[0]) * y[1])]),
    };
    let pi = Pi::new(Tolerance::both(1e-6));
    let y = Solve::new(Imex::new(KENCARP4), pi).end(&problem, VAN_DER_POL.span, VAN_DER_POL.y0).unwrap();
    let off = VAN_DER_POL.deviation(&y, 1e-3);
    assert!(off < 5e-3, "{off:e}");
}

#[test]
fn the_work_is_counted() {
    let problem = Forward(ROBERTSON.formula).autonomous();
    let tolerance = Tolerance { rtol: 1e-6, atol: 1e-12 };
    let (_, report) = solve(Rosenbrock::new(RODAS5P), &problem, &ROBERTSON, tolerance, 1e-15);
    let tries = report.stats.accepted + report.stats.rejected;
    assert_eq!(report.stats, Stats { accepted: 285, rejected: 1, evals: 2573 });
    assert_eq!(report.work, Work { jacobians: 285, factorisations: tries, solves: 8 * tries });
    // Seven more stages a try; a slope and a Jacobian pass a step; one for the size of the first.
    assert_eq!(report.stats.evals, 7 * tries + 2 * report.stats.accepted + 1);
    let (_, report) = solve(Dirk::new(KVAERNO5), &problem, &ROBERTSON, tolerance, 1e-15);
    assert!(report.work.jacobians < report.stats.accepted, "{report:?}");
    // A solve for each iteration, and one for each error estimate.
    let tries = report.stats.accepted + report.stats.rejected;
    assert!(report.work.solves >= 7 * tries && report.work.solves < 20 * tries, "{report:?}");
}
