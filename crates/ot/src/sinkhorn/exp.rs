//! Exponentials and a logarithm that vectorise.

/// `exp(x)` for `x ≤ 709`, to about 1 unit in the last place; 0 below -708, and for −∞.
///
/// Two-part reduction `x = k log 2 + r` with `|r| ≤ log 2 / 2` and the Taylor polynomial of degree 13,
/// whose remainder is 4e-18 there (W. J. Cody and W. Waite, Software Manual for the Elementary
/// Functions, 1980). Free of branches and calls, so that a loop over it becomes vector code.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52: adding it rounds to a whole number
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    let bounded = if x > -708.0 { x } else { -708.0 };
    let shifted = bounded * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (bounded - k * HIGH) - k * LOW;
    // Horner, written out.
    let p = 1.0 / 6_227_020_800.0;
    let p = p * r + 1.0 / 479_001_600.0;
    let p = p * r + 1.0 / 39_916_800.0;
    let p = p * r + 1.0 / 3_628_800.0;
    let p = p * r + 1.0 / 362_880.0;
    let p = p * r + 1.0 / 40_320.0;
    let p = p * r + 1.0 / 5_040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023_u64 << 52));
    if x > -708.0 { p * scale } else { 0.0 }
}

/// `a b + c`, in one rounding where that is an instruction.
#[inline(always)]
pub(super) fn fma<S: pulp::Simd>(a: f64, b: f64, c: f64) -> f64 {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

/// [`fma`] in single precision.
#[inline(always)]
fn fma32<S: pulp::Simd>(a: f32, b: f32, c: f32) -> f32 {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

/// [`exp`] with fused operations, for vector code: to about 1 unit in the last place.
///
/// `e^r = 1 + r + r² q(r)` with q of degree 9, interpolated at Chebyshev's points: 1.7e-17 of e^r is left.
#[inline(always)]
pub(super) fn exp_fused<S: pulp::Simd>(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    let bounded = if x > -708.0 { x } else { -708.0 };
    let shifted = fma::<S>(bounded, std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = fma::<S>(k, -LOW, fma::<S>(k, -HIGH, bounded));
    let q = 2.510_038_549_551_032e-8;
    let q = fma::<S>(q, r, 2.762_008_844_540_974_6e-7);
    let q = fma::<S>(q, r, 2.755_726_845_999_706_4e-6);
    let q = fma::<S>(q, r, 2.480_152_129_595_437_6e-5);
    let q = fma::<S>(q, r, 1.984_126_986_305_365e-4);
    let q = fma::<S>(q, r, 1.388_888_891_721_371_7e-3);
    let q = fma::<S>(q, r, 8.333_333_333_330_062e-3);
    let q = fma::<S>(q, r, 4.166_666_666_662_413e-2);
    let q = fma::<S>(q, r, 1.666_666_666_666_666_9e-1);
    let q = fma::<S>(q, r, 0.5);
    let p = fma::<S>(fma::<S>(q, r, 1.0), r, 1.0);
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023_u64 << 52));
    if x > -708.0 { p * scale } else { 0.0 }
}

/// `exp(x)` in single precision for `|x| < 87`, to about 1 unit in the last place; without meaning elsewhere.
///
/// As [`exp_fused`], with q of degree 4, by which 1e-8 of e^r is left.
#[inline(always)]
pub(super) fn exp32<S: pulp::Simd>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23
    const HIGH: f32 = 0.693_145_75;
    const LOW: f32 = 1.428_606_8e-6;
    let shifted = fma32::<S>(x, std::f32::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = fma32::<S>(k, -LOW, fma32::<S>(k, -HIGH, x));
    let q = 1.392_618_4e-3;
    let q = fma32::<S>(q, r, 8.363_179e-3);
    let q = fma32::<S>(q, r, 4.166_655_5e-2);
    let q = fma32::<S>(q, r, 1.666_657_7e-1);
    let q = fma32::<S>(q, r, 0.5);
    let p = fma32::<S>(fma32::<S>(q, r, 1.0), r, 1.0);
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127_u32 << 23))
}

/// The natural logarithm of a positive normal number, to about 2 units in the last place.
///
/// `x = 2^k m` with m between √½ and √2, and `log m = 2 artanh((m - 1)/(m + 1))` to the term of degree 21, beyond
/// which 3e-18 is left.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    const HALF_ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
    // The exponent counted from √½, so that what is left of x lies between √½ and √2.
    let bits = x.to_bits().wrapping_sub(HALF_ROOT);
    let mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) + HALF_ROOT);
    // A whole number of at most 11 bits, put into the low bits of 1.5 · 2^52.
    let k = f64::from_bits(0x4338_0000_0000_0000_u64.wrapping_add(((bits as i64) >> 52) as u64))
        - 6_755_399_441_055_744.0;
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let p = 1.0 / 21.0;
    let p = p * z + 1.0 / 19.0;
    let p = p * z + 1.0 / 17.0;
    let p = p * z + 1.0 / 15.0;
    let p = p * z + 1.0 / 13.0;
    let p = p * z + 1.0 / 11.0;
    let p = p * z + 1.0 / 9.0;
    let p = p * z + 1.0 / 7.0;
    let p = p * z + 1.0 / 5.0;
    let p = p * z + 1.0 / 3.0;
    k * HIGH + (2.0 * s + (2.0 * s * z * p + k * LOW))
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_fused, exp32, ln};
    use pulp::{Simd, WithSimd};

    /// Each function on the machine's vector instructions.
    struct At(f64);

    impl WithSimd for At {
        type Output = (f64, f32);

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> (f64, f32) {
            (exp_fused::<S>(self.0), exp32::<S>(self.0 as f32))
        }
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let mut x = -707.9;
        while x < 700.0 {
            let want = f64::exp(x);
            for arch in [pulp::Arch::Scalar, pulp::Arch::new()] {
                for got in [exp(x), arch.dispatch(At(x)).0] {
                    assert!((got / want - 1.0).abs() < 4.5e-16, "exp({x}) = {got:e}, not {want:e}");
                }
            }
            x += 0.0371;
        }
        for x in [-800.0, f64::NEG_INFINITY] {
            assert_eq!((exp(x), pulp::Arch::new().dispatch(At(x)).0), (0.0, 0.0));
        }
        assert_eq!((exp(0.0), pulp::Arch::new().dispatch(At(0.0))), (1.0, (1.0, 1.0)));
    }

    #[test]
    fn single_precision_agrees_with_the_standard_library() {
        let mut x = -86.9_f32;
        while x < 87.0 {
            for arch in [pulp::Arch::Scalar, pulp::Arch::new()] {
                let (got, want) = (arch.dispatch(At(f64::from(x))).1, f64::from(x).exp());
                assert!((f64::from(got) / want - 1.0).abs() < 1.5e-7, "exp({x}) = {got:e}, not {want:e}");
            }
            x += 0.003_71;
        }
    }

    #[test]
    fn the_logarithm_agrees_with_the_standard_library() {
        let mut x = 3e-308;
        while x < 1e308 {
            let (got, want) = (ln(x), x.ln());
            assert!(
                (got - want).abs() <= 5e-16 * want.abs().max(f64::MIN_POSITIVE),
                "ln {x:e}: {got} {want}"
            );
            x *= 1.0173;
        }
        for x in [0.5_f64.sqrt(), 1.0, 1.0 + 1e-9, 1.0 - 1e-9, 2_f64.sqrt(), 0.999] {
            assert!((ln(x) - x.ln()).abs() <= 5e-16 * x.ln().abs(), "{x}");
        }
    }
}
