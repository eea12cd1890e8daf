//! The logarithm in lanes, and what a step size needs of powers: one formula for every register, so that a row
//! gets the same bits wherever it lies.
//!
//! Reduction after Cody & Waite, Software Manual for the Elementary Functions, 1980: ln x = e ln 2 +
//! 2 atanh((m − 1)/(m + 1)) with m in [√½, √2).

use chreode_core::simd::{Element, Vectors, polynomial, power_of_two};
use pulp::Simd;
use pulp::bytemuck::cast;

/// 2²⁰, whose mantissa has its integers in the upper half of the word.
const SHIFT: f64 = 1_048_576.0;
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

/// ln x; −∞ at 0 and for subnormals, NaN below.
#[inline(always)]
fn ln_doubles<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let (e, m) = split(simd, x);
    let one = simd.splat_f64s(1.0);
    let f = simd.sub_f64s(m, one);
    let s = simd.div_f64s(f, simd.add_f64s(m, one));
    let z = simd.mul_f64s(s, s);
    let tail = simd.mul_f64s(z, polynomial::<f64, S>(simd, &ATANH, z));
    // 2 atanh s = f − s (f − 2 tail): the leading term is exact.
    let twice = simd.add_f64s(tail, tail);
    let low = simd.mul_f64s(s, simd.sub_f64s(f, twice));
    let low = simd.mul_add_e_f64s(e, simd.splat_f64s(-f64::LN2[1]), low);
    let y = simd.mul_add_e_f64s(e, simd.splat_f64s(f64::LN2[0]), simd.sub_f64s(f, low));
    let zero = simd.splat_f64s(0.0);
    let tiny = simd.less_than_f64s(x, simd.splat_f64s(f64::MIN_POSITIVE));
    let y = simd.select_f64s(tiny, simd.splat_f64s(f64::NEG_INFINITY), y);
    let y = simd.select_f64s(simd.less_than_f64s(x, zero), simd.splat_f64s(f64::NAN), y);
    let finite = simd.less_than_f64s(simd.abs_f64s(x), simd.splat_f64s(f64::INFINITY));
    simd.select_f64s(finite, y, simd.add_f64s(x, x))
}

/// ln x, worked out in `f64`.
#[inline(always)]
pub(super) fn ln<A: Element, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let mut parts = [simd.splat_f64s(0.0); 2];
    let parts = &mut parts[..A::parts::<S>()];
    A::widen::<S>(x, parts);
    for part in parts.iter_mut() {
        *part = ln_doubles(simd, *part);
    }
    A::narrow(simd, parts)
}

/// log₂ x to 1e-7, for normal x > 0: all that a step size needs.
#[inline(always)]
pub(super) fn log2_short<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let (e, m) = split(simd, x);
    let one = simd.splat_f64s(1.0);
    let s = simd.div_f64s(simd.sub_f64s(m, one), simd.add_f64s(m, one));
    let z = simd.mul_f64s(s, s);
    let series = polynomial::<f64, S>(simd, &[1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0], z);
    let scaled = simd.mul_f64s(s, simd.splat_f64s(2.0 * std::f64::consts::LOG2_E));
    simd.mul_add_e_f64s(scaled, series, e)
}

/// 2ˣ to 1e-7 for |x| ≤ 1000.
#[inline(always)]
pub(super) fn exp2_short<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
    let round = simd.splat_f64s(f64::ROUND);
    let n = simd.sub_f64s(simd.add_f64s(x, round), round);
    let f = simd.sub_f64s(x, n);
    let p = simd.mul_add_e_f64s(polynomial::<f64, S>(simd, &EXP2_SHORT, f), f, simd.splat_f64s(1.0));
    simd.mul_f64s(power_of_two::<f64, S>(simd, n), p)
}
