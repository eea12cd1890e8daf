//! The product of the marginals.

use super::Pairing;
use crate::ModelError;
use ndarray::ArrayView2;
use rand::{Rng, RngExt};

/// Cells paired at random: the coupling of I-CFM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Independent;

impl Pairing for Independent {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        _length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        // The rows of a minibatch are in random order already; with as many targets as sources the
        // identity is a uniformly random matching, and each cell appears once.
        if x0.nrows() == x1.nrows() {
            return Ok((0..x0.nrows()).map(|i| (i, i)).collect());
        }
        Ok((0..x0.nrows()).map(|i| (i, rng.random_range(0..x1.nrows()))).collect())
    }
}
