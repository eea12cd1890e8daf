//! When a Jacobian is evaluated anew.

use super::newton::Newton;

/// Of which state the Jacobian is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Age {
    /// The present one.
    Fresh,
    /// An earlier one, and good enough so far.
    Kept,
    /// An earlier one, or of none.
    Stale,
}

impl Age {
    /// After a step whose slowest stage converged at `rate`.
    pub(super) fn after(rate: f64, newton: &Newton) -> Self {
        if rate < newton.keep { Self::Kept } else { Self::Stale }
    }
}
