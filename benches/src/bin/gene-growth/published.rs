//! What was published on the sets.

/// W₁ and relative mass error, averaged over the times, of Peng et al., ICLR 2026, arXiv:2601.06810.
pub(crate) fn of(set: &str, model: &str) -> Option<(f64, Option<f64>)> {
    match (set, model) {
        ("gene", "wfr-fm") => Some((0.019, Some(0.001))),
        ("gene", "vgfm") => Some((0.046, Some(0.006))),
        ("gene", "tigon") => Some((0.045, Some(0.014))),
        ("gene", "mioflow") => Some((0.148, None)),
        _ => None,
    }
}
