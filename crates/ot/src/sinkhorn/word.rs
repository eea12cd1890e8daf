//! The numbers that a kernel is made of.

use super::exp::{exp, exp32};

/// Numbers that are worked on together: one or two vector registers.
pub(super) const WIDTH: usize = 16;

/// A piece of a row of the kernel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Lane<T>(pub(super) [T; WIDTH]);

/// `f32` or `f64`.
pub(super) trait Word: Copy + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// The exponent below which an entry of the kernel is 0.
    const CUT: f64;
    /// The largest logarithm of a scaling; beyond it the potentials move into the kernel.
    const BOUND: f64;
    /// A sum between this and its reciprocal is taken as it is.
    const LEAST: f64;

    /// Rounded.
    fn narrow(x: f64) -> Self;
    /// Exact.
    fn wide(self) -> f64;
    /// `e^x`, and 0 below [`CUT`](Self::CUT).
    fn exp(x: f64) -> Self;
    /// `self · b + c`, in one rounding where the machine has the instruction.
    fn fma<S: pulp::Simd>(self, b: Self, c: Self) -> Self;
}

impl Word for f32 {
    const ZERO: Self = 0.0;
    const CUT: f64 = -70.0;
    const BOUND: f64 = 20.0;
    const LEAST: f64 = 1e-25;

    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exp(x: f64) -> Self {
        let e = exp32(x as f32);
        if x > Self::CUT { e } else { 0.0 }
    }

    #[inline(always)]
    fn fma<S: pulp::Simd>(self, b: Self, c: Self) -> Self {
        if S::IS_SCALAR { self * b + c } else { self.mul_add(b, c) }
    }
}

impl Word for f64 {
    const ZERO: Self = 0.0;
    const CUT: f64 = -600.0;
    const BOUND: f64 = 100.0;
    const LEAST: f64 = 1e-200;

    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp(x: f64) -> Self {
        let e = exp(x);
        if x > Self::CUT { e } else { 0.0 }
    }

    #[inline(always)]
    fn fma<S: pulp::Simd>(self, b: Self, c: Self) -> Self {
        if S::IS_SCALAR { self * b + c } else { self.mul_add(b, c) }
    }
}
