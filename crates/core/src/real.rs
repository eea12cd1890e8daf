//! The two scalars a state may hold.

use ndarray::NdFloat;

/// A floating-point entry of a state or a parameter: `f32` or `f64`.
///
/// Scalars that *steer* a computation (times, steps, tolerances, costs) are always `f64`; `Real` is
/// only what arrays are made of.
pub trait Real: NdFloat + Default {
    /// The nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;

    /// The values as they are, if they are `f64`.
    #[inline]
    fn as_doubles(_values: &[Self]) -> Option<&[f64]> {
        None
    }

    /// The same, to write.
    #[inline]
    fn as_doubles_mut(_values: &mut [Self]) -> Option<&mut [f64]> {
        None
    }
}

impl Real for f32 {
    #[inline]
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline]
    fn as_doubles(values: &[Self]) -> Option<&[f64]> {
        Some(values)
    }
    #[inline]
    fn as_doubles_mut(values: &mut [Self]) -> Option<&mut [f64]> {
        Some(values)
    }
}
