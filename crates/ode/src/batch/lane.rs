//! What a field written once for all lanes may do with its numbers.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number of one row, or a register that holds the same number of many rows; an `f64` is the lane
/// of one row, so that the same field also serves a solve of its own.
///
/// Everything acts lane by lane, so that a row's result does not depend on its neighbours. `+ - * /`
/// take another lane or a constant on the right: `y * 2.0 - 1.0`.
pub trait Lane:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// The number `x` in every lane; `self` only says how many there are.
    fn constant(self, x: f64) -> Self;

    /// `self a + b`, rounded once where the machine can.
    fn mul_add(self, a: Self, b: Self) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// The absolute value.
    fn abs(self) -> Self;

    /// The exponential.
    fn exp(self) -> Self;

    /// The natural logarithm; NaN below zero.
    fn ln(self) -> Self;

    /// `yes` where `self < than`, `no` elsewhere, also where either is NaN.
    fn less(self, than: Self, yes: Self, no: Self) -> Self;

    /// Any function of one number, lane after lane; as slow as it sounds, and never wrong.
    fn map(self, f: impl Fn(f64) -> f64) -> Self;

    /// The smaller of the two; `other` where `self` is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.less(other, self, other)
    }

    /// The larger of the two; `other` where `self` is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        other.less(self, self, other)
    }

    /// 1 / x.
    #[inline(always)]
    fn recip(self) -> Self {
        self.constant(1.0) / self
    }

    /// The `n`-th power by squaring.
    #[inline(always)]
    fn powi(self, n: i32) -> Self {
        let (mut power, mut base, mut left) = (self.constant(1.0), self, n.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                power = power * base;
            }
            base = base * base;
            left >>= 1;
        }
        if n < 0 { power.recip() } else { power }
    }

    /// The power x^a, for x ≥ 0; 0 at 0 for a > 0.
    #[inline(always)]
    fn powf(self, a: f64) -> Self {
        (self.ln() * a).exp()
    }

    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        self.map(f64::tanh)
    }

    /// The sine.
    #[inline(always)]
    fn sin(self) -> Self {
        self.map(f64::sin)
    }

    /// The cosine.
    #[inline(always)]
    fn cos(self) -> Self {
        self.map(f64::cos)
    }
}

impl Lane for f64 {
    #[inline(always)]
    fn constant(self, x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        f64::ln(self)
    }
    #[inline(always)]
    fn less(self, than: Self, yes: Self, no: Self) -> Self {
        if self < than { yes } else { no }
    }
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        f(self)
    }
}
