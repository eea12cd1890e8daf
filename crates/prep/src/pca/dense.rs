//! Exact components of dense rows.

use super::{Pca, WHAT};
use crate::PrepError;
use crate::krylov::eigen;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use ndarray::{Array1, Array2, ArrayView2};

/// The largest side of the matrix whose eigenvectors are computed; 8 n² bytes, and time n³.
const LARGEST: usize = 8192;
/// Rows (or columns) that are centred in `f64` at a time.
const BLOCK: usize = 512;

/// What the decomposition needs of the data: cells by features.
pub(super) trait Rows {
    fn shape(&self) -> (usize, usize);
    fn mean(&self) -> Array1<f64>;
    /// Writes rows `first..first + block.nrows()`, less `mean`, into `block`.
    fn centred(&self, first: usize, mean: &Array1<f64>, block: &mut Array2<f64>);
}

impl<T: Copy + Into<f64>> Rows for ArrayView2<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.dim()
    }

    fn mean(&self) -> Array1<f64> {
        let mut sum = Array1::zeros(self.ncols());
        for row in self.rows() {
            row.iter().zip(&mut sum).for_each(|(&v, s)| *s += v.into());
        }
        sum / self.nrows() as f64
    }

    fn centred(&self, first: usize, mean: &Array1<f64>, block: &mut Array2<f64>) {
        for (i, mut out) in block.rows_mut().into_iter().enumerate() {
            let row = self.row(first + i);
            out.iter_mut().zip(row).zip(mean).for_each(|((o, &v), m)| *o = v.into() - m);
        }
    }
}

/// z = Vᵀ (x - μ) for each row.
pub(super) fn transform(pca: &Pca, x: &impl Rows) -> Result<Array2<f64>, PrepError> {
    let (n, p) = x.shape();
    width(pca.mean.len(), p)?;
    let mut z = Array2::zeros((n, pca.components()));
    for first in (0..n).step_by(BLOCK) {
        let rows = BLOCK.min(n - first);
        let mut block = Array2::zeros((rows, p));
        x.centred(first, &pca.mean, &mut block);
        z.slice_mut(ndarray::s![first..first + rows, ..]).assign(&block.dot(&pca.loadings));
    }
    Ok(z)
}

pub(super) fn fit(x: &impl Rows, k: usize) -> Result<Pca, PrepError> {
    let (n, p) = x.shape();
    possible(n, p, k)?;
    let side = n.min(p);
    small_enough(side, n, p)?;
    let mean = x.mean();
    if mean.iter().any(|m| !m.is_finite()) {
        return Err(not_finite());
    }
    let blocks: Vec<Array2<f64>> = if p <= n { Vec::new() } else { centred_blocks(x, &mean) };
    let square = if p <= n { covariance(x, &mean) } else { gram(&blocks, n) };
    let pairs = eigen(square.as_ref(), WHAT)?;
    let total: f64 = (0..side).map(|i| square[(i, i)]).sum();
    rank(&pairs.values, side, k)?;
    let mut loadings = Array2::from_shape_fn((side, k), |(i, j)| pairs.vectors[(i, j)]);
    if p > n {
        loadings = project(&blocks, &loadings, p);
        for (j, mut column) in loadings.columns_mut().into_iter().enumerate() {
            column /= pairs.values[j].sqrt();
        }
    }
    flip(&mut loadings);
    let top = Array1::from_shape_fn(k, |j| pairs.values[j]);
    Ok(Pca { mean, loadings, variance: &top / (n as f64 - 1.0), variance_ratio: top / total })
}

/// At least two rows, and as many components as they can have.
pub(super) fn possible(n: usize, p: usize, k: usize) -> Result<(), PrepError> {
    let most = p.min(n.saturating_sub(1));
    if k > 0 && k <= most {
        return Ok(());
    }
    let needed = format!("min(rows - 1, columns) of at least {}", k.max(1));
    Err(refuse(needed, format!("{n} rows and {p} columns"), "ask for fewer components"))
}

/// A square that fits.
pub(super) fn small_enough(side: usize, n: usize, p: usize) -> Result<(), PrepError> {
    if side <= LARGEST {
        return Ok(());
    }
    let needed = format!("at most {LARGEST} rows or columns");
    Err(refuse(needed, format!("{n} rows and {p} columns"), "select variable genes first"))
}

/// `k` of the eigenvalues, the largest first, above the rounding of the square of that side: those below have no
/// direction of their own.
pub(super) fn rank(values: &[f64], side: usize, k: usize) -> Result<(), PrepError> {
    let floor = values[0] * f64::EPSILON * side as f64;
    let rank = values.iter().filter(|&&v| v > floor).count();
    if rank >= k {
        return Ok(());
    }
    Err(refuse(format!("data of {k} dimensions"), format!("data of {rank}"), "ask for fewer components"))
}

/// Makes the loading of largest absolute value positive, component by component.
pub(crate) fn flip(loadings: &mut Array2<f64>) {
    for mut column in loadings.columns_mut() {
        let largest = column.iter().fold(0.0f64, |best, &v| if v.abs() > best.abs() { v } else { best });
        if largest < 0.0 {
            column.mapv_inplace(|v| -v);
        }
    }
}

pub(super) fn not_finite() -> PrepError {
    refuse("finite entries".into(), "NaN or infinity".into(), "impute or remove it")
}

fn centred_blocks(x: &impl Rows, mean: &Array1<f64>) -> Vec<Array2<f64>> {
    let (n, p) = x.shape();
    let block = |first: usize| {
        let mut block = Array2::zeros((BLOCK.min(n - first), p));
        x.centred(first, mean, &mut block);
        block
    };
    (0..n).step_by(BLOCK).map(block).collect()
}

/// Σ (x - μ)(x - μ)ᵀ.
fn covariance(x: &impl Rows, mean: &Array1<f64>) -> Mat<f64> {
    let (n, p) = x.shape();
    let mut sum = Mat::zeros(p, p);
    for first in (0..n).step_by(BLOCK) {
        let mut block = Array2::zeros((BLOCK.min(n - first), p));
        x.centred(first, mean, &mut block);
        let block = view(&block);
        matmul(sum.as_mut(), Accum::Add, block.transpose(), block, 1.0, Par::Seq);
    }
    sum
}

/// All inner products of the centred rows.
fn gram(blocks: &[Array2<f64>], n: usize) -> Mat<f64> {
    let mut gram = Mat::zeros(n, n);
    for (i, a) in blocks.iter().enumerate() {
        for (j, b) in blocks.iter().enumerate().take(i + 1) {
            let part = gram.submatrix_mut(i * BLOCK, j * BLOCK, a.nrows(), b.nrows());
            matmul(part, Accum::Replace, view(a), view(b).transpose(), 1.0, Par::Seq);
        }
    }
    gram
}

/// Xᵀ U.
fn project(blocks: &[Array2<f64>], u: &Array2<f64>, p: usize) -> Array2<f64> {
    let mut out = Array2::zeros((p, u.ncols()));
    for (i, block) in blocks.iter().enumerate() {
        let rows = u.slice(ndarray::s![i * BLOCK..i * BLOCK + block.nrows(), ..]);
        out += &block.t().dot(&rows);
    }
    out
}

fn view(block: &Array2<f64>) -> faer::MatRef<'_, f64> {
    let (rows, columns) = block.dim();
    faer::MatRef::from_row_major_slice(block.as_slice().expect("a fresh block is contiguous"), rows, columns)
}

pub(super) fn width(needed: usize, got: usize) -> Result<(), PrepError> {
    if needed == got {
        return Ok(());
    }
    let hint = "give the features that it was fitted to";
    Err(refuse(format!("{needed} columns"), format!("{got} columns"), hint))
}

fn refuse(needed: String, got: String, hint: &'static str) -> PrepError {
    PrepError::Fit { what: WHAT, needed, got, hint }
}
