//! Terms of a part of a state, without allocation.

/// Terms kept on the stack; longer sums, which no solver here asks for, are collected.
const MOST: usize = 32;

/// Calls `f` with the terms `(cᵢ, part(xᵢ))`.
#[inline]
pub(super) fn map<'a, X, Y: 'a, R>(
    terms: &[(f64, &'a X)],
    part: impl Fn(&'a X) -> &'a Y,
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    let Some((c, x)) = terms.first() else { return f(&[]) };
    if terms.len() > MOST {
        return f(&terms.iter().map(|(c, x)| (*c, part(x))).collect::<Vec<_>>());
    }
    let mut parts = [(*c, part(x)); MOST];
    for (to, (c, x)) in parts.iter_mut().zip(terms).skip(1) {
        *to = (*c, part(x));
    }
    f(&parts[..terms.len()])
}
