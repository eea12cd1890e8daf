//! The two kinds of entries a factor may have: real and complex.

use chreode_core::Complex;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// An entry of a factor: `f64` or `Complex<f64>`.
pub trait Number:
    Copy
    + Debug
    + Default
    + PartialEq
    + Add<Output = Self>
    + AddAssign
    + Mul<Output = Self>
    + MulAssign
    + Neg<Output = Self>
    + Sub<Output = Self>
    + SubAssign
    + From<f64>
{
    /// A size to choose pivots by: zero for zero alone.
    fn size(self) -> f64;

    /// `1 / self`.
    fn recip(self) -> Self;
}

impl Number for f64 {
    #[inline(always)]
    fn size(self) -> f64 {
        self.abs()
    }

    #[inline(always)]
    fn recip(self) -> Self {
        1.0 / self
    }
}

impl Number for Complex<f64> {
    #[inline(always)]
    fn size(self) -> f64 {
        self.re.abs() + self.im.abs()
    }

    /// Scaled by the larger part, so that no square overflows.
    #[inline]
    fn recip(self) -> Self {
        if self.re.abs() >= self.im.abs() {
            let r = self.im / self.re;
            let d = 1.0 / (self.re + self.im * r);
            Self::new(d, -r * d)
        } else {
            let r = self.re / self.im;
            let d = 1.0 / (self.re * r + self.im);
            Self::new(r * d, -d)
        }
    }
}
