//! The order a stepper shows.

use crate::{Field, Problem};
use chreode_ode::{Fixed, Solve, SolveError, Stepper};

/// The slope of log error over log step size, by least squares, for solves with the given numbers of
/// equal steps. Choose them where the leading error term rules and rounding does not.
///
/// # Errors
/// Those of the solves.
pub fn measured_order<S, const N: usize>(
    stepper: S,
    problem: &Problem<N>,
    steps: &[usize],
) -> Result<f64, SolveError>
where
    S: Stepper<Field<N>, [f64; N]> + Copy,
{
    let mut points = Vec::with_capacity(steps.len());
    for &n in steps {
        let y = Solve::new(stepper, Fixed::steps(n)).end(&problem.field, problem.span, problem.y0)?;
        points.push((-(n as f64).ln(), problem.deviation(&y).ln()));
    }
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    Ok(covariance / variance)
}
