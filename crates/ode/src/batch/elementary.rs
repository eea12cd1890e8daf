//! Exponential and logarithm in lanes of `f64`: one formula for every register, so that a row gets the
//! same bits wherever it lies.
//!
//! Reduction after Cody & Waite, Software Manual for the Elementary Functions, 1980: eˣ = 2ⁿ eʳ with
//! |r| ≤ ln 2 / 2; ln x = e ln 2 + 2 atanh((m − 1)/(m + 1)) with m in [√½, √2).

use pulp::Simd;
use pulp::bytemuck::cast;

/// 1.5 · 2⁵²: adding it rounds to an integer.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// 2²⁰, whose mantissa has its integers in the upper half of the word.
const SHIFT: f64 = 1_048_576.0;
const LN2_HIGH: f64 = 6.931_457_519_531_25e-1;
const LN2_LOW: f64 = 1.428_606_820_309_417_3e-6;
/// Coefficients of eʳ from r¹³ down to r².
const EXP: [f64; 12] = [
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
/// Coefficients of (atanh(s)/s − 1)/s² from s¹⁸ down.
const ATANH: [f64; 10] = [
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
];
/// Coefficients of (2ᶠ − 1)/f, |f| ≤ ½, from f⁵ down: short, see [`exp2_short`].
const EXP2_SHORT: [f64; 6] = [
    1.540_353_039_338_161e-4,
    1.333_355_814_642_844_3e-3,
    9.618_129_107_628_477e-3,
    5.550_410_866_482_158e-2,
    2.402_265_069_591_007e-1,
    std::f64::consts::LN_2,
];

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, c: &[f64; N], x: S::f64s) -> S::f64s {
    let mut sum = simd.splat_f64s(c[0]);
    for &c in &c[1..] {
        sum = simd.mul_add_e_f64s(sum, x, simd.splat_f64s(c));
    }
    sum
}

/// 2ⁿ for an integer −1022 ≤ n ≤ 1023.
#[inline(always)]
fn power_of_two<S: Simd>(simd: S, n: S::f64s) -> S::f64s {
    // Adding 1.5 · 2²⁰ puts n into the low bits of the upper half, above a lower half of zeros.
    let bits = simd.transmute_u64s_f64s(simd.add_f64s(n, simd.splat_f64s(1.5 * SHIFT)));
    if S::IS_SCALAR {
        let bits: u64 = cast(bits);
        return simd.transmute_f64s_u64s(cast((bits << 20).wrapping_add(1.0f64.to_bits())));
    }
    let n = simd.wrapping_dyn_shl_u32s(cast(bits), simd.splat_u32s(20));
    let power = simd.add_u32s(n, cast(simd.splat_u64s(1.0f64.to_bits())));
    simd.transmute_f64s_u64s(cast(power))
}

/// (e, m) with x = 2ᵉ m and m in [√½, √2), for normal x > 0.
#[inline(always)]
fn split<S: Simd>(simd: S, x: S::f64s) -> (S::f64s, S::f64s) {
    let bits = simd.transmute_u64s_f64s(x);
    let shift = simd.splat_u64s(SHIFT.to_bits());
    let e = if S::IS_SCALAR {
        let bits: u64 = cast(bits);
        cast((bits >> 20) & 0xffff_ffff_0000_0000)
    } else {
        let halves = simd.wrapping_dyn_shr_u32s(cast(bits), simd.splat_u32s(20));
        simd.and_u64s(cast(halves), simd.splat_u64s(0xffff_ffff_0000_0000))
    };
    let e = simd.transmute_f64s_u64s(simd.or_u64s(e, shift));
    let e = simd.sub_f64s(e, simd.splat_f64s(SHIFT + 1023.0));
    let m = simd.and_u64s(bits, simd.splat_u64s((1 << 52) - 1));
    let m = simd.transmute_f64s_u64s(simd.or_u64s(m, simd.splat_u64s(1.0f64.to_bits())));
    let large = simd.less_than_f64s(simd.splat_f64s(std::f64::consts::SQRT_2), m);
    let m = simd.select_f64s(large, simd.mul_f64s(m, simd.splat_f64s(0.5)), m);
    let e = simd.select_f64s(large, simd.add_f64s(e, simd.splat_f64s(1.0)), e);
    (e, m)
}

/// eˣ; 0 below −708, infinite above 709.7, NaN for NaN.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let (low, high) = (simd.splat_f64s(-708.0), simd.splat_f64s(709.7));
    let under = simd.less_than_f64s(x, low);
    let over = simd.less_than_f64s(high, x);
    let bounded = simd.select_f64s(under, low, simd.select_f64s(over, high, x));
    let round = simd.splat_f64s(ROUND);
    let n = simd.mul_add_e_f64s(bounded, simd.splat_f64s(std::f64::consts::LOG2_E), round);
    let n = simd.sub_f64s(n, round);
    let r = simd.mul_add_e_f64s(n, simd.splat_f64s(-LN2_HIGH), bounded);
    let r = simd.mul_add_e_f64s(n, simd.splat_f64s(-LN2_LOW), r);
    let p = simd.mul_add_e_f64s(simd.mul_f64s(r, r), polynomial(simd, &EXP, r), r);
    // Half of 2ⁿ first: 2¹⁰²⁴ is no number.
    let scale = power_of_two(simd, simd.sub_f64s(n, simd.splat_f64s(1.0)));
    let half = simd.mul_add_e_f64s(scale, p, scale);
    let y = simd.mul_f64s(half, simd.splat_f64s(2.0));
    let y = simd.select_f64s(under, simd.splat_f64s(0.0), y);
    simd.select_f64s(over, simd.splat_f64s(f64::INFINITY), y)
}

/// ln x; −∞ at 0 and for subnormals, NaN below.
#[inline(always)]
pub(super) fn ln<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let (e, m) = split(simd, x);
    let one = simd.splat_f64s(1.0);
    let f = simd.sub_f64s(m, one);
    let s = simd.div_f64s(f, simd.add_f64s(m, one));
    let z = simd.mul_f64s(s, s);
    let tail = simd.mul_f64s(z, polynomial(simd, &ATANH, z));
    // 2 atanh s = f − s (f − 2 tail): the leading term is exact.
    let twice = simd.add_f64s(tail, tail);
    let low = simd.mul_f64s(s, simd.sub_f64s(f, twice));
    let low = simd.mul_add_e_f64s(e, simd.splat_f64s(-LN2_LOW), low);
    let y = simd.mul_add_e_f64s(e, simd.splat_f64s(LN2_HIGH), simd.sub_f64s(f, low));
    let zero = simd.splat_f64s(0.0);
    let tiny = simd.less_than_f64s(x, simd.splat_f64s(f64::MIN_POSITIVE));
    let y = simd.select_f64s(tiny, simd.splat_f64s(f64::NEG_INFINITY), y);
    let y = simd.select_f64s(simd.less_than_f64s(x, zero), simd.splat_f64s(f64::NAN), y);
    let finite = simd.less_than_f64s(simd.abs_f64s(x), simd.splat_f64s(f64::INFINITY));
    simd.select_f64s(finite, y, simd.add_f64s(x, x))
}

/// log₂ x to 1e-7, for normal x > 0: all that a step size needs.
#[inline(always)]
pub(super) fn log2_short<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let (e, m) = split(simd, x);
    let one = simd.splat_f64s(1.0);
    let s = simd.div_f64s(simd.sub_f64s(m, one), simd.add_f64s(m, one));
    let z = simd.mul_f64s(s, s);
    let series = polynomial(simd, &[1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0], z);
    let scaled = simd.mul_f64s(s, simd.splat_f64s(2.0 * std::f64::consts::LOG2_E));
    simd.mul_add_e_f64s(scaled, series, e)
}

/// 2ˣ to 1e-7 for |x| ≤ 1000.
#[inline(always)]
pub(super) fn exp2_short<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let round = simd.splat_f64s(ROUND);
    let n = simd.sub_f64s(simd.add_f64s(x, round), round);
    let f = simd.sub_f64s(x, n);
    let p = simd.mul_add_e_f64s(polynomial(simd, &EXP2_SHORT, f), f, simd.splat_f64s(1.0));
    simd.mul_f64s(power_of_two(simd, n), p)
}
