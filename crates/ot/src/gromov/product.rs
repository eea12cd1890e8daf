//! Matrix products on all threads.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Rows of one task; fixed, so that the bits do not depend on the number of threads.
const BLOCK: usize = 256;

/// `X Y`, in standard layout whatever the layouts of the two.
pub(crate) fn product(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut out = Array2::zeros((x.nrows(), y.ncols()));
    if x.nrows() <= BLOCK {
        ndarray::linalg::general_mat_mul(1.0, &x, &y, 0.0, &mut out);
        return out;
    }
    let blocks: Vec<_> = out.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate().collect();
    blocks.into_par_iter().for_each(|(block, mut out)| {
        let start = block * BLOCK;
        let rows = x.slice(s![start..start + out.nrows(), ..]);
        ndarray::linalg::general_mat_mul(1.0, &rows, &y, 0.0, &mut out);
    });
    out
}

/// `a bᵀ`, in standard layout.
pub(crate) fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.len(), b.len()), |(i, j)| a[i] * b[j])
}
