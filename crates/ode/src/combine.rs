//! Linear combinations of stages, with the number of terms known to the compiler where it is small.

use crate::tableau::MAX_STAGES;
use std::array::from_fn;

/// The nonzero entries of a row of coefficients: stage and weight.
pub(crate) type Row = Box<[(usize, f64)]>;

/// The nonzero entries of `weights`.
pub(crate) fn row(weights: &[f64]) -> Row {
    weights.iter().copied().enumerate().filter(|(_, w)| *w != 0.0).collect()
}

/// Calls `f` with the terms `(h wⱼ, kⱼ)` of a row.
///
/// One arm for each length: the compiler then unrolls the combination, and a small state costs what
/// it costs in a loop written by hand.
#[inline(always)]
pub(crate) fn with_terms<Y, R>(
    h: f64,
    row: &[(usize, f64)],
    k: &[Y],
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    macro_rules! arms {
        ($($n:literal)*) => {
            match row.len() {
                0 => f(&[]),
                $($n => {
                    let row: &[(usize, f64); $n] = row.try_into().expect("this arm's length");
                    let terms: [(f64, &Y); $n] = from_fn(|j| (h * row[j].1, &k[row[j].0]));
                    f(&terms)
                })*
                n => {
                    let mut terms = [(0.0, &k[0]); MAX_STAGES];
                    for (term, (j, w)) in terms.iter_mut().zip(row) {
                        *term = (h * w, &k[*j]);
                    }
                    f(&terms[..n])
                }
            }
        };
    }
    arms!(1 2 3 4 5 6 7)
}
