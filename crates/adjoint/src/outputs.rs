//! The states a solve was asked for, and their cotangents.

use crate::AdjointError;
use chreode_core::VectorSpace;
use chreode_ode::{At, Chord, Save, SolveError, Span};

/// The span of `times`, and copies of `y0` for those at its start.
///
/// # Errors
/// When there are none, or they are not sorted, or not finite.
pub(crate) fn begin<Y: VectorSpace>(times: &[f64], y0: &Y) -> Result<(Span, Vec<Y>), AdjointError> {
    let (Some(&t0), Some(&t1)) = (times.first(), times.last()) else {
        return Err(SolveError::NoTimes.into());
    };
    if !t0.is_finite() || !t1.is_finite() {
        return Err(SolveError::SpanNotFinite { t0, t1 }.into());
    }
    let span = Span { t0, t1 };
    let mut at = At::new(times);
    Save::<Y, Chord<Y>>::start(&mut at, span, y0)?;
    Ok((span, at.ys))
}

/// Whether the cotangents fit states of as many entries as `y` at `times`.
pub(crate) fn check<Y: VectorSpace>(times: &[f64], y: &Y, cotangents: &[Y]) -> Result<(), AdjointError> {
    if cotangents.len() != times.len() {
        return Err(AdjointError::CotangentCount { found: cotangents.len(), expected: times.len() });
    }
    let expected = y.entries();
    for (index, (cotangent, &t)) in cotangents.iter().zip(times).enumerate() {
        let found = cotangent.entries();
        if found != expected {
            return Err(AdjointError::CotangentSize { index, found, expected });
        }
        if !cotangent.is_finite() {
            return Err(AdjointError::CotangentNotFinite { index, t });
        }
    }
    Ok(())
}

/// `y += x`.
pub(crate) fn add<Y: VectorSpace>(y: &mut Y, x: &Y) {
    *y = y.plus(&[(1.0, x)]);
}
