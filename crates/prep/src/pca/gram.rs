//! Σ (x - μ)(x - μ)ᵀ of sparse rows.

use crate::krylov::{Operator, product};
use crate::tiles::tiles;
use crate::{PrepError, Rows, SparseRows};
use faer::{Mat, MatRef};
use rayon::prelude::*;

/// Tiles that are summed at a time.
const TILES: usize = 16;
/// Rows of the square that one task owns.
const OWNED: usize = 16;

/// Sums of squares and products of the columns.
pub(super) struct Gram {
    square: Mat<f64>,
}

impl Gram {
    /// XᵀX - n μ μᵀ.
    ///
    /// Each task owns rows of the square and goes through all cells in their order, so the bits depend on the data
    /// alone. A tile of cells is turned, and then row j of the square stays in the fastest cache while the entries of
    /// every cell that has gene j are added to it: n p² d² / 2 products at density d.
    pub(super) fn of(rows: &(impl Rows + ?Sized), mean: &[f64]) -> Result<Self, PrepError> {
        let (n, p) = rows.shape();
        let mut upper = vec![0f64; p * p];
        tiles(rows, TILES, |_, tiles| {
            let turned: Vec<Turned> = tiles.par_iter().map(Turned::of).collect();
            upper.par_chunks_mut(OWNED * p).enumerate().for_each(|(task, owned)| {
                for (tile, turned) in tiles.iter().zip(&turned) {
                    let (indices, data) = (tile.indices(), tile.data());
                    for (i, square) in owned.chunks_mut(p).enumerate() {
                        for &(at, end) in turned.entries(task * OWNED + i) {
                            let (at, end) = (at as usize, end as usize);
                            let by = f64::from(data[at]);
                            // From the entry itself on: the columns of a cell increase.
                            for (&j, &v) in indices[at..end].iter().zip(&data[at..end]) {
                                square[j as usize] += by * f64::from(v);
                            }
                        }
                    }
                }
            });
            Ok(())
        })?;
        let n = n as f64;
        let centred = |i: usize, j: usize| upper[i * p + j] - n * mean[i] * mean[j];
        Ok(Self { square: Mat::from_fn(p, p, |i, j| centred(i.min(j), i.max(j))) })
    }

    pub(super) fn new(square: Mat<f64>) -> Self {
        Self { square }
    }

    /// The sum of squares about the mean.
    pub(super) fn trace(&self) -> f64 {
        (0..self.square.nrows()).map(|i| self.square[(i, i)]).sum()
    }
}

impl Operator for Gram {
    fn side(&self) -> usize {
        self.square.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>) -> Result<Mat<f64>, PrepError> {
        // Symmetric: a panel of columns is a panel of rows, contiguous.
        Ok(product(self.square.transpose(), v))
    }
}

/// Where the entries of each column of a tile are, and where the row of each ends.
struct Turned {
    starts: Vec<usize>,
    entries: Vec<(u32, u32)>,
}

impl Turned {
    fn of(tile: &SparseRows) -> Self {
        let p = tile.shape().1;
        let mut starts = vec![0usize; p + 1];
        tile.indices().iter().for_each(|&j| starts[j as usize + 1] += 1);
        for j in 0..p {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0u32, 0u32); tile.indices().len()];
        for ends in tile.indptr().windows(2) {
            for at in ends[0]..ends[1] {
                let place = &mut next[tile.indices()[at] as usize];
                // 1024 rows of fewer than 2²² columns: the positions fit.
                entries[*place] = (at as u32, ends[1] as u32);
                *place += 1;
            }
        }
        Self { starts, entries }
    }

    fn entries(&self, column: usize) -> &[(u32, u32)] {
        &self.entries[self.starts[column]..self.starts[column + 1]]
    }
}
