//! When an iteration ends.

use crate::OtError;

/// When an iteration ends.
///
/// `Within` fails where the tolerance is not met; `After` never does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// At a residual of at most `tolerance`, or with an error after `max_iterations`.
    Within {
        /// L1 error of the marginals, as a share of the total mass.
        tolerance: f64,
        /// The iterations to allow.
        max_iterations: usize,
    },
    /// After exactly this many iterations, whatever the residual.
    After {
        /// The number of iterations.
        iterations: usize,
    },
}

impl Stop {
    /// # Errors
    /// A tolerance that is not a number.
    pub(crate) fn check(self) -> Result<(), OtError> {
        match self {
            Stop::Within { tolerance, .. } if tolerance.is_nan() => {
                Err(OtError::BadParameter { name: "the tolerance", value: tolerance, range: "a number" })
            }
            _ => Ok(()),
        }
    }
}
