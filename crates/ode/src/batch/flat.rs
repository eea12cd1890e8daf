//! Combinations of stages of rows that lie one after the other.

use super::scheme::Terms;
use chreode_core::simd::Element;

/// `z = y + h Σ wⱼ kⱼ`, entry by entry; `h` has a number for each entry.
#[inline(always)]
pub(super) fn combine<A: Element>(terms: &Terms<A>, h: &[A], y: &[A], k: &[Vec<A>], z: &mut [A]) {
    total(terms, h, k, z);
    for (z, y) in z.iter_mut().zip(y) {
        *z += *y;
    }
}

/// `z = h Σ wⱼ kⱼ`.
#[inline(always)]
pub(super) fn total<A: Element>(terms: &Terms<A>, h: &[A], k: &[Vec<A>], z: &mut [A]) {
    z.fill(A::zero());
    for (weight, stage) in terms.weight.iter().zip(&terms.stage) {
        for (z, k) in z.iter_mut().zip(&k[*stage]) {
            *z += *weight * *k;
        }
    }
    for (z, h) in z.iter_mut().zip(h) {
        *z *= *h;
    }
}

/// The mean square of a row's error in its tolerance; not a number where the state is not finite.
#[inline(always)]
pub(super) fn mean_square<A: Element>(error: &[A], y: &[A], z: &[A], (rtol, atol): (A, A)) -> f64 {
    let mut sum = A::zero();
    for ((e, y), z) in error.iter().zip(y).zip(z) {
        let scaled = *e / (atol + rtol * y.abs().max(z.abs()));
        sum += scaled * scaled + *z * A::zero();
    }
    sum.to_f64() / error.len().max(1) as f64
}
