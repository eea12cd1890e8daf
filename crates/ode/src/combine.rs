//! Linear combinations of stages, with the number of terms known to the compiler where it is small.

use crate::tableau::{MAX_DENSE, MAX_STAGES};
use chreode_core::VectorSpace;
use std::array::from_fn;

/// Calls `f` with the terms `(h wⱼ, kⱼ)`, one for each of the first `weights.len()` stages.
///
/// One arm for each length: the compiler then unrolls the combination, and a small state costs what
/// it costs in a loop written by hand. Zero weights are passed on; long arrays skip them.
#[inline(always)]
pub(crate) fn with_terms<Y: VectorSpace, R>(
    h: f64,
    weights: &[f64],
    k: &[Y],
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    macro_rules! arms {
        ($($n:literal)*; $($small:literal)*) => {
            match weights.len() {
                0 => f(&[]),
                $($n => {
                    let weights: &[f64; $n] = weights.try_into().expect("this arm's length");
                    let k: &[Y; $n] = k[..$n].try_into().expect("this arm's length");
                    let terms: [(f64, &Y); $n] = from_fn(|j| (h * weights[j], &k[j]));
                    f(&terms)
                })*
                $($small if Y::SMALL => {
                    let weights: &[f64; $small] = weights.try_into().expect("this arm's length");
                    let k: &[Y; $small] = k[..$small].try_into().expect("this arm's length");
                    let terms: [(f64, &Y); $small] = from_fn(|j| (h * weights[j], &k[j]));
                    f(&terms)
                })*
                n => {
                    let mut terms = [(0.0, &k[0]); MAX_STAGES];
                    for (term, (w, k)) in terms.iter_mut().zip(weights.iter().zip(k)) {
                        *term = (h * w, k);
                    }
                    f(&terms[..n])
                }
            }
        };
    }
    arms!(1 2 3 4 5 6 7; 9 10 13 16)
}

/// The same over two lists of stages, one after the other.
pub(crate) fn with_more_terms<Y: VectorSpace, R>(
    h: f64,
    weights: &[f64],
    k: &[Y],
    more: &[Y],
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    if more.is_empty() && weights.len() <= 7 {
        return with_terms(h, weights, k, f);
    }
    if weights.len() <= 16 {
        gather::<16, _, _>(h, weights, k, more, f)
    } else {
        gather::<MAX_DENSE, _, _>(h, weights, k, more, f)
    }
}

fn gather<const MOST: usize, Y: VectorSpace, R>(
    h: f64,
    weights: &[f64],
    k: &[Y],
    more: &[Y],
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    let mut terms = [(0.0, &k[0]); MOST];
    let mut count = 0;
    for (w, k) in weights.iter().zip(k.iter().chain(more)) {
        if *w != 0.0 {
            terms[count] = (h * w, k);
            count += 1;
        }
    }
    f(&terms[..count])
}
