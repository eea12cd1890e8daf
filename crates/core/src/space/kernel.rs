//! Linear combinations and norms of slices: several terms a pass, in blocks that stay in L1.

#![allow(unsafe_code, reason = "a call to code for a feature of the processor is unsafe")]

use super::Tolerance;
use crate::Real;

/// Entries handled between two visits of the same memory.
const BLOCK: usize = 1024;

/// Up to this many entries, loops that set out for more cost more than the work.
const TINY: usize = 16;

/// Terms whose slices fit into registers.
const FEW: usize = 8;

/// `out = base + Σ cᵢ xᵢ` over the terms `0..n`, or `Σ cᵢ xᵢ` without a base. `None`, with `out` as it
/// was, when `slice` has no slice for a term; those it has, and the base, have the length of `out`.
///
/// Entry by entry the terms are added in their order, whatever the length, so that the result depends
/// on nothing else. Of long slices, terms with `c = 0`, of which the tables of solvers are full, are
/// not read.
#[inline(always)]
pub(super) fn combine<'a, A: Real>(
    base: Option<&[A]>,
    n: usize,
    weight: impl Fn(usize) -> f64,
    slice: impl Fn(usize) -> Option<&'a [A]>,
    out: &mut [A],
) -> Option<()> {
    let len = out.len();
    if len > TINY || n > FEW {
        if !(0..n).all(|i| slice(i).is_some()) {
            return None;
        }
        if base.is_none() {
            out.fill(A::zero());
        }
        blocks(base, n, |i| (weight(i), slice(i).expect("checked above")), out);
        return Some(());
    }
    let mut xs: [&[A]; FEW] = [&[]; FEW];
    for (i, x) in xs.iter_mut().enumerate().take(n) {
        *x = &slice(i)?[..len];
    }
    for i in 0..len {
        let mut sum = base.map_or(A::zero(), |base| base[i]);
        for (j, x) in xs.iter().enumerate().take(n) {
            sum += A::from_f64(weight(j)) * x[i];
        }
        out[i] = sum;
    }
    Some(())
}

/// `out += Σ cᵢ xᵢ`, likewise.
pub(super) fn accumulate<'a, A: Real>(n: usize, term: impl Fn(usize) -> (f64, &'a [A]), out: &mut [A]) {
    blocks(None, n, term, out);
}

/// `out = base + Σ cᵢ xᵢ`, or `out += Σ cᵢ xᵢ` without a base, in the widest lanes there are. The sums are
/// the same in all: nothing is contracted or reordered.
#[inline(never)]
fn blocks<'a, A: Real>(base: Option<&[A]>, n: usize, term: impl Fn(usize) -> (f64, &'a [A]), out: &mut [A]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was just found.
        return unsafe { blocks_avx2(base, n, term, out) };
    }
    each_block(base, n, term, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn blocks_avx2<'a, A: Real>(
    base: Option<&[A]>,
    n: usize,
    term: impl Fn(usize) -> (f64, &'a [A]),
    out: &mut [A],
) {
    each_block(base, n, term, out);
}

#[inline(always)]
fn each_block<'a, A: Real>(
    base: Option<&[A]>,
    n: usize,
    term: impl Fn(usize) -> (f64, &'a [A]),
    out: &mut [A],
) {
    for start in (0..out.len()).step_by(BLOCK) {
        let block = start..(start + BLOCK).min(out.len());
        let out = &mut out[block.clone()];
        let mut base = base.map(|base| &base[block.clone()]);
        let mut terms =
            (0..n).map(&term).filter(|(c, _)| *c != 0.0).map(|(c, x)| (A::from_f64(c), &x[block.clone()]));
        loop {
            match (base.take(), [terms.next(), terms.next(), terms.next(), terms.next()]) {
                (Some(y), [Some(p), Some(q), Some(r), Some(s)]) => four_on(y, p, q, r, s, out),
                (None, [Some(p), Some(q), Some(r), Some(s)]) => four(p, q, r, s, out),
                (Some(y), [Some(p), Some(q), Some(r), None]) => break three_on(y, p, q, r, out),
                (None, [Some(p), Some(q), Some(r), None]) => break three(p, q, r, out),
                (Some(y), [Some(p), Some(q), None, None]) => break two_on(y, p, q, out),
                (None, [Some(p), Some(q), None, None]) => break two(p, q, out),
                (Some(y), [Some(p), None, None, None]) => break one_on(y, p, out),
                (None, [Some(p), None, None, None]) => break one(p, out),
                (Some(y), _) => break out.copy_from_slice(y),
                (None, _) => break,
            }
        }
    }
}

/// One pass: `out = y + c x + …` or `out += c x + …`, the terms added one after the other.
macro_rules! pass {
    ($on:ident, $onto:ident, $($x:ident)*) => {
        #[inline(always)]
        fn $on<A: Real>(y: &[A], $($x: (A, &[A]),)* out: &mut [A]) {
            let len = out.len();
            let y = &y[..len];
            $(let $x = ($x.0, &$x.1[..len]);)*
            for i in 0..len {
                out[i] = y[i] $(+ $x.0 * $x.1[i])*;
            }
        }

        #[inline(always)]
        fn $onto<A: Real>($($x: (A, &[A]),)* out: &mut [A]) {
            let len = out.len();
            $(let $x = ($x.0, &$x.1[..len]);)*
            for i in 0..len {
                let sum = out[i];
                out[i] = sum $(+ $x.0 * $x.1[i])*;
            }
        }
    };
}

pass!(one_on, one, p);
pass!(two_on, two, p q);
pass!(three_on, three, p q r);
pass!(four_on, four, p q r s);

/// `Σᵢ (eᵢ / (atol + rtol max(|aᵢ|, |bᵢ|)))²`.
#[inline(always)]
pub(super) fn scaled_square_sum<A: Real>(e: &[A], a: &[A], b: &[A], tolerance: Tolerance) -> f64 {
    assert!(e.len() == a.len() && e.len() == b.len(), "states of one space have one size");
    if e.len() < LANES {
        return e.iter().zip(a).zip(b).map(|((e, a), b)| square(*e, *a, *b, tolerance)).sum();
    }
    lanes(e, a, b, tolerance)
}

/// Sums side by side, so that the divisions need not wait for one another.
const LANES: usize = 8;

#[inline(never)]
fn lanes<A: Real>(e: &[A], a: &[A], b: &[A], tolerance: Tolerance) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was just found.
        return unsafe { lanes_avx2(e, a, b, tolerance) };
    }
    all_lanes(e, a, b, tolerance)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn lanes_avx2<A: Real>(e: &[A], a: &[A], b: &[A], tolerance: Tolerance) -> f64 {
    all_lanes(e, a, b, tolerance)
}

#[inline(always)]
fn all_lanes<A: Real>(e: &[A], a: &[A], b: &[A], tolerance: Tolerance) -> f64 {
    let mut lanes = [0.0; LANES];
    let (e, e_rest) = e.as_chunks::<LANES>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for ((e, a), b) in e.iter().zip(a).zip(b) {
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane += square(e[i], a[i], b[i], tolerance);
        }
    }
    let rest = e_rest.iter().zip(a_rest).zip(b_rest).map(|((e, a), b)| square(*e, *a, *b, tolerance));
    lanes.iter().sum::<f64>() + rest.sum::<f64>()
}

#[inline(always)]
fn square<A: Real>(e: A, a: A, b: A, tolerance: Tolerance) -> f64 {
    let r = e.to_f64() / tolerance.scale(a.to_f64(), b.to_f64());
    r * r
}

/// Whether every entry is a number; without an early exit the fold is done in SIMD lanes.
#[inline]
pub(super) fn is_finite<A: Real>(entries: &[A]) -> bool {
    entries.iter().fold(true, |finite, v| finite & v.is_finite())
}
