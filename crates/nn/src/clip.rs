//! Clipping a gradient by its norm, or each of its entries.

use crate::kernel::{Element, Machine};
use crate::{NnError, error::expect_range};

/// Scales `gradient` to Euclidean norm `max` where it is longer, and returns the norm it had (Pascanu,
/// Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1). The norm is summed in `f64`, in a fixed order.
///
/// ```
/// let mut gradient = [3.0, 4.0];
/// assert_eq!(chreode_nn::clip_norm(&mut gradient, 2.5), Ok(5.0));
/// assert_eq!(gradient, [1.5, 2.0]);
/// ```
///
/// # Errors
/// [`NnError::OutOfRange`] unless `max` is positive, and [`NnError::GradientNotFinite`], with the first
/// entry that is not finite; the gradient is then as it was.
pub fn clip_norm<A: Element>(gradient: &mut [A], max: f64) -> Result<f64, NnError> {
    expect_range("clip_norm's max", max, max > 0.0, "positive")?;
    let norm = Machine::detect().run(
        #[inline(always)]
        || square_sum(gradient),
    );
    let norm = norm.sqrt();
    if !norm.is_finite() {
        let finite = |g: &A| g.is_finite();
        return match gradient.iter().position(|g| !finite(g)) {
            Some(index) => {
                let value = chreode_core::Real::to_f64(gradient[index]);
                Err(NnError::GradientNotFinite { index, value })
            }
            // Finite entries whose squares overflow: measure them in units of the largest.
            None => Ok(scaled_clip(gradient, max)),
        };
    }
    if norm > max {
        let scale = A::from_f64(max / norm);
        gradient.iter_mut().for_each(|g| *g *= scale);
    }
    Ok(norm)
}

/// Bounds every entry of `gradient` to ±`max`, as `torch.nn.utils.clip_grad_value_`, and returns how many it changed.
///
/// ```
/// let mut gradient = [3.0, -0.5, -4.0];
/// assert_eq!(chreode_nn::clip_value(&mut gradient, 2.5), Ok(2));
/// assert_eq!(gradient, [2.5, -0.5, -2.5]);
/// ```
///
/// # Errors
/// [`NnError::OutOfRange`] unless `max` is positive, and [`NnError::GradientNotFinite`], with the first entry that is
/// not finite; the gradient is then as it was.
pub fn clip_value<A: Element>(gradient: &mut [A], max: f64) -> Result<usize, NnError> {
    expect_range("clip_value's max", max, max > 0.0, "positive")?;
    if let Some(index) = gradient.iter().position(|g| !g.is_finite()) {
        let value = chreode_core::Real::to_f64(gradient[index]);
        return Err(NnError::GradientNotFinite { index, value });
    }
    let max = A::from_f64(max);
    let mut changed = 0;
    for g in gradient {
        if g.abs() > max {
            *g = max.copysign(*g);
            changed += 1;
        }
    }
    Ok(changed)
}

/// Σ gᵢ² in `f64`, with eight running sums.
#[inline(always)]
fn square_sum<A: Element>(gradient: &[A]) -> f64 {
    let mut sums = [0.0; 8];
    for chunk in gradient.chunks(8) {
        for (sum, &g) in sums.iter_mut().zip(chunk) {
            let g = chreode_core::Real::to_f64(g);
            *sum += g * g;
        }
    }
    sums.iter().sum()
}

/// The same for entries beyond 1e154, where only `f64` reaches.
fn scaled_clip<A: Element>(gradient: &mut [A], max: f64) -> f64 {
    let entries = || gradient.iter().map(|&g| chreode_core::Real::to_f64(g));
    let largest = entries().fold(0.0, |m: f64, g| m.max(g.abs()));
    let relative = entries().map(|g| (g / largest).powi(2)).sum::<f64>().sqrt();
    let scale = max / largest / relative;
    gradient.iter_mut().for_each(|g| *g *= A::from_f64(scale));
    largest * relative
}
