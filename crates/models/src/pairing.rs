//! Which cell of one snapshot goes with which cell of the next.

mod entropic;
mod exact;
mod independent;
mod unbalanced;

pub use entropic::{Entropic, Epsilon};
pub use exact::{Exact, Sampling};
pub use independent::Independent;
pub use unbalanced::Unbalanced;

use crate::ModelError;
use ndarray::ArrayView2;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Which cells are paired, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// Exact minibatch optimal transport: OT-CFM.
    Exact,
    /// Entropic minibatch optimal transport.
    Sinkhorn,
    /// Entropic minibatch optimal transport with the regularisation `2σ²` of the Schrödinger bridge: SB-CFM, \[SF\]²M.
    Schroedinger,
    /// Unbalanced minibatch optimal transport: cells far from all others may be left out.
    Unbalanced,
    /// Independent pairs: I-CFM.
    Independent,
}

/// A joint distribution of two minibatches, drawn from.
///
/// Pairs are indices, so that labels, weights and conditions can follow their cells.
pub trait Pairing: Sync {
    /// As many pairs `(row of x0, row of x1)` as `x0` has rows; `length` is the network time from the one to the other.
    ///
    /// # Errors
    /// A transport problem without a plan; never a substitute plan.
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError>;
}

impl Pairing for Box<dyn Pairing> {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        self.as_ref().pair(x0, x1, length, rng)
    }
}
