//! Components of Pearson residuals, which are dense and never held.

use super::gram::Gram;
use crate::krylov::product;
use crate::pearson::{Model, Residual};
use crate::tiles::tiles;
use crate::{PrepError, ResidualClip, Rows, SparseRows};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

/// Cells that are written out at a time.
const TILE: usize = 1024;
/// Rows of the square that one task computes.
const PANEL: usize = 128;

/// Pearson residuals of counts, cells by genes, one cell at a time.
#[derive(Clone, Debug)]
pub struct PearsonResiduals<R> {
    rows: R,
    model: Model,
}

impl<R: Rows> PearsonResiduals<R> {
    /// Residuals of `rows` (raw counts) with overdispersion 1 / θ; see
    /// [`residual_variances`](crate::residual_variances) for the formula. One pass.
    ///
    /// # Errors
    /// [`PrepError::Parameter`] for θ or a clip outside its range, and those of the source.
    pub fn new(rows: R, theta: f64, clip: ResidualClip) -> Result<Self, PrepError> {
        let batch = vec![0; rows.shape().0];
        let model = Model::by_batch(&rows, &batch, 1, theta, clip)?.swap_remove(0);
        Ok(Self { rows, model })
    }

    /// (cells, genes).
    pub fn shape(&self) -> (usize, usize) {
        self.rows.shape()
    }

    /// Hands out the residuals of 1024 cells at a time, cells in columns, with the number of the first.
    pub(super) fn each(
        &self,
        mut visit: impl FnMut(usize, MatRef<'_, f64>) -> Result<(), PrepError>,
    ) -> Result<(), PrepError> {
        let p = self.shape().1;
        tiles(&self.rows, (TILE, 1), |first, tile| {
            let tile: &SparseRows = &tile[0];
            let mut cells = vec![0f64; p * tile.shape().0];
            let block = tile.block(0);
            cells.par_chunks_mut(p).enumerate().for_each(|(c, out)| {
                let (j, v) = block.row(c);
                Residual::of(&self.model, j, v).write(out);
            });
            let cells = MatRef::from_column_major_slice(&cells, p, tile.shape().0);
            visit(first, cells)
        })
    }

    /// The mean of each gene's residuals.
    pub(super) fn mean(&self) -> Result<Vec<f64>, PrepError> {
        let (n, p) = self.shape();
        let mut sum = vec![0f64; p];
        self.each(|_, cells| {
            for column in cells.col_iter() {
                sum.iter_mut().enumerate().for_each(|(i, s)| *s += column[i]);
            }
            Ok(())
        })?;
        Ok(sum.into_iter().map(|s| s / n as f64).collect())
    }

    pub(super) fn gram(&self, mean: &[f64]) -> Result<Gram, PrepError> {
        let p = self.shape().1;
        let mut panels: Vec<Mat<f64>> =
            (0..p.div_ceil(PANEL)).map(|i| Mat::zeros(PANEL.min(p - i * PANEL), p)).collect();
        self.each(|_, cells| {
            let centred = Mat::from_fn(p, cells.ncols(), |i, j| cells[(i, j)] - mean[i]);
            panels.par_iter_mut().enumerate().for_each(|(i, panel)| {
                // The lower half is enough.
                let (from, rows) = (i * PANEL, panel.nrows());
                let lower = panel.subcols_mut(0, from + rows);
                let all = centred.subrows(0, from + rows);
                matmul(lower, Accum::Add, centred.subrows(from, rows), all.transpose(), 1.0, Par::Seq);
            });
            Ok(())
        })?;
        let at = |i: usize, j: usize| panels[i / PANEL][(i % PANEL, j)];
        Ok(Gram::new(Mat::from_fn(p, p, |i, j| at(i.max(j), i.min(j)))))
    }

    /// (z - μ)ᵀ V of each cell.
    pub(super) fn scores(&self, mean: &[f64], v: &Mat<f64>) -> Result<Mat<f64>, PrepError> {
        let (n, p) = self.shape();
        let mut out = Mat::zeros(n, v.ncols());
        self.each(|first, cells| {
            let centred = Mat::from_fn(p, cells.ncols(), |i, j| cells[(i, j)] - mean[i]);
            let part = product(centred.transpose(), v.as_ref());
            out.subrows_mut(first, part.nrows()).copy_from(&part);
            Ok(())
        })?;
        Ok(out)
    }
}
