//! Positions back to genes.

use super::Moved;
use crate::args::Expression;
use crate::cells::Cells;
use anyhow::{Result, bail};
use chreode_io::{H5ad, Matrix};
use ndarray::{Array1, s};

/// Predicted expression at the last time or at every time, where the coordinates are principal components.
///
/// `x = μ + z PCsᵀ` with the loadings `PCs` of `varm` and the mean `μ` of X over all cells, which is what
/// scanpy's PCA subtracts. Components that the model did not use count as 0. No layer where the file has
/// no loadings or no X.
pub(super) fn layers(
    input: &H5ad,
    moved: &Moved,
    cells: &Cells,
    which: Expression,
) -> Result<Vec<(String, Matrix)>> {
    let wanted = match which {
        Expression::None => return Ok(Vec::new()),
        Expression::Last => moved.times.len() - 1..moved.times.len(),
        Expression::All => 0..moved.times.len(),
    };
    let has = |group: &str, key: &str| Ok::<_, anyhow::Error>(input.keys(group)?.iter().any(|k| k == key));
    if cells.key() != "X_pca" || !has("varm", "PCs")? || !has("", "X")? {
        return Ok(Vec::new());
    }
    let loadings = input.varm("PCs")?;
    let dims = cells.populations.dims();
    if loadings.ncols() < dims {
        bail!(
            "varm/PCs has {} components and the model {dims}; use --expression none to go without predicted expression",
            loadings.ncols()
        );
    }
    let loadings = loadings.slice(s![.., ..dims]).reversed_axes();
    let mean = mean(&input.x()?);
    Ok(wanted
        .map(|k| {
            let genes = moved.positions[k].dot(&loadings) + &mean;
            (format!("expression_t{}", moved.times[k]), Matrix::Dense(genes))
        })
        .collect())
}

/// The mean of each column.
fn mean(x: &Matrix) -> Array1<f32> {
    let (rows, columns) = x.shape();
    let mut sum = Array1::<f64>::zeros(columns);
    const BLOCK: usize = 1024;
    for start in (0..rows).step_by(BLOCK) {
        let block: Vec<usize> = (start..(start + BLOCK).min(rows)).collect();
        for row in x.rows(&block).rows() {
            sum.iter_mut().zip(row).for_each(|(s, &v)| *s += f64::from(v));
        }
    }
    sum.mapv(|s| (s / rows.max(1) as f64) as f32)
}
