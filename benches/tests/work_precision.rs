//! The problems of the benchmarks are those of chreode-testing, and the harness meets its tolerances.

use chreode_bench_problems::{
    Brusselator, Hires, Ivp, LotkaVolterra, Pollution, RigidBody, Rober, TwoBody, VanDerPol,
};
use chreode_benches::work_precision::cases;
use chreode_ode::Formula;
use chreode_testing::{
    BRUSSELATOR, DETEST_B5, DETEST_D5, HIRES, LOTKA_VOLTERRA, POLLUTION, Problem, ROBERTSON, StiffProblem,
    VAN_DER_POL,
};

/// States on which fields are compared.
fn states<P: Ivp<N>, const N: usize>() -> impl Iterator<Item = [f64; N]> {
    [0.0, 0.3, 1.7]
        .into_iter()
        .map(|shift| std::array::from_fn(|i| P::Y0[i] + shift * (1.0 + i as f64).sqrt()))
}

fn near<const N: usize>(a: [f64; N], b: [f64; N], what: &str) {
    let size = a.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-12 * size, "{what}: {a} and {b}");
    }
}

fn same<P: Ivp<N>, const N: usize>(problem: &Problem<N>) {
    assert_eq!((P::Y0, P::T1), (problem.y0, problem.span.t1), "{}", P::NAME);
    near(P::END, problem.end(), P::NAME);
    states::<P, N>().for_each(|y| near(P::field(0.5, &y), (problem.field)(0.5, &y), P::NAME));
}

fn same_stiff<P: Ivp<N>, F: Formula, const N: usize>(problem: &StiffProblem<F, N>) {
    assert_eq!((P::Y0, P::T1), (problem.y0, problem.span.t1), "{}", P::NAME);
    near(P::END, problem.end, P::NAME);
    for y in states::<P, N>() {
        let mut dy = [0.0; N];
        problem.formula.formula(0.5, &y, &mut dy);
        near(P::field(0.5, &y), dy, P::NAME);
    }
}

#[test]
fn problems_are_those_of_the_testing_crate() {
    same::<LotkaVolterra, 2>(&LOTKA_VOLTERRA);
    same::<Brusselator, 2>(&BRUSSELATOR);
    same::<RigidBody, 3>(&DETEST_B5);
    same::<TwoBody, 4>(&DETEST_D5);
    same_stiff::<VanDerPol, _, 2>(&VAN_DER_POL);
    same_stiff::<Rober, _, 3>(&ROBERTSON);
    same_stiff::<Hires, _, 8>(&HIRES);
    same_stiff::<Pollution, _, 20>(&POLLUTION);
}

#[test]
fn every_method_solves_every_problem_it_is_listed_for() {
    for case in cases() {
        for method in &case.methods {
            let solved = (method.solve)(1e-7).expect("a solve at a moderate tolerance");
            // Orbits multiply errors by thousands; all else stays near the tolerance.
            let allowed = if matches!(case.name, "arenstorf" | "detest-d5" | "lotka-volterra-100") {
                1e-1
            } else {
                1e-3
            };
            assert!(solved.error < allowed, "{} on {}: {:e}", method.name, case.name, solved.error);
            assert_eq!(method.implicit, solved.work.factorisations > 0, "{} on {}", method.name, case.name);
        }
    }
}
