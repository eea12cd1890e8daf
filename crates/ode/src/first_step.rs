//! The automatic first step of Hairer, Nørsett & Wanner.

use crate::{Span, StepError};
use chreode_core::{Norm, VectorField, VectorSpace};

/// The size of a first step from `(t0, y)`, given `slope = f(t0, y)` and the power `p` of h in the
/// method's error estimate; costs one evaluation.
///
/// An explicit Euler step h₀ = 0.01 |y| / |f| probes the second derivative, and h is chosen so that
/// hᵖ max(|f|, |y″|) = 0.01, at most 100 h₀ and never beyond the span. All sizes are taken in `norm`. For steppers on vector fields; [`ExplicitRk`](crate::ExplicitRk) uses it.
///
/// Hairer, Nørsett & Wanner, Solving ODEs I, II.4, "starting step size".
///
/// # Errors
/// [`StepError::NotFinite`] when `slope` is not finite.
pub fn first_step<P: VectorField<Y> + ?Sized, Y: VectorSpace, N: Norm<Y>>(
    field: &P,
    span: Span,
    y: &Y,
    slope: &Y,
    norm: &N,
    power: f64,
) -> Result<f64, StepError> {
    if !slope.is_finite() {
        return Err(StepError::NotFinite { t: span.t0 });
    }
    let norm = |v: &Y| norm.measure(v, y, y);
    let (size, speed) = (norm(y), norm(slope));
    let ratio = size / speed;
    let probe = if size < 1e-5 || speed < 1e-5 || !ratio.is_finite() { 1e-6 } else { 0.01 * ratio };
    let probe = probe.min(span.length());
    let h = span.direction() * probe;
    let ahead = field.eval(span.t0 + h, &y.plus(&[(h, slope)]));
    let curvature = norm(&ahead.plus(&[(-1.0, slope)])) / probe;
    // A probe that left the field's domain says nothing: the probe itself is small enough to start.
    let steepest = if curvature.is_finite() { speed.max(curvature) } else { return Ok(probe) };
    let wish =
        if steepest <= 1e-15 { f64::max(1e-6, 1e-3 * probe) } else { (0.01 / steepest).powf(1.0 / power) };
    Ok(wish.min(100.0 * probe).min(span.length()))
}
