//! Weighted sums over the rows and columns of tall matrices, the same bits for any number of threads.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 2048;

/// `K v`.
pub(crate) fn row_sums(k: &Array2<f64>, v: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; k.nrows()];
    let r = k.ncols();
    let flat = k.as_slice().expect("factors are contiguous");
    out.par_chunks_mut(ROWS).zip(flat.par_chunks(ROWS * r)).for_each(|(out, rows)| {
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(r)) {
            *out = row.iter().zip(v).map(|(k, v)| k * v).sum();
        }
    });
    out
}

/// `Kᵀ u`, or the plain sums of the columns.
pub(crate) fn column_sums(k: &Array2<f64>, u: Option<&[f64]>) -> Vec<f64> {
    let r = k.ncols();
    let blocks: Vec<_> = k.axis_chunks_iter(Axis(0), ROWS).enumerate().collect();
    let parts: Vec<Vec<f64>> = blocks
        .into_par_iter()
        .map(|(block, rows)| {
            let mut sums = vec![0.0; r];
            for (i, row) in rows.rows().into_iter().enumerate() {
                let weight = u.map_or(1.0, |u| u[block * ROWS + i]);
                sums.iter_mut().zip(row).for_each(|(sum, k)| *sum += weight * k);
            }
            sums
        })
        .collect();
    let mut sums = vec![0.0; r];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums
}
