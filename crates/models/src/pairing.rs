//! Which cell of one snapshot goes with which cell of the next.

mod entropic;
mod exact;
mod independent;

pub use entropic::Entropic;
pub use exact::{Exact, Sampling};
pub use independent::Independent;

use crate::ModelError;
use ndarray::ArrayView2;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Which cells are paired: the choice between I-CFM and OT-CFM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// Exact minibatch optimal transport: OT-CFM.
    Exact,
    /// Entropic minibatch optimal transport.
    Sinkhorn,
    /// Independent pairs: I-CFM.
    Independent,
}

/// A joint distribution of two minibatches, drawn from.
///
/// Pairs are indices, so that labels, weights and conditions can follow their cells.
pub trait Pairing: Sync {
    /// As many pairs `(row of x0, row of x1)` as `x0` has rows.
    ///
    /// # Errors
    /// A transport problem without a plan; never a substitute plan.
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError>;
}

impl Pairing for Box<dyn Pairing> {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        self.as_ref().pair(x0, x1, rng)
    }
}
