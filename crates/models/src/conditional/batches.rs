//! Pairs of cells that know their condition.

mod joint;
mod within;

pub use joint::JointMatcher;
pub use within::WithinMatcher;

use crate::Batch;
use chreode_core::Stream;
use ndarray::Array2;
use rand::RngExt;

/// Rows to regress on, and the condition that the network is told of each.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalBatch {
    /// Times, points and velocities.
    pub flow: Batch,
    /// A row of [`Conditions`](crate::Conditions) a point; that of the null token where the condition is not told.
    pub conditions: Array2<f32>,
}

/// Rows of conditions, some of them replaced by the null token.
struct Telling {
    told: f64,
    null: Vec<f32>,
    rng: Stream,
    rows: Vec<f32>,
}

impl Telling {
    fn new(told: f64, null: &[f32], rng: Stream) -> Self {
        Self { told, null: null.to_vec(), rng, rows: Vec::new() }
    }

    /// Appends `row`, or that of the null token.
    fn push(&mut self, row: &[f32]) {
        let draw: f64 = self.rng.random();
        self.rows.extend_from_slice(if draw < self.told { row } else { &self.null });
    }

    fn batch(self, flow: Batch) -> ConditionalBatch {
        let shape = (flow.t.len(), self.null.len());
        let conditions = Array2::from_shape_vec(shape, self.rows).expect("a row of conditions a pair");
        ConditionalBatch { flow, conditions }
    }
}
