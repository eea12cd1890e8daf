//! The way back of the continuous methods: from each output to the one before, and a jump by its cotangent.

use crate::outputs::{add, check};
use crate::{AdjointError, Gradient};
use chreode_core::{VectorSpace, Vjp};

/// Begins with a = 0 and g = 0 at the last time; at each time adds the cotangent to a, and between times
/// calls `between(i, a, g)`, which brings both from time i to time i − 1. `ys` are the states at the times.
///
/// A time moves its state along the field: ∂L/∂tᵢ = ∂L/∂yᵢ f(tᵢ, yᵢ), and ∂L/∂t₀ = −a(t₀) f(t₀, y₀).
pub(crate) fn backwards<P: Vjp<Y> + ?Sized, Y: VectorSpace>(
    problem: &P,
    times: &[f64],
    ys: &[Y],
    cotangents: &[Y],
    mut between: impl FnMut(usize, Y, P::Params) -> Result<(Y, P::Params), AdjointError>,
) -> Result<Gradient<Y, P::Params>, AdjointError> {
    let (t0, y0) = (times[0], &ys[0]);
    check(times, y0, cotangents)?;
    let mut a = y0.zeros_like();
    let mut params = problem.vjp(t0, y0, &a).params.zeros_like();
    let mut by_time = vec![0.0; times.len()];
    let mut slope = y0.zeros_like();
    for i in (1..times.len()).rev() {
        problem.eval_into(times[i], &ys[i], &mut slope);
        by_time[i] = cotangents[i].dot(&slope);
        add(&mut a, &cotangents[i]);
        if times[i] != times[i - 1] {
            (a, params) = between(i, a, params)?;
        }
        if !a.is_finite() || !params.is_finite() {
            return Err(AdjointError::NotFinite { t: times[i - 1] });
        }
    }
    if times.len() > 1 {
        problem.eval_into(t0, y0, &mut slope);
        by_time[0] = -a.dot(&slope);
    }
    add(&mut a, &cotangents[0]);
    if !by_time.iter().all(|t| t.is_finite()) {
        return Err(AdjointError::NotFinite { t: t0 });
    }
    Ok(Gradient { y0: a, params, times: by_time })
}

/// The states at the times of a solve: what the continuous methods begin from.
#[derive(Clone, Debug)]
pub(crate) struct Outputs<Y> {
    pub(crate) times: Vec<f64>,
    pub(crate) ys: Vec<Y>,
}

impl<Y: VectorSpace> Outputs<Y> {
    pub(crate) fn new(times: &[f64], ys: &[Y]) -> Self {
        Self { times: times.to_vec(), ys: ys.iter().map(Y::duplicate).collect() }
    }
}
