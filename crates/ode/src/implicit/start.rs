//! The slope at the start of a solve.

use super::linearised::Linearised;
use super::newton::NewtonMemory;
use crate::{Jacobian, StepError};
use chreode_core::Coordinates;

/// Part of the step over which the slope of a problem with a mass matrix is taken.
const PART: f64 = 1e-3;

/// Sets `slope = y′` at the start of the step of `h` from `(t, y)`, evaluates the Jacobian there, and returns
/// the evaluations spent.
///
/// With a mass matrix M, which may be singular, the slope is that of one linearly implicit Euler step over
/// a small part ε of `h`, `(M − εJ) y′ = f + ε ∂f/∂t`. Where a row of M is zero, this is the derivative of
/// the equation that it belongs to, provided that `y` satisfies it.
pub(super) fn start_slope<P: Jacobian<Y> + ?Sized, Y: Coordinates>(
    problem: &P,
    t: f64,
    h: f64,
    y: &Y,
    slope: &mut Y,
    linear: &mut Linearised<P::Workspace>,
    newton: &mut NewtonMemory<Y>,
) -> Result<usize, StepError> {
    problem.eval_into(t, y, slope);
    if !slope.is_finite() {
        return Err(StepError::NotFinite { t });
    }
    let mut evals = 1 + linear.differentiate(problem, t, y, slope)?;
    if problem.mass().is_some() {
        let part = PART * h;
        let (time, sum) = newton.scratch();
        evals += linear.time_derivative(problem, t, y, slope, time);
        linear.factor(problem.mass(), 1.0 / part, t, h)?;
        slope.plus_into(&[(part, time)], sum);
        linear.solve(sum);
        Y::sum_into(&[(1.0 / part, sum)], slope);
        linear.forget();
    }
    Ok(evals)
}
