//! One name for the vector operations of `f32` and `f64`, so that each kernel is written once.

use crate::Real;
use pulp::Simd;
use pulp::bytemuck::{Pod, cast, cast_slice, cast_slice_mut};
use std::slice::{from_mut, from_ref};

/// Bytes of a cache line, and of the widest vector register.
pub const LINE_BYTES: usize = 64;

/// A [`Real`] with vector kernels: `f32` and `f64`.
pub trait Element: Real + Vectors {}

impl Element for f32 {}
impl Element for f64 {}

/// The vector operations. Comparisons and [`select`](Self::select) take the place of `min` and
/// `max`, whose treatment of NaN differs between instruction sets.
#[allow(missing_docs, reason = "one name a vector instruction")]
pub trait Vectors: Pod + Send + Sync {
    /// Entries of a cache line.
    const LINE: usize;
    /// Coefficients of (eʳ - 1 - r)/r² in powers of r, highest first.
    const EXP: &'static [Self];
    /// Coefficients of atanh(s)/s in powers of s², highest first.
    const ATANH: &'static [Self];
    /// Below this, eˣ is rounded to zero.
    const UNDERFLOW: Self;
    /// Between these, eˣ and half of it are normal numbers.
    const NORMAL_EXP: [Self; 2];
    /// ln 2 in two parts; integer multiples of the first are exact.
    const LN2: [Self; 2];
    /// Adding it rounds to an integer.
    const ROUND: Self;

    type Vector<S: Simd>: Pod + Send + Sync;
    type Mask<S: Simd>: Copy;

    fn vectors<S: Simd>(x: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn over<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn fused<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>)
    -> Self::Vector<S>;
    fn negated<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    fn size<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    fn root<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    fn less<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Mask<S>;
    fn select<S: Simd>(
        simd: S,
        mask: Self::Mask<S>,
        yes: Self::Vector<S>,
        no: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// 2ⁿ of an integer n, given as n + `ROUND` and n; 0 at the exponent below the smallest normal.
    fn power_of_two<S: Simd>(simd: S, shifted: Self::Vector<S>, n: Self::Vector<S>) -> Self::Vector<S>;

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
        cast_slice(from_ref(a))
    }
    /// The numbers in a register, to be changed.
    #[inline(always)]
    fn numbers_mut<S: Simd>(a: &mut Self::Vector<S>) -> &mut [Self] {
        cast_slice_mut(from_mut(a))
    }
}

macro_rules! forward {
    ($s:ident, $v:ident, $m:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident,
     $neg:ident, $abs:ident, $sqrt:ident, $less:ident, $select:ident) => {
        const LINE: usize = LINE_BYTES / size_of::<$s>();

        type Vector<S: Simd> = S::$v;
        type Mask<S: Simd> = S::$m;

        #[inline(always)]
        fn vectors<S: Simd>(x: &[Self]) -> &[S::$v] {
            cast_slice(x)
        }
        #[inline(always)]
        fn vectors_mut<S: Simd>(x: &mut [Self]) -> &mut [S::$v] {
            cast_slice_mut(x)
        }
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
        fn less<S: Simd>(simd: S, a: S::$v, b: S::$v) -> S::$m {
            simd.$less(a, b)
        }
        #[inline(always)]
        fn select<S: Simd>(simd: S, mask: S::$m, yes: S::$v, no: S::$v) -> S::$v {
            simd.$select(mask, yes, no)
        }
    };
}

impl Vectors for f32 {
    forward!(
        f32,
        f32s,
        m32s,
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

    const EXP: &'static [Self] = &[1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 1.0 / 2.0];
    const ATANH: &'static [Self] =
        &[1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    const UNDERFLOW: Self = -88.0;
    const NORMAL_EXP: [Self; 2] = [-86.0, 88.722_83];
    const LN2: [Self; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    const ROUND: Self = 12_582_912.0; // 1.5 · 2²³

    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, shifted: S::f32s, _n: S::f32s) -> S::f32s {
        // The low bits of `shifted` hold n: move them to the exponent and add its bias.
        let n = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
        simd.transmute_f32s_u32s(simd.add_u32s(n, simd.splat_u32s(1.0f32.to_bits())))
    }

    #[inline(always)]
    fn narrow<S: Simd>(simd: S, from: &[S::f64s]) -> S::f32s {
        let mut out = simd.splat_f32s(0.0);
        let numbers: &[f64] = cast_slice(from);
        for (out, x) in f32::numbers_mut::<S>(&mut out).iter_mut().zip(numbers) {
            *out = *x as f32;
        }
        out
    }

    #[inline(always)]
    fn widen<S: Simd>(a: S::f32s, to: &mut [S::f64s]) {
        let numbers: &mut [f64] = cast_slice_mut(to);
        for (out, x) in numbers.iter_mut().zip(f32::numbers::<S>(&a)) {
            *out = f64::from(*x);
        }
    }
}

impl Vectors for f64 {
    forward!(
        f64,
        f64s,
        m64s,
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

    const EXP: &'static [Self] = &[
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
    ];
    const ATANH: &'static [Self] = &[
        1.0 / 33.0,
        1.0 / 31.0,
        1.0 / 29.0,
        1.0 / 27.0,
        1.0 / 25.0,
        1.0 / 23.0,
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    const UNDERFLOW: Self = -709.0;
    const NORMAL_EXP: [Self; 2] = [-708.0, 709.782_712_893_384];
    const LN2: [Self; 2] = [6.931_457_519_531_25e-1, 1.428_606_820_309_417_3e-6];
    const ROUND: Self = 6_755_399_441_055_744.0; // 1.5 · 2⁵²

    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, _shifted: S::f64s, n: S::f64s) -> S::f64s {
        // Adding 1.5 · 2²⁰ puts the integer n into the low bits of the upper half, above a lower half
        // of zeros; so a shift of 32-bit halves moves n to the exponent.
        let bits = simd.transmute_u64s_f64s(simd.add_f64s(n, simd.splat_f64s(1_572_864.0)));
        if S::IS_SCALAR {
            let bits: u64 = cast(bits);
            let bits = (bits << 20).wrapping_add(1.0f64.to_bits());
            return simd.transmute_f64s_u64s(cast(bits));
        }
        let n = simd.wrapping_dyn_shl_u32s(cast(bits), simd.splat_u32s(20));
        let power = simd.add_u32s(n, cast(simd.splat_u64s(1.0f64.to_bits())));
        simd.transmute_f64s_u64s(cast(power))
    }

    #[inline(always)]
    fn narrow<S: Simd>(_simd: S, from: &[S::f64s]) -> S::f64s {
        from[0]
    }

    #[inline(always)]
    fn widen<S: Simd>(a: S::f64s, to: &mut [S::f64s]) {
        to[0] = a;
    }
}
