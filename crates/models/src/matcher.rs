//! Flow matching over snapshots: pairs of cells, points on their paths, velocities to learn.

use crate::{BatchSource, Clock, Couples, Minibatches, ModelError, Pairing, Path};
use chreode_core::{Populations, Seed};
use ndarray::Array2;

/// Rows to regress on: `v_θ(t[i], x[i])` should be `u[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Network time of each row.
    pub t: Vec<f32>,
    /// A point on a path a row.
    pub x: Array2<f32>,
    /// The target velocity, per unit of network time, a row.
    pub u: Array2<f32>,
}

impl Batch {
    /// One of `rows` rows, to be filled.
    pub(crate) fn empty(rows: usize, width: usize) -> Self {
        Self { t: Vec::with_capacity(rows), x: Array2::zeros((rows, width)), u: Array2::zeros((rows, width)) }
    }

    /// Appends a row at network time `t` and lends its point and its velocity, to be written.
    pub(crate) fn push(&mut self, t: f32) -> (&mut [f32], &mut [f32]) {
        let width = self.x.ncols();
        let here = self.t.len() * width..(self.t.len() + 1) * width;
        self.t.push(t);
        let x = self.x.as_slice_mut().expect("a new array is contiguous");
        let u = self.u.as_slice_mut().expect("a new array is contiguous");
        (&mut x[here.clone()], &mut u[here])
    }
}

/// Pairing × path over every interval of a series of populations.
///
/// Each step draws `batch` cells from every snapshot, pairs neighbouring snapshots, and takes one
/// moment, one point and one velocity from each pair: `batch` rows an interval ([`Couples`]). For an interval of length L
/// in network time, `τ = τ₀ + s L` and `u = (dx/ds) / L`.
///
/// Batch `k` is a pure function of the seed and `k`.
pub struct FlowMatcher<'p, Q, P> {
    couples: Couples<'p, Q>,
    path: P,
}

impl<'p, Q: Pairing, P: Path> FlowMatcher<'p, Q, P> {
    /// A matcher that draws `batch` cells a snapshot and step.
    ///
    /// # Errors
    /// Fewer than two times, a batch of 0, or a snapshot with fewer than two cells.
    pub fn new(
        populations: &'p Populations,
        pairing: Q,
        path: P,
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        Ok(Self { couples: Couples::new(Minibatches::new(populations, batch, seed)?, pairing), path })
    }

    /// The clock of the series.
    pub fn clock(&self) -> Clock {
        self.couples.minibatches().clock()
    }

    /// Rows in a batch.
    pub fn rows(&self) -> usize {
        self.couples.rows()
    }
}

impl<Q: Pairing, P: Path> BatchSource for FlowMatcher<'_, Q, P> {
    type Batch = Batch;

    fn batch(&self, index: u64) -> Result<Batch, ModelError> {
        let width = self.couples.minibatches().populations().dims();
        let mut batch = Batch::empty(self.rows(), width);
        self.couples.each(index, |moment| {
            let (x, u) = batch.push(moment.time);
            self.path.at(moment.s, moment.ends, x, u);
            u.iter_mut().for_each(|u| *u /= moment.ends.length);
        })?;
        Ok(batch)
    }
}
