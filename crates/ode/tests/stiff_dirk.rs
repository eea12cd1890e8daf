//! Diagonally implicit methods.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{Dirk, Fixed, KVAERNO5, Last, Pi, Solve, Span, TRAPEZOID};

#[test]
fn a_stiff_problem_takes_few_steps() {
    let mu = 1000.0;
    let problem = FiniteDifference(|_t: f64, y: &[f64; 2]| [y[1], mu * ((1.0 - y[0] * y[0]) * y[1]) - y[0]]);
    let solve = Solve::new(Dirk::new(KVAERNO5), Pi::new(Tolerance::both(1e-6)));
    let mut last = Last::new();
    let report = solve.run(&problem, Span { t0: 0.0, t1: 2000.0 }, [2.0, 0.0], &mut last).unwrap();
    println!("{report:?} {:?}", last.0);
    let fixed = Solve::new(Dirk::new(TRAPEZOID), Fixed::steps(200));
    let y = fixed
        .end(&FiniteDifference(|_t: f64, y: &[f64; 1]| [-y[0]]), Span { t0: 0.0, t1: 1.0 }, [1.0])
        .unwrap();
    println!("{:e}", y[0] - (-1f64).exp());
}
