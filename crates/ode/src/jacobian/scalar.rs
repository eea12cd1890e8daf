//! The functions a formula may be written with.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A number that formulas compute with: `f64`, or a [`Dual`](super::Dual) that carries derivatives.
pub trait Scalar:
    Copy
    + Debug
    + PartialEq
    + PartialOrd
    + From<f64>
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// The number without its derivatives.
    fn value(self) -> f64;

    /// `g(self)`, given `g` and `g′` at [`value`](Self::value): for functions that are not listed here.
    fn chain(self, value: f64, derivative: f64) -> Self;

    /// `1 / self`.
    #[inline]
    fn recip(self) -> Self {
        let r = 1.0 / self.value();
        self.chain(r, -r * r)
    }

    /// Square root.
    #[inline]
    fn sqrt(self) -> Self {
        let r = self.value().sqrt();
        self.chain(r, 0.5 / r)
    }

    /// Cube root.
    #[inline]
    fn cbrt(self) -> Self {
        let r = self.value().cbrt();
        self.chain(r, 1.0 / (3.0 * r * r))
    }

    /// e to this power.
    #[inline]
    fn exp(self) -> Self {
        let e = self.value().exp();
        self.chain(e, e)
    }

    /// e to this power, less 1.
    #[inline]
    fn exp_m1(self) -> Self {
        self.chain(self.value().exp_m1(), self.value().exp())
    }

    /// Natural logarithm.
    #[inline]
    fn ln(self) -> Self {
        self.chain(self.value().ln(), 1.0 / self.value())
    }

    /// Natural logarithm of this plus 1.
    #[inline]
    fn ln_1p(self) -> Self {
        self.chain(self.value().ln_1p(), 1.0 / (1.0 + self.value()))
    }

    /// A whole power.
    #[inline]
    fn powi(self, n: i32) -> Self {
        let x = self.value();
        let slope = if n == 0 { 0.0 } else { f64::from(n) * x.powi(n - 1) };
        self.chain(x.powi(n), slope)
    }

    /// A real power.
    #[inline]
    fn powf(self, p: f64) -> Self {
        let x = self.value();
        let slope = if p == 0.0 { 0.0 } else { p * x.powf(p - 1.0) };
        self.chain(x.powf(p), slope)
    }

    /// Sine.
    #[inline]
    fn sin(self) -> Self {
        let (sin, cos) = self.value().sin_cos();
        self.chain(sin, cos)
    }

    /// Cosine.
    #[inline]
    fn cos(self) -> Self {
        let (sin, cos) = self.value().sin_cos();
        self.chain(cos, -sin)
    }

    /// Tangent.
    #[inline]
    fn tan(self) -> Self {
        let t = self.value().tan();
        self.chain(t, 1.0 + t * t)
    }

    /// Inverse sine.
    #[inline]
    fn asin(self) -> Self {
        let x = self.value();
        self.chain(x.asin(), 1.0 / (1.0 - x * x).sqrt())
    }

    /// Inverse cosine.
    #[inline]
    fn acos(self) -> Self {
        let x = self.value();
        self.chain(x.acos(), -1.0 / (1.0 - x * x).sqrt())
    }

    /// Inverse tangent.
    #[inline]
    fn atan(self) -> Self {
        let x = self.value();
        self.chain(x.atan(), 1.0 / (1.0 + x * x))
    }

    /// Hyperbolic sine.
    #[inline]
    fn sinh(self) -> Self {
        self.chain(self.value().sinh(), self.value().cosh())
    }

    /// Hyperbolic cosine.
    #[inline]
    fn cosh(self) -> Self {
        self.chain(self.value().cosh(), self.value().sinh())
    }

    /// Hyperbolic tangent.
    #[inline]
    fn tanh(self) -> Self {
        let t = self.value().tanh();
        self.chain(t, 1.0 - t * t)
    }

    /// Absolute value; at 0 with the derivative of the sign of zero.
    #[inline]
    fn abs(self) -> Self {
        self.chain(self.value().abs(), 1f64.copysign(self.value()))
    }

    /// The larger of two, `self` when they are equal.
    #[inline]
    fn max(self, other: Self) -> Self {
        if other.value() > self.value() { other } else { self }
    }

    /// The smaller of two, `self` when they are equal.
    #[inline]
    fn min(self, other: Self) -> Self {
        if other.value() < self.value() { other } else { self }
    }
}

impl Scalar for f64 {
    #[inline]
    fn value(self) -> f64 {
        self
    }

    #[inline]
    fn chain(self, value: f64, _derivative: f64) -> Self {
        value
    }
}
