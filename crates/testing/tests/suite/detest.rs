//! DETEST with every adaptive method: how far from the reference values solves end.

use chreode_core::Tolerance;
use chreode_ode::{BOSH3, CASH_KARP, DOPRI8, ExplicitRk, METHODS, Pi, Solve, TSIT5, Tableau, VERNER7};
use chreode_testing::{LOTKA_VOLTERRA, Problem, Visit, detest};

/// Solves each problem, and holds the error at the end to a multiple of the tolerance.
struct Trial {
    tableau: Tableau,
    tolerance: f64,
    /// The allowed error at the end, in tolerances; orbits add up the errors of steps.
    bound: f64,
    seen: usize,
}

impl Visit for Trial {
    fn visit<const N: usize>(&mut self, problem: &Problem<N>) {
        let control = Pi::new(Tolerance::both(self.tolerance));
        let solve = Solve::new(ExplicitRk::new(self.tableau), control).max_steps(10_000_000);
        let y = solve.end(&problem.field, problem.span, problem.y0).expect("a smooth problem");
        let size = problem.end().iter().fold(1.0, |size: f64, y| size.max(y.abs()));
        let error = problem.deviation(&y) / size / self.tolerance;
        let name = self.tableau.coefficients().name;
        assert!(error < self.bound, "{name} on {}: {error} times the tolerance", problem.name);
        self.seen += 1;
    }
}

#[test]
fn every_adaptive_method_meets_the_references() {
    for tableau in METHODS.iter().filter(|tableau| tableau.coefficients().embedded.is_some()) {
        let tolerance = match tableau.coefficients().order {
            1 | 2 => 1e-6,
            3 => 1e-8,
            _ => 1e-10,
        };
        let bound = match tableau.coefficients().name {
            // Its embedded method all but has order 2, so that its estimate is small.
            "fehlberg2" => 2e4,
            "verner6" | "verner7" | "verner8" | "verner9" => 60.0,
            _ => 2e3,
        };
        let mut trial = Trial { tableau: *tableau, tolerance, bound, seen: 0 };
        detest(&mut trial);
        assert_eq!(trial.seen, 24);
    }
}

#[test]
fn single_precision_states_meet_the_references_too() {
    let problem = LOTKA_VOLTERRA;
    let slope = |y: [f32; 2]| [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]];
    let small = |_t: f64, y: &[f32; 2]| slope(*y);
    let list = |_t: f64, y: &Vec<f32>| slope([y[0], y[1]]).to_vec();
    for tableau in [BOSH3, CASH_KARP, TSIT5, DOPRI8, VERNER7] {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-5)));
        let y = solve.end(&small, problem.span, [1.0, 1.0]).unwrap();
        let deviation = problem.deviation(&y.map(f64::from));
        assert!(deviation < 2e-3, "{}: {deviation:e}", tableau.coefficients().name);
        let listed = solve.end(&list, problem.span, vec![1.0, 1.0]).unwrap();
        assert_eq!(listed, y, "{}: a list is solved like an array", tableau.coefficients().name);
    }
}
