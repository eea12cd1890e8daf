//! The energy distance.

use super::pairs::mean_distance;
use crate::OtError;
use chreode_core::Real;
use ndarray::ArrayView2;

/// `2 E|X - Y| - E|X - X'| - E|Y - Y'|` between two clouds, the square root **not** taken.
///
/// The V-statistic: means over all pairs, a point with itself included, so it is zero for equal clouds
/// and not negative. G. J. Székely and M. L. Rizzo, J. Stat. Plan. Inference 143, 2013,
/// doi 10.1016/j.jspi.2013.03.018. (SciPy's one-dimensional `energy_distance` is its square root.)
/// O((n + m)² d) time, O(n + m) memory.
///
/// # Errors
/// An empty cloud, different numbers of columns, or a coordinate that is not finite.
pub fn energy_distance<T: Real>(x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<f64, OtError> {
    Ok((2.0 * mean_distance(x, y)? - mean_distance(x, x)? - mean_distance(y, y)?).max(0.0))
}
