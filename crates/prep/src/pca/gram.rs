//! Σ (x - μ)(x - μ)ᵀ of sparse rows.

use crate::krylov::{Operator, product};
use crate::tiles::tiles;
use crate::{PrepError, Rows, SparseRows};
use chreode_core::simd::Machine;
use faer::{Mat, MatRef};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Cells of a tile: a panel of them fits in the fastest cache.
const TILE: usize = 128;
/// Tiles that are summed at a time.
const TILES: usize = 32;
/// Rows of a block of the square.
const HEIGHT: usize = 256;
/// Panels of a block.
const PANELS: usize = 8;
/// Genes of a panel: their sums stay in registers.
const PANEL: usize = 64;
/// Columns of a block.
const WIDTH: usize = PANELS * PANEL;

/// Sums of squares and products of the columns.
pub(super) struct Gram {
    square: Mat<f64>,
}

impl Gram {
    /// XᵀX - n μ μᵀ.
    ///
    /// A task owns a block of the square and goes through all cells in their order, so the bits depend on the data alone.
    /// The left factor stays sparse, the right one is written out a tile of cells at a time: n p² d / 2 products at
    /// density d, each a contiguous run that fills the vector registers. The products of the 128 cells of a tile are added
    /// in `f32`, which rounds about as the data are rounded, and the sums of the tiles in `f64`.
    pub(super) fn of(rows: &(impl Rows + ?Sized), mean: &[f64]) -> Result<Self, PrepError> {
        let (n, p) = rows.shape();
        let mut blocks: Vec<Square> = (0..p)
            .step_by(HEIGHT)
            .flat_map(|top| (0..p).step_by(WIDTH).map(move |left| (top, left)))
            // Those that reach the diagonal or lie above it.
            .filter(|(top, left)| left + WIDTH > *top)
            .map(|(top, left)| Square { top, left, sums: vec![0.0; HEIGHT.min(p - top) * WIDTH] })
            .collect();
        let machine = Machine::detect();
        tiles(rows, (TILE, TILES), |_, tiles| {
            let tiles: Vec<Tile> = tiles.par_iter().map(Tile::of).collect();
            blocks.par_iter_mut().for_each(|block| {
                tiles.iter().for_each(|tile| machine.run(Add { block, tile }));
            });
            Ok(())
        })?;
        let mut square = Mat::<f64>::zeros(p, p);
        for block in &blocks {
            for (i, sums) in block.sums.chunks(WIDTH).enumerate() {
                let i = block.top + i;
                for (j, sum) in (block.left..p).zip(sums).filter(|(j, _)| *j >= i) {
                    let centred = sum - n as f64 * mean[i] * mean[j];
                    square[(i, j)] = centred;
                    square[(j, i)] = centred;
                }
            }
        }
        Ok(Self { square })
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

/// A block of the square: rows from `top`, columns from `left`.
struct Square {
    top: usize,
    left: usize,
    sums: Vec<f64>,
}

/// Some cells, gene by gene and written out.
struct Tile {
    starts: Vec<usize>,
    /// The cell in the tile and the value of each entry, gene after gene.
    entries: Vec<(u32, f32)>,
    cells: usize,
    /// A panel of genes after another, cell after cell in each.
    dense: Vec<[f32; PANEL]>,
}

impl Tile {
    fn of(rows: &SparseRows) -> Self {
        let (cells, p) = rows.shape();
        let mut starts = vec![0usize; p + 1];
        rows.indices().iter().for_each(|&j| starts[j as usize + 1] += 1);
        for j in 0..p {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0u32, 0f32); rows.indices().len()];
        let mut dense = vec![[0f32; PANEL]; p.div_ceil(WIDTH) * PANELS * cells];
        for cell in 0..cells {
            let (columns, values) = rows.block(0).row(cell);
            for (&j, &v) in columns.iter().zip(values) {
                let j = j as usize;
                entries[next[j]] = (cell as u32, v);
                next[j] += 1;
                dense[j / PANEL * cells + cell][j % PANEL] = v;
            }
        }
        Self { starts, entries, cells, dense }
    }
}

/// Adds a tile to a block.
struct Add<'a> {
    block: &'a mut Square,
    tile: &'a Tile,
}

impl WithSimd for Add<'_> {
    type Output = ();

    // The inner loop is over neighbours in memory: the compiler puts them in the registers it is given.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { block, tile } = self;
        for panel in 0..PANELS {
            let left = block.left + panel * PANEL;
            let dense = &tile.dense[left / PANEL * tile.cells..][..tile.cells];
            for (i, sums) in block.sums.chunks_exact_mut(WIDTH).enumerate() {
                let gene = block.top + i;
                if gene >= left + PANEL {
                    // All of the panel is to the left of the diagonal.
                    break;
                }
                let mut sum = [0f32; PANEL];
                for &(cell, v) in &tile.entries[tile.starts[gene]..tile.starts[gene + 1]] {
                    let others = &dense[cell as usize];
                    for j in 0..PANEL {
                        sum[j] += v * others[j];
                    }
                }
                let sums = &mut sums[panel * PANEL..][..PANEL];
                sums.iter_mut().zip(&sum).for_each(|(all, part)| *all += f64::from(*part));
            }
        }
    }
}
