//! Zero mean and unit variance for each gene, without making zeros dense.

use crate::error::{length, require};
use crate::{Block, GeneMoments, PrepError, Rows, SparseRows};
use rayon::prelude::*;

/// What happens to the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// It is taken off; limits hold on both sides.
    Zero,
    /// It stays: values are divided by σ alone, and limited above only.
    Keep,
}

/// Rows scaled as `scanpy.pp.scale` does, lazily: z = (x - μ) / σ, limited to ±`limit`.
///
/// What is handed out is z less the z of a zero, which [`shift`](Self::shift) holds: so zeros stay zeros and nothing
/// becomes dense. Principal components take off the mean anyway and are those of the scaled data. A gene without
/// variance has σ = 1.
#[derive(Clone, Debug)]
pub struct Scaled<R> {
    rows: R,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    limit: f64,
    centre: Centre,
    shift: Vec<f64>,
}

impl<R: Rows> Scaled<R> {
    /// `rows` scaled by `moments` of the same genes; an infinite `limit` is none.
    ///
    /// # Errors
    /// [`PrepError::Length`] unless there are moments for each gene, [`PrepError::Parameter`] for a limit that is not
    /// positive.
    pub fn new(rows: R, moments: &GeneMoments, centre: Centre, limit: f64) -> Result<Self, PrepError> {
        length("moments", "genes", rows.shape().1, moments.mean.len())?;
        require(limit > 0.0, "limit", limit, "positive")?;
        let deviation = moments.variance.iter().map(|&v| if v > 0.0 { v.sqrt() } else { 1.0 }).collect();
        let mut new = Self { rows, mean: moments.mean.clone(), deviation, limit, centre, shift: Vec::new() };
        new.shift = (0..new.mean.len()).map(|j| new.scaled(j, 0.0)).collect();
        Ok(new)
    }

    /// The scaled value of a zero, for each gene.
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    fn scaled(&self, j: usize, x: f64) -> f64 {
        match self.centre {
            Centre::Zero => ((x - self.mean[j]) / self.deviation[j]).clamp(-self.limit, self.limit),
            Centre::Keep => (x / self.deviation[j]).min(self.limit),
        }
    }
}

impl<R: Rows> Rows for Scaled<R> {
    fn shape(&self) -> (usize, usize) {
        self.rows.shape()
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        let mut scaled = SparseRows::empty(self.shape().1);
        self.rows.each(&mut |block| {
            scaled.clear();
            for i in 0..block.len() {
                let (columns, values) = block.row(i);
                scaled.push(columns, values);
            }
            let columns = scaled.indices().to_vec();
            scaled.data_mut().par_iter_mut().zip(columns).with_min_len(4096).for_each(|(v, j)| {
                let j = j as usize;
                *v = (self.scaled(j, f64::from(*v)) - self.shift[j]) as f32;
            });
            visit(&scaled.block(block.first()))
        })
    }
}
