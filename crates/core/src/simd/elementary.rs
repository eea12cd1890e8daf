//! Exponential and logarithm on vectors: one formula for every register, so that a number gets the same bits wherever
//! it lies.
//!
//! eˣ with x = n ln 2 + r, |r| ≤ ln 2 / 2, and the Taylor polynomial of eʳ - 1, whose
//! truncation is below half a unit in the last place (Cody & Waite, Software Manual for the Elementary
//! Functions, 1980, for the reduction). ln(1 + u) = 2 atanh(u / (2 + u)) for 0 ≤ u ≤ 1, by its series.
//! NaN stays NaN.

use super::{Element, Vectors};
use pulp::Simd;

/// Σ cᵢ xⁱ, highest coefficient first.
#[inline(always)]
pub fn polynomial<A: Vectors, S: Simd>(simd: S, c: &[A], x: A::Vector<S>) -> A::Vector<S> {
    let mut sum = A::splat(simd, c[0]);
    for &c in &c[1..] {
        sum = A::fused(simd, sum, x, A::splat(simd, c));
    }
    sum
}

/// `(eʳ - 1, 2ⁿ)` with eˣ = 2ⁿ eʳ, for x ≤ 0.
#[inline(always)]
fn split<A: Element, S: Simd>(simd: S, x: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
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

/// 2ⁿ of an integer n within the exponents of normal numbers.
#[inline(always)]
pub fn power_of_two<A: Vectors, S: Simd>(simd: S, n: A::Vector<S>) -> A::Vector<S> {
    A::power_of_two(simd, A::plus(simd, n, A::splat(simd, A::ROUND)), n)
}

/// eˣ: 0 where it would not be a normal number, infinite where it is too large, NaN for NaN.
#[inline(always)]
pub fn exp<A: Element, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let [low, high] = A::NORMAL_EXP.map(|bound| A::splat(simd, bound));
    let (under, over) = (A::less(simd, x, low), A::less(simd, high, x));
    let bounded = A::select(simd, under, low, A::select(simd, over, high, x));
    let round = A::splat(simd, A::ROUND);
    let shifted = A::fused(simd, bounded, A::splat(simd, A::from_f64(std::f64::consts::LOG2_E)), round);
    let n = A::minus(simd, shifted, round);
    let r = A::fused(simd, n, A::splat(simd, -A::LN2[0]), bounded);
    let r = A::fused(simd, n, A::splat(simd, -A::LN2[1]), r);
    let p = A::fused(simd, A::times(simd, r, r), polynomial(simd, A::EXP, r), r);
    // Half of 2ⁿ first: the largest power is no number.
    let scale = power_of_two::<A, S>(simd, A::minus(simd, n, A::splat(simd, A::one())));
    let half = A::fused(simd, scale, p, scale);
    let y = A::select(simd, under, A::splat(simd, A::zero()), A::plus(simd, half, half));
    A::select(simd, over, A::splat(simd, A::infinity()), y)
}

/// eˣ for x ≤ 0.
#[inline(always)]
pub fn exp_below<A: Element, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let (p, scale) = split::<A, S>(simd, x);
    A::fused(simd, scale, p, scale)
}

/// eˣ - 1 for x ≤ 0, without cancellation.
#[inline(always)]
pub fn exp_m1_below<A: Element, S: Simd>(simd: S, x: A::Vector<S>) -> A::Vector<S> {
    let (p, scale) = split::<A, S>(simd, x);
    A::fused(simd, scale, p, A::minus(simd, scale, A::splat(simd, A::one())))
}

/// ln(1 + u) for 0 ≤ u ≤ 1.
#[inline(always)]
pub fn ln_1p<A: Element, S: Simd>(simd: S, u: A::Vector<S>) -> A::Vector<S> {
    let s = A::over(simd, u, A::plus(simd, u, A::splat(simd, A::from_f64(2.0))));
    let series = polynomial(simd, A::ATANH, A::times(simd, s, s));
    A::times(simd, A::plus(simd, s, s), series)
}
