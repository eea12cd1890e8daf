//! An exponential that vectorises.

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

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_standard_library() {
        let mut x = -707.9;
        while x < 700.0 {
            let (got, want) = (exp(x), f64::exp(x));
            assert!((got / want - 1.0).abs() < 4e-16, "exp({x}) = {got:e}, not {want:e}");
            x += 0.0371;
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-800.0), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }
}
