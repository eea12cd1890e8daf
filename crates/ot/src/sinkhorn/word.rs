//! The numbers that a kernel is made of.

use super::exp::{exp_fused, exp32};
use pulp::Simd;

/// Rows are filled up to a multiple of this: one or more vector registers.
pub(super) const WIDTH: usize = 16;

/// `f32` or `f64`.
pub(super) trait Word: Copy + Send + Sync + 'static {
    /// 0.
    const ZERO: Self;
    /// The exponent below which an entry of the kernel is 0.
    const CUT: f64;
    /// The exponent above which an entry is no more than this, by which its sums are out of range.
    const TOP: f64;
    /// The largest logarithm of a scaling; beyond it the potentials move into the kernel.
    const BOUND: f64;
    /// A sum between this and its reciprocal is taken as it is.
    const LEAST: f64;
    /// A vector register.
    type Vector<S: Simd>: Copy;

    /// Rounded.
    fn narrow(x: f64) -> Self;
    /// Exact.
    fn wide(self) -> f64;
    /// `e^x`, and 0 below [`CUT`](Self::CUT), and no more than `e^TOP`.
    fn exp<S: Simd>(x: f64) -> Self;
    /// The registers of a row, whose length is a multiple of [`WIDTH`].
    fn vectors<S: Simd>(row: &[Self]) -> &[Self::Vector<S>];
    /// The registers of a row, whose length is a multiple of [`WIDTH`].
    fn vectors_mut<S: Simd>(row: &mut [Self]) -> &mut [Self::Vector<S>];
    /// The same number everywhere.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    /// `a b + c`, in one rounding where the machine has the instruction.
    fn fma<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// The sum of a register.
    fn sum<S: Simd>(simd: S, x: Self::Vector<S>) -> f64;
}

impl Word for f32 {
    const ZERO: Self = 0.0;
    const CUT: f64 = -70.0;
    const TOP: f64 = 80.0;
    const BOUND: f64 = 40.0;
    const LEAST: f64 = 1e-25;
    type Vector<S: Simd> = S::f32s;

    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exp<S: Simd>(x: f64) -> Self {
        let e = exp32::<S>(if x < Self::TOP { x as f32 } else { Self::TOP as f32 });
        if x > Self::CUT { e } else { 0.0 }
    }

    #[inline(always)]
    fn vectors<S: Simd>(row: &[Self]) -> &[S::f32s] {
        S::as_simd_f32s(row).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(row: &mut [Self]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(row).0
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: Self) -> S::f32s {
        simd.splat_f32s(x)
    }

    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    #[inline(always)]
    fn sum<S: Simd>(simd: S, x: S::f32s) -> f64 {
        f64::from(simd.reduce_sum_f32s(x))
    }
}

impl Word for f64 {
    const ZERO: Self = 0.0;
    const CUT: f64 = -600.0;
    const TOP: f64 = 600.0;
    const BOUND: f64 = 100.0;
    const LEAST: f64 = 1e-200;
    type Vector<S: Simd> = S::f64s;

    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp<S: Simd>(x: f64) -> Self {
        let e = exp_fused::<S>(if x < Self::TOP { x } else { Self::TOP });
        if x > Self::CUT { e } else { 0.0 }
    }

    #[inline(always)]
    fn vectors<S: Simd>(row: &[Self]) -> &[S::f64s] {
        S::as_simd_f64s(row).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(row: &mut [Self]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(row).0
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: Self) -> S::f64s {
        simd.splat_f64s(x)
    }

    #[inline(always)]
    fn fma<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    #[inline(always)]
    fn sum<S: Simd>(simd: S, x: S::f64s) -> f64 {
        simd.reduce_sum_f64s(x)
    }
}

/// Numbers from a multiple of 64 bytes on.
pub(super) struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Word> Aligned<T> {
    /// So many zeros.
    pub(super) fn zeros(len: usize) -> Self {
        let memory = vec![T::ZERO; len + 64];
        let start = memory.as_ptr().align_offset(64).min(64);
        Self { memory, start, len }
    }

    pub(super) fn all(&self) -> &[T] {
        &self.memory[self.start..self.start + self.len]
    }

    pub(super) fn all_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..self.start + self.len]
    }
}
