//! One name for the vector instructions of `f32` and `f64`.

use chreode_core::Real;
use pulp::bytemuck::Pod;
use pulp::{Simd, bytemuck};

/// What a row may be made of: `f32` or `f64`.
pub trait Entry: Real + Vectors {}

impl Entry for f32 {}
impl Entry for f64 {}

/// The vector instructions. Comparisons and [`select`](Self::select) take the place of `min` and `max`,
/// whose treatment of NaN differs between instruction sets.
#[allow(missing_docs, reason = "one name a vector instruction, and private to the crate")]
pub trait Vectors: Pod + Send + Sync {
    type Vector<S: Simd>: Pod + Send + Sync;

    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn over<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b + c, rounded once where the machine can.
    fn fused<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>)
    -> Self::Vector<S>;
    fn negated<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    fn size<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    fn root<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// `yes` where a < b, else `no`.
    fn select_less<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        yes: Self::Vector<S>,
        no: Self::Vector<S>,
    ) -> Self::Vector<S>;
    fn exponential<S: Simd, const M: usize>(simd: S, a: [Self::Vector<S>; M]) -> [Self::Vector<S>; M];
    fn logarithm<S: Simd, const M: usize>(simd: S, a: [Self::Vector<S>; M]) -> [Self::Vector<S>; M];

    /// A register from as many registers of `f64` as it takes to fill it.
    fn narrow<S: Simd>(simd: S, from: &[S::f64s]) -> Self::Vector<S>;
    /// The numbers of a register in registers of `f64`.
    fn widen<S: Simd>(a: Self::Vector<S>, to: &mut [S::f64s]);

    /// Registers of `f64` for one register.
    #[inline(always)]
    fn parts<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>() / (size_of::<S::f64s>() / size_of::<f64>())
    }

    /// The numbers in a register.
    #[inline(always)]
    fn numbers<S: Simd>(a: &Self::Vector<S>) -> &[Self] {
        bytemuck::cast_slice(std::slice::from_ref(a))
    }
    /// The numbers in a register, to be changed.
    #[inline(always)]
    fn numbers_mut<S: Simd>(a: &mut Self::Vector<S>) -> &mut [Self] {
        bytemuck::cast_slice_mut(std::slice::from_mut(a))
    }
}

macro_rules! forward {
    ($v:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident, $neg:ident, $abs:ident,
     $sqrt:ident, $less:ident, $select:ident) => {
        type Vector<S: Simd> = S::$v;

        #[inline(always)]
        fn splat<S: Simd>(simd: S, x: Self) -> S::$v {
            simd.$splat(x)
        }
        #[inline(always)]
        fn plus<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
            simd.$add(a, b)
        }
        #[inline(always)]
        fn minus<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
            simd.$sub(a, b)
        }
        #[inline(always)]
        fn times<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
            simd.$mul(a, b)
        }
        #[inline(always)]
        fn over<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
            simd.$div(a, b)
        }
        #[inline(always)]
        fn fused<S: Simd>(simd: S, a: S::$v, b: S::$v, c: S::$v) -> S::$v {
            simd.$fma(a, b, c)
        }
        #[inline(always)]
        fn negated<S: Simd>(simd: S, a: S::$v) -> S::$v {
            simd.$neg(a)
        }
        #[inline(always)]
        fn size<S: Simd>(simd: S, a: S::$v) -> S::$v {
            simd.$abs(a)
        }
        #[inline(always)]
        fn root<S: Simd>(simd: S, a: S::$v) -> S::$v {
            simd.$sqrt(a)
        }
        #[inline(always)]
        fn select_less<S: Simd>(simd: S, a: S::$v, b: S::$v, yes: S::$v, no: S::$v) -> S::$v {
            simd.$select(simd.$less(a, b), yes, no)
        }
    };
}

impl Vectors for f32 {
    forward!(
        f32s,
        splat_f32s,
        add_f32s,
        sub_f32s,
        mul_f32s,
        div_f32s,
        mul_add_e_f32s,
        neg_f32s,
        abs_f32s,
        sqrt_f32s,
        less_than_f32s,
        select_f32s
    );

    #[inline(always)]
    fn narrow<S: Simd>(simd: S, from: &[S::f64s]) -> S::f32s {
        let mut out = simd.splat_f32s(0.0);
        let numbers: &[f64] = bytemuck::cast_slice(from);
        for (out, x) in f32::numbers_mut::<S>(&mut out).iter_mut().zip(numbers) {
            *out = *x as f32;
        }
        out
    }

    #[inline(always)]
    fn widen<S: Simd>(a: S::f32s, to: &mut [S::f64s]) {
        let numbers: &mut [f64] = bytemuck::cast_slice_mut(to);
        for (out, x) in numbers.iter_mut().zip(f32::numbers::<S>(&a)) {
            *out = f64::from(*x);
        }
    }

    #[inline(always)]
    fn exponential<S: Simd, const M: usize>(_simd: S, mut a: [S::f32s; M]) -> [S::f32s; M] {
        for a in &mut a {
            for x in f32::numbers_mut::<S>(a) {
                *x = x.exp();
            }
        }
        a
    }

    #[inline(always)]
    fn logarithm<S: Simd, const M: usize>(_simd: S, mut a: [S::f32s; M]) -> [S::f32s; M] {
        for a in &mut a {
            for x in f32::numbers_mut::<S>(a) {
                *x = x.ln();
            }
        }
        a
    }
}

impl Vectors for f64 {
    forward!(
        f64s,
        splat_f64s,
        add_f64s,
        sub_f64s,
        mul_f64s,
        div_f64s,
        mul_add_e_f64s,
        neg_f64s,
        abs_f64s,
        sqrt_f64s,
        less_than_f64s,
        select_f64s
    );

    #[inline(always)]
    fn narrow<S: Simd>(_simd: S, from: &[S::f64s]) -> S::f64s {
        from[0]
    }

    #[inline(always)]
    fn widen<S: Simd>(a: S::f64s, to: &mut [S::f64s]) {
        to[0] = a;
    }

    #[inline(always)]
    fn exponential<S: Simd, const M: usize>(simd: S, mut a: [S::f64s; M]) -> [S::f64s; M] {
        for a in &mut a {
            *a = super::elementary::exp(simd, *a);
        }
        a
    }

    #[inline(always)]
    fn logarithm<S: Simd, const M: usize>(simd: S, mut a: [S::f64s; M]) -> [S::f64s; M] {
        for a in &mut a {
            *a = super::elementary::ln(simd, *a);
        }
        a
    }
}
