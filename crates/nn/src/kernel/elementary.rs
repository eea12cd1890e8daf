//! Exponential and logarithm on vectors, where an activation needs them.
//!
//! eˣ for x ≤ 0 with x = n ln 2 + r, |r| ≤ ln 2 / 2, and the Taylor polynomial of eʳ - 1, whose
//! truncation is below half a unit in the last place (Cody & Waite, Software Manual for the Elementary
//! Functions, 1980, for the reduction). ln(1 + u) = 2 atanh(u / (2 + u)) for 0 ≤ u ≤ 1, by its series.
//! NaN stays NaN.

use super::lane::Vectors;
use pulp::Simd;

/// Σ cᵢ xⁱ, highest coefficient first.
#[inline(always)]
pub(super) fn polynomial<A: Vectors, S: Simd>(simd: S, c: &'static [A], x: A::Vector<S>) -> A::Vector<S> {
    let mut sum = A::splat(simd, c[0]);
    for &c in &c[1..] {
        sum = A::fused(simd, sum, x, A::splat(simd, c));
    }
    sum
}

/// `(eʳ - 1, 2ⁿ)` with eˣ = 2ⁿ eʳ, for x ≤ 0.
#[inline(always)]
fn split<A: Vectors + crate::Lane, S: Simd>(simd: S, x: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
    let low = A::splat(simd, A::UNDERFLOW);
    let x = A::select(simd, A::less(simd, x, low), low, x);
    let round = A::splat(simd, A::ROUND);
    let shifted = A::fused(simd, x, A::splat(simd, A::from_f64(std::f64::consts::LOG2_E)), round);
    let n = A::minus(simd, shifted, round);
    let r = A::fused(simd, n, A::splat(simd, -A::LN2[0]), x);
    let r = A::fused(simd, n, A::splat(simd, -A::LN2[1]), r);
    let p = A::fused(simd, A::times(simd, r, r), polynomial(simd, A::EXP, r), r);
    (p, A::power_of_two(simd, shifted, n))
}

/// eˣ for x ≤ 0.
#[inline(always)]
pub(super) fn exp<A: crate::Lane, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let (p, scale) = split::<A, S>(simd, x);
    A::fused(simd, scale, p, scale)
}

/// eˣ - 1 for x ≤ 0, without cancellation.
#[inline(always)]
pub(super) fn exp_m1<A: crate::Lane, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let (p, scale) = split::<A, S>(simd, x);
    A::fused(simd, scale, p, A::minus(simd, scale, A::splat(simd, A::one())))
}

/// ln(1 + u) for 0 ≤ u ≤ 1.
#[inline(always)]
pub(super) fn ln_1p<A: crate::Lane, S: Simd>(simd: S, u: A::Vector<S>) -> A::Vector<S> {
    let s = A::over(simd, u, A::plus(simd, u, A::splat(simd, A::from_f64(2.0))));
    let series = polynomial(simd, A::ATANH, A::times(simd, s, s));
    A::times(simd, A::plus(simd, s, s), series)
}
