//! The start of a solve: the slope there, and whether the state satisfies equations without derivatives.

use super::linearised::Linearised;
use crate::{Factor, Jacobian, Matrix, Span, StepError, first_step};
use chreode_core::{Coordinates, Norm};

/// Part of the step over which the slope of a problem with a mass matrix is taken.
const PART: f64 = 1e-3;

/// Without a norm, an equation is satisfied when no entry would have to change by more than this part.
const ROUGH: f64 = 1e-6;

/// Sets `slope = y′` at the start of the step of `h` from `(t, y)`, evaluates the Jacobian there, and returns
/// the evaluations spent.
///
/// With a mass matrix M, which may be singular, the slope is that of one linearly implicit Euler step over
/// a small part ε of `h`, `(M − εJ) y′ = f + ε ∂f/∂t`. Where a row of M is zero, this is the derivative of
/// the equation that it belongs to. A state that does not satisfy such an equation shows as a step ε y′
/// that does not vanish with ε.
pub(super) fn start_slope<P: Jacobian<Y> + ?Sized, Y: Coordinates, N: Norm<Y>>(
    problem: &P,
    step: (f64, f64),
    y: &Y,
    norm: Option<&N>,
    slope: &mut Y,
    linear: &mut Linearised<P::Workspace>,
    (time, whole): (&mut Y, &mut Y),
) -> Result<usize, StepError> {
    let (t, h) = step;
    problem.eval_into(t, y, slope);
    if !slope.is_finite() {
        return Err(StepError::NotFinite { t });
    }
    let mut evals = 1 + linear.differentiate(problem, t, y, slope)?;
    let Some(mass) = problem.mass() else { return Ok(evals) };
    evals += linear.time_derivative(problem, t, y, slope, time);
    let mut half = y.zeros_like();
    for (part, moved) in [(PART * h, &mut *whole), (0.5 * PART * h, &mut half)] {
        linear.factor(Some(mass), 1.0 / part, t, h)?;
        slope.plus_into(&[(part, time)], moved);
        linear.solve(moved);
    }
    linear.forget();
    Y::sum_into(&[(1.0 / (0.5 * PART * h), &half)], slope);
    // ε y′ + c over ε and over ε/2: what is left of twice the second less the first is c.
    Y::sum_into(&[(2.0, &half), (-1.0, whole)], time);
    check(t, y, time, norm)?;
    Ok(evals)
}

/// Whether `off`, by which `y` would have to change, is within the tolerance.
fn check<Y: Coordinates, N: Norm<Y>>(t: f64, y: &Y, off: &Y, norm: Option<&N>) -> Result<(), StepError> {
    let fine = match norm {
        Some(norm) => norm.measure(off, y, y) <= 1.0,
        None => off.dot(off).sqrt() <= ROUGH * y.dot(y).sqrt().max(f64::MIN_POSITIVE),
    };
    if fine {
        return Ok(());
    }
    let mut entries = vec![0.0; y.size()];
    off.read(&mut entries);
    let (entry, off) =
        entries.into_iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap_or((0, 0.0));
    Err(StepError::Inconsistent { t, entry, off: off.abs() })
}

/// The size of a careful first step, where `slope = y′`; and the evaluations spent.
///
/// # Errors
/// Those of [`first_step`].
pub(super) fn first_size<P: Jacobian<Y> + ?Sized, Y: Coordinates, N: Norm<Y>>(
    problem: &P,
    span: Span,
    y: &Y,
    slope: &Y,
    norm: &N,
    power: f64,
) -> Result<(f64, usize), StepError> {
    if problem.mass().is_none() {
        return Ok((first_step(problem, span, y, slope, norm, power)?, 1));
    }
    // f is no slope here, so it cannot show the curvature: a hundredth of the time scale of y itself.
    let ratio = norm.measure(y, y, y) / norm.measure(slope, y, y);
    let most = 1e-3 * span.length();
    Ok((if ratio > 0.0 && ratio.is_finite() { most.min(0.01 * ratio) } else { 1e-3 * most }, 0))
}

/// Whether a mass matrix has no inverse.
pub(super) fn singular(mass: &Matrix) -> bool {
    let zero = Matrix::zeros(mass.size(), mass.structure().clone());
    Factor::<f64>::new(&zero, Some(mass)).refactor(1.0, Some(mass), &zero).is_err()
}
