//! What the stages of MIOFlow consume.

use super::distances::{Geodesic, Landmarks};
use crate::{BatchSource, Minibatches, ModelError};
use chreode_core::Seed;
use ndarray::{Array2, Axis};
use rand::seq::index;
use std::sync::{Arc, OnceLock};

/// A batch of a stage.
#[derive(Clone, Debug, PartialEq)]
pub enum MioBatch {
    /// For the autoencoder: cells, and the distances between them along all cells; +∞ where no path leads, or no heat.
    Encode {
        /// One a row.
        cells: Array2<f32>,
        /// A square.
        distances: Array2<f32>,
    },
    /// For the dynamics: cells of every snapshot.
    Carry(Vec<Array2<f32>>),
}

/// Makes them: the first `encoding` for the autoencoder.
pub(super) struct Stages<'p> {
    pub(super) minibatches: Minibatches<'p>,
    pub(super) encoding: u64,
    pub(super) geodesic: Geodesic,
    pub(super) neighbours: usize,
    pub(super) seed: Seed,
    /// Made when first asked for.
    pub(super) landmarks: Arc<OnceLock<Result<Landmarks, ModelError>>>,
}

impl BatchSource for Stages<'_> {
    type Batch = MioBatch;

    fn batch(&self, step: u64) -> Result<MioBatch, ModelError> {
        if step >= self.encoding {
            return Ok(MioBatch::Carry(self.minibatches.draw(step).0));
        }
        let make =
            || Landmarks::of(self.minibatches.populations(), self.geodesic, self.neighbours, self.seed);
        let Landmarks { cells, distances } =
            self.landmarks.get_or_init(make).as_ref().map_err(Clone::clone)?;
        let n = self.minibatches.size().min(cells.nrows());
        let rows = index::sample(&mut self.seed.stream("encode", step), cells.nrows(), n).into_vec();
        Ok(MioBatch::Encode {
            cells: cells.select(Axis(0), &rows),
            distances: distances.select(Axis(0), &rows).select(Axis(1), &rows),
        })
    }
}
