//! Registers side by side: the lanes in which rows are stepped.

use super::elementary::{exp2_short, ln, log2_short};
use super::lane::Lane;
use chreode_core::simd::{Element, Vectors, exp};
use pulp::Simd;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `M` registers of the instruction set `S`. Several hide each other's latency: a step is one long chain
/// of dependent operations.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Pack<A: Vectors, S: Simd, const M: usize> {
    v: [A::Vector<S>; M],
    simd: S,
}

/// Reads like a formula: one operation of `Vectors`, register by register.
macro_rules! each {
    ($self:ident, |$i:ident| $e:expr) => {{
        let mut v = $self.v;
        let mut $i = 0;
        while $i < M {
            v[$i] = $e;
            $i += 1;
        }
        Self { v, simd: $self.simd }
    }};
}

impl<A: Element, S: Simd, const M: usize> Pack<A, S, M> {
    /// Rows in one of these.
    pub(crate) const WIDTH: usize = M * (size_of::<A::Vector<S>>() / size_of::<A>());
    const EACH: usize = size_of::<A::Vector<S>>() / size_of::<A>();

    #[inline(always)]
    pub(crate) fn splat(simd: S, x: f64) -> Self {
        Self { v: [A::splat(simd, A::from_f64(x)); M], simd }
    }

    /// The numbers of a column of clocks.
    #[inline(always)]
    pub(crate) fn from_column(simd: S, column: &[Pack<f64, S, 1>]) -> Self {
        let mut pack = Self::splat(simd, 0.0);
        let parts = A::parts::<S>();
        for i in 0..M {
            let mut from = [simd.splat_f64s(0.0); 2];
            for j in 0..parts {
                from[j] = column[i * parts + j].v[0];
            }
            pack.v[i] = A::narrow(simd, &from[..parts]);
        }
        pack
    }

    /// Puts its numbers into a column of clocks.
    #[inline(always)]
    pub(crate) fn to_column(self, column: &mut [Pack<f64, S, 1>]) {
        let parts = A::parts::<S>();
        for i in 0..M {
            let mut to = [self.simd.splat_f64s(0.0); 2];
            A::widen::<S>(self.v[i], &mut to[..parts]);
            for j in 0..parts {
                column[i * parts + j].v[0] = to[j];
            }
        }
    }

    /// The number of row `i`.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize) -> A {
        A::numbers::<S>(&self.v[i / Self::EACH])[i % Self::EACH]
    }

    /// Sets the number of row `i`.
    #[inline(always)]
    pub(crate) fn set(&mut self, i: usize, x: A) {
        A::numbers_mut::<S>(&mut self.v[i / Self::EACH])[i % Self::EACH] = x;
    }

    /// All the numbers.
    #[inline(always)]
    pub(crate) fn numbers(&self) -> &[A] {
        pulp::bytemuck::cast_slice(&self.v)
    }

    /// All the numbers, to be changed.
    #[inline(always)]
    pub(crate) fn numbers_mut(&mut self) -> &mut [A] {
        pulp::bytemuck::cast_slice_mut(&mut self.v)
    }

    /// `self a + b`, with `a` the same for all rows.
    #[inline(always)]
    pub(crate) fn times_plus(self, a: A, b: Self) -> Self {
        let a = A::splat(self.simd, a);
        each!(self, |i| A::fused(self.simd, self.v[i], a, b.v[i]))
    }

    /// `self a`, with `a` the same for all rows.
    #[inline(always)]
    pub(crate) fn times(self, a: A) -> Self {
        let a = A::splat(self.simd, a);
        each!(self, |i| A::times(self.simd, self.v[i], a))
    }

    /// `self` where `mask` is above zero, `other` elsewhere.
    #[inline(always)]
    pub(crate) fn where_positive(self, mask: Self, other: Self) -> Self {
        let zero = A::splat(self.simd, A::zero());
        each!(self, |i| A::select(self.simd, A::less(self.simd, zero, mask.v[i]), self.v[i], other.v[i]))
    }
}

impl<S: Simd, const M: usize> Pack<f64, S, M> {
    /// log₂, good to 1e-7.
    #[inline(always)]
    pub(crate) fn log2_short(self) -> Self {
        each!(self, |i| log2_short(self.simd, self.v[i]))
    }

    /// 2ˣ, good to 1e-7.
    #[inline(always)]
    pub(crate) fn exp2_short(self) -> Self {
        each!(self, |i| exp2_short(self.simd, self.v[i]))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:ident) => {
        impl<A: Element, S: Simd, const M: usize> $trait for Pack<A, S, M> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                each!(self, |i| A::$op(self.simd, self.v[i], other.v[i]))
            }
        }

        impl<A: Element, S: Simd, const M: usize> $trait<f64> for Pack<A, S, M> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                let other = A::splat(self.simd, A::from_f64(other));
                each!(self, |i| A::$op(self.simd, self.v[i], other))
            }
        }
    };
}

operator!(Add, add, plus);
operator!(Sub, sub, minus);
operator!(Mul, mul, times);
operator!(Div, div, over);

impl<A: Element, S: Simd, const M: usize> Neg for Pack<A, S, M> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        each!(self, |i| A::negated(self.simd, self.v[i]))
    }
}

impl<A: Element, S: Simd, const M: usize> Lane for Pack<A, S, M> {
    #[inline(always)]
    fn constant(self, x: f64) -> Self {
        Self::splat(self.simd, x)
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        each!(self, |i| A::fused(self.simd, self.v[i], a.v[i], b.v[i]))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        each!(self, |i| A::root(self.simd, self.v[i]))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        each!(self, |i| A::size(self.simd, self.v[i]))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        each!(self, |i| exp::<A, S>(self.simd, self.v[i]))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        each!(self, |i| ln::<A, S>(self.simd, self.v[i]))
    }
    #[inline(always)]
    fn less(self, than: Self, yes: Self, no: Self) -> Self {
        each!(self, |i| A::select(self.simd, A::less(self.simd, self.v[i], than.v[i]), yes.v[i], no.v[i]))
    }
    #[inline(always)]
    fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        for x in self.numbers_mut() {
            *x = A::from_f64(f(x.to_f64()));
        }
        self
    }
}
