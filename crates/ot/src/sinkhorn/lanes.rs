//! Entries of a kernel, and sums along and across four rows of it at a time.
//!
//! Rows are filled up with zeros to a multiple of [`WIDTH`], and four of them make a group: [`WIDTH`] numbers of the
//! first, as many of the second, and so on, so that a group is read as one stream.

use super::exp::fma;
use super::word::{WIDTH, Word};
use pulp::{Simd, WithSimd};

/// Rows that are worked on together, so that the other operand is read once for all of them.
pub(super) const GROUP: usize = 4;

/// `Σ_j k_rj w_j` for the four rows of a group.
#[inline(always)]
pub(super) fn along<T: Word, S: Simd>(simd: S, group: &[T], w: &[T]) -> [f64; GROUP] {
    let zero = T::splat(simd, T::ZERO);
    let (mut s0, mut s1, mut s2, mut s3) = (zero, zero, zero, zero);
    for (k, w) in group.chunks_exact(GROUP * WIDTH).zip(w.chunks_exact(WIDTH)) {
        let k = T::vectors::<S>(k);
        let (low, high) = k.split_at(k.len() / 2);
        let ((k0, k1), (k2, k3)) = (low.split_at(low.len() / 2), high.split_at(low.len() / 2));
        let rows = k0.iter().zip(k1).zip(k2).zip(k3);
        for (&w, (((&k0, &k1), &k2), &k3)) in T::vectors::<S>(w).iter().zip(rows) {
            s0 = T::fma(simd, k0, w, s0);
            s1 = T::fma(simd, k1, w, s1);
            s2 = T::fma(simd, k2, w, s2);
            s3 = T::fma(simd, k3, w, s3);
        }
    }
    [T::sum(simd, s0), T::sum(simd, s1), T::sum(simd, s2), T::sum(simd, s3)]
}

/// `sums_j += Σ_r s_r k_rj` over the four rows of a group.
#[inline(always)]
pub(super) fn across<T: Word, S: Simd>(simd: S, group: &[T], s: [T; GROUP], sums: &mut [T]) {
    let [s0, s1, s2, s3] = s;
    let (s0, s1) = (T::splat(simd, s0), T::splat(simd, s1));
    let (s2, s3) = (T::splat(simd, s2), T::splat(simd, s3));
    for (k, sums) in group.chunks_exact(GROUP * WIDTH).zip(sums.chunks_exact_mut(WIDTH)) {
        let k = T::vectors::<S>(k);
        let (low, high) = k.split_at(k.len() / 2);
        let ((k0, k1), (k2, k3)) = (low.split_at(low.len() / 2), high.split_at(low.len() / 2));
        let rows = k0.iter().zip(k1).zip(k2).zip(k3);
        for (sum, (((&k0, &k1), &k2), &k3)) in T::vectors_mut::<S>(sums).iter_mut().zip(rows) {
            let two = T::fma(simd, k1, s1, T::fma(simd, k0, s0, *sum));
            *sum = T::fma(simd, k3, s3, T::fma(simd, k2, s2, two));
        }
    }
}

/// `out_j += sums_j`, and `sums_j = 0`.
#[inline(always)]
pub(super) fn flush<T: Word>(sums: &mut [T], out: &mut [f64]) {
    for (sum, out) in sums.iter_mut().zip(out) {
        *out += sum.wide();
        *sum = T::ZERO;
    }
}

/// `exp((shift + h_j - c_j)/ε)` into row `row` of a group, with zeros to the end of the last register.
///
/// `h` is over ε already.
#[inline(always)]
pub(super) fn entries<T: Word, S: Simd>(
    costs: &[f64],
    h: &[f64],
    (shift, scale): (f64, f64),
    row: usize,
    group: &mut [T],
) {
    let shift = shift * scale;
    let pieces = group.chunks_exact_mut(GROUP * WIDTH);
    for ((out, c), h) in pieces.zip(costs.chunks(WIDTH)).zip(h.chunks(WIDTH)) {
        let out = &mut out[row * WIDTH..(row + 1) * WIDTH];
        if let (Some(c), Some(h)) = (c.as_array::<WIDTH>(), h.as_array::<WIDTH>()) {
            for t in 0..WIDTH {
                out[t] = T::exp::<S>(fma::<S>(c[t], -scale, shift + h[t]));
            }
        } else {
            out.fill(T::ZERO);
            for ((out, &c), &h) in out.iter_mut().zip(c).zip(h) {
                *out = T::exp::<S>(fma::<S>(c, -scale, shift + h));
            }
        }
    }
}

/// `min_j c_j - h_j`.
#[inline(always)]
pub(super) fn least(costs: &[f64], heights: &[f64]) -> f64 {
    let mut low = [f64::INFINITY; WIDTH];
    let (c, h) = (costs.chunks_exact(WIDTH), heights.chunks_exact(WIDTH));
    let rest = c.remainder().iter().zip(h.remainder());
    for (c, h) in c.zip(h) {
        for t in 0..WIDTH {
            let d = c[t] - h[t];
            low[t] = if d < low[t] { d } else { low[t] };
        }
    }
    let least = low.iter().fold(f64::INFINITY, |x, &y| if y < x { y } else { x });
    rest.fold(least, |x, (&c, &h)| if c - h < x { c - h } else { x })
}

/// A task compiled for the vector instructions that the machine has. Unlike a closure's, its body is certain to be
/// inlined.
pub(super) fn vectorise<W: WithSimd>(task: W) -> W::Output {
    pulp::Arch::new().dispatch(task)
}
