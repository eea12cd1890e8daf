//! A Runge-Kutta pair of one's own, in the same loop as the built-in ones.

use chreode::core::Tolerance;
use chreode::ode::{Coefficients, DOPRI5, Embedded, ExplicitRk, Interpolant, Pi, Solve, SolveError, Tableau};

/// Ralston's second-order method (1962, doi:10.1090/S0025-5718-1962-0150954-0) with Euler's for the error.
/// A wrong coefficient here does not compile.
const RALSTON: Tableau = Tableau::checked(Coefficients {
    name: "ralston",
    order: 2,
    c: &[0.0, 2.0 / 3.0],
    a: &[&[], &[2.0 / 3.0]],
    b: &[0.25, 0.75],
    embedded: Some(Embedded { error: &[0.25 - 1.0, 0.75], order: 1 }),
    interpolant: Interpolant::Quadratic,
});

fn main() -> Result<(), SolveError> {
    // The oscillator y'' = -y as a system of two; its solution is (cos t, -sin t).
    let oscillator = |_t: f64, y: &[f64; 2]| [y[1], -y[0]];
    let times: Vec<f64> = (0..=4).map(|k| k as f64 * std::f64::consts::FRAC_PI_2).collect();
    for method in [RALSTON, DOPRI5] {
        let solve = Solve::new(ExplicitRk::new(method), Pi::new(Tolerance::both(1e-6)));
        let states = solve.at(&oscillator, [1.0, 0.0], &times)?;
        println!("{}", method.coefficients().name);
        for (t, y) in times.iter().zip(states) {
            println!("  t = {t:.3}  y = {:+.6}  error = {:.1e}", y[0], (y[0] - t.cos()).abs());
            assert!((y[0] - t.cos()).abs() < 1e-3);
        }
    }
    Ok(())
}
