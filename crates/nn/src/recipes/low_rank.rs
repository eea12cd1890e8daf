//! Affine maps of low rank.

use crate::kernel::Element;
use crate::{Bias, Dense, GraphBuilder, Level, NnError};
use rand::Rng;

impl<A: Element> GraphBuilder<A> {
    /// y = U V x + b of the given rank: `rank` (inputs + outputs) weights in place of inputs times outputs.
    ///
    /// Parameters: `name.0.weight` (V), `name.1.weight` (U) and `name.1.bias`, as of a PyTorch `Sequential` of two
    /// `Linear`s of which the first has no bias.
    ///
    /// # Errors
    /// As for a [`layer`](Self::layer).
    pub fn low_rank(
        &mut self,
        name: &str,
        rank: usize,
        outputs: usize,
        from: Level,
        rng: &mut impl Rng,
    ) -> Result<Level, NnError> {
        let inner = Dense::zeros(self.width(from), rank).bias(Bias::Absent).drawn(rng);
        let inner = self.layer(&format!("{name}.0"), inner, from)?;
        self.layer(&format!("{name}.1"), Dense::new(rank, outputs, rng), inner)
    }
}
