//! What can be wrong with a Brownian path before it is used.

use thiserror::Error;

/// Why a Brownian path cannot be made. What goes wrong in a solve is a
/// [`StepError`](chreode_ode::StepError).
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SdeError {
    /// A span that is no interval of time.
    #[error("a path cannot run from t = {t0} to t = {t1}; give two finite times, the earlier one first")]
    BadSpan {
        /// Start.
        t0: f64,
        /// End.
        t1: f64,
    },
    /// A tolerance that no leaf of the tree can have.
    #[error(
        "the path's tolerance is {tolerance:e}, but must be finite and at least {least:e} over this span; \
         give a time shorter than the shortest step"
    )]
    BadTolerance {
        /// The length of time asked for.
        tolerance: f64,
        /// The least one possible.
        least: f64,
    },
}
