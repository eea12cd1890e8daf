//! Sums along and across four rows of a kernel at a time.

use super::word::{Lane, WIDTH, Word};

/// Rows that are worked on together, so that the other operand is read once for all of them.
pub(super) const GROUP: usize = 4;

/// `Σ_j k_rj w_j` for four rows.
#[inline(always)]
pub(super) fn along<T: Word, S: pulp::Simd>(k: [&[Lane<T>]; GROUP], w: &[Lane<T>]) -> [f64; GROUP] {
    let mut sums = [[T::ZERO; WIDTH]; GROUP];
    let [k0, k1, k2, k3] = k.map(|row| &row[..w.len()]);
    for l in 0..w.len() {
        for t in 0..WIDTH {
            sums[0][t] = k0[l].0[t].fma::<S>(w[l].0[t], sums[0][t]);
        }
        for t in 0..WIDTH {
            sums[1][t] = k1[l].0[t].fma::<S>(w[l].0[t], sums[1][t]);
        }
        for t in 0..WIDTH {
            sums[2][t] = k2[l].0[t].fma::<S>(w[l].0[t], sums[2][t]);
        }
        for t in 0..WIDTH {
            sums[3][t] = k3[l].0[t].fma::<S>(w[l].0[t], sums[3][t]);
        }
    }
    sums.map(|sum| sum.iter().map(|s| s.wide()).sum())
}

/// `sums_j += Σ_r s_r k_rj` over four rows.
#[inline(always)]
pub(super) fn across<T: Word, S: pulp::Simd>(k: [&[Lane<T>]; GROUP], s: [T; GROUP], sums: &mut [Lane<T>]) {
    let [k0, k1, k2, k3] = k.map(|row| &row[..sums.len()]);
    for l in 0..sums.len() {
        let sum = &mut sums[l].0;
        for t in 0..WIDTH {
            let one = k0[l].0[t].fma::<S>(s[0], sum[t]);
            let two = k1[l].0[t].fma::<S>(s[1], one);
            let three = k2[l].0[t].fma::<S>(s[2], two);
            sum[t] = k3[l].0[t].fma::<S>(s[3], three);
        }
    }
}

/// `out_j += sums_j`, and `sums_j = 0`.
#[inline(always)]
pub(super) fn flush<T: Word>(sums: &mut [Lane<T>], out: &mut [f64]) {
    for (sum, out) in sums.iter_mut().zip(out.chunks_mut(WIDTH)) {
        for (sum, out) in sum.0.iter().zip(out) {
            *out += sum.wide();
        }
        sum.0 = [T::ZERO; WIDTH];
    }
}

/// `out_j = exp((shift + h_j - c_j)/ε)`, with zeros to the end.
#[inline(always)]
pub(super) fn entries<T: Word>(costs: &[f64], h: &[f64], shift: f64, scale: f64, out: &mut [Lane<T>]) {
    let m = costs.len();
    let (whole, h_whole) = (costs.chunks_exact(WIDTH), h[..m].chunks_exact(WIDTH));
    let (rest, h_rest) = (whole.remainder(), h_whole.remainder());
    for ((c, h), out) in whole.zip(h_whole).zip(&mut *out) {
        for t in 0..WIDTH {
            out.0[t] = T::exp(((shift + h[t]) - c[t]) * scale);
        }
    }
    if !rest.is_empty() {
        let last = &mut out[m / WIDTH].0;
        *last = [T::ZERO; WIDTH];
        for ((out, &c), &h) in last.iter_mut().zip(rest).zip(h_rest) {
            *out = T::exp(((shift + h) - c) * scale);
        }
    }
}
