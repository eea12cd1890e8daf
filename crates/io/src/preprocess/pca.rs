//! Principal components, exact.

use crate::{Csr, IoError};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par, Spec};
use ndarray::{Array1, Array2, ArrayView2};

/// The largest side of the matrix whose eigenvectors are computed; 8 n² bytes, and time n³.
const LARGEST: usize = 8192;
/// Rows (or columns) that are centred in `f64` at a time.
const BLOCK: usize = 512;

/// Principal component analysis: z = Vᵀ (x - μ).
///
/// The columns of V are the eigenvectors of the covariance with the k largest eigenvalues. They come from
/// the eigendecomposition of the smaller of the covariance XᵀX (p × p) and the Gram matrix XXᵀ (n × n) of
/// the centred data, in `f64` and on one thread, so the bits do not depend on the number of threads. The
/// sign of a component makes its loading of largest absolute value positive. The two matrices square the
/// condition number: components with less than about 1e-7 of the first one's standard deviation are noise.
///
/// Jolliffe, *Principal Component Analysis*, 2002, doi:10.1007/b98835, sections 1.1 and 3.5.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// μ, one a feature.
    pub mean: Array1<f64>,
    /// V: features by components, orthonormal columns.
    pub loadings: Array2<f64>,
    /// The variance along each component, with divisor n - 1.
    pub variance: Array1<f64>,
    /// The same as a share of the total variance.
    pub variance_ratio: Array1<f64>,
}

/// What the decomposition needs of the data: cells by features.
trait Rows {
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

impl Rows for Csr {
    fn shape(&self) -> (usize, usize) {
        self.shape()
    }

    fn mean(&self) -> Array1<f64> {
        let mut sum = Array1::zeros(self.shape().1);
        self.indices().iter().zip(self.data()).for_each(|(&j, &v)| sum[j as usize] += f64::from(v));
        sum / self.shape().0 as f64
    }

    fn centred(&self, first: usize, mean: &Array1<f64>, block: &mut Array2<f64>) {
        for (i, mut out) in block.rows_mut().into_iter().enumerate() {
            out.assign(&-mean);
            self.row(first + i).for_each(|(j, v)| out[j] += f64::from(v));
        }
    }
}

impl Pca {
    /// Fits `components` components to dense rows, in `f32` or `f64`.
    ///
    /// # Errors
    /// [`IoError::Fit`] with fewer than two rows, more components than min(n - 1, p) or than the data have
    /// dimensions, an entry that is not finite, or more than 8192 rows and columns both.
    pub fn fit<T: Copy + Into<f64>>(x: ArrayView2<'_, T>, components: usize) -> Result<Self, IoError> {
        fit(&x, components)
    }

    /// Fits to sparse rows, a block of which is made dense at a time.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_csr(x: &Csr, components: usize) -> Result<Self, IoError> {
        fit(x, components)
    }

    /// The number of components.
    pub fn components(&self) -> usize {
        self.loadings.ncols()
    }

    /// z = Vᵀ (x - μ) for each row.
    ///
    /// # Errors
    /// [`IoError::Fit`] if `x` has another number of columns than the data that it was fitted to.
    pub fn transform<T: Copy + Into<f64>>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>, IoError> {
        self.transform_rows(&x)
    }

    /// z = Vᵀ (x - μ) for each sparse row.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn transform_csr(&self, x: &Csr) -> Result<Array2<f64>, IoError> {
        self.transform_rows(x)
    }

    /// x = V z + μ for each row: the nearest point in the space of the components.
    ///
    /// # Errors
    /// [`IoError::Fit`] if `z` has not one column a component.
    pub fn inverse(&self, z: ArrayView2<'_, f64>) -> Result<Array2<f64>, IoError> {
        width(self.components(), z.ncols())?;
        Ok(z.dot(&self.loadings.t()) + &self.mean)
    }

    fn transform_rows(&self, x: &impl Rows) -> Result<Array2<f64>, IoError> {
        let (n, p) = x.shape();
        width(self.mean.len(), p)?;
        let mut z = Array2::zeros((n, self.components()));
        for first in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - first);
            let mut block = Array2::zeros((rows, p));
            x.centred(first, &self.mean, &mut block);
            z.slice_mut(ndarray::s![first..first + rows, ..]).assign(&block.dot(&self.loadings));
        }
        Ok(z)
    }
}

fn fit(x: &impl Rows, k: usize) -> Result<Pca, IoError> {
    let (n, p) = x.shape();
    let most = p.min(n.saturating_sub(1));
    if k == 0 || k > most {
        let needed = format!("min(rows - 1, columns) of at least {}", k.max(1));
        return Err(refuse(needed, format!("{n} rows and {p} columns"), "ask for fewer components"));
    }
    let side = n.min(p);
    if side > LARGEST {
        let needed = format!("at most {LARGEST} rows or columns");
        return Err(refuse(needed, format!("{n} rows and {p} columns"), "select variable genes first"));
    }
    let mean = x.mean();
    if mean.iter().any(|m| !m.is_finite()) {
        return Err(refuse("finite entries".into(), "NaN or infinity".into(), "impute or remove it"));
    }
    let blocks: Vec<Array2<f64>> = if p <= n { Vec::new() } else { centred_blocks(x, &mean) };
    let square = if p <= n { covariance(x, &mean) } else { gram(&blocks, n) };
    let (values, vectors) = eigen(&square)?;
    let total: f64 = (0..side).map(|i| square[(i, i)]).sum();
    // Eigenvalues below the rounding of the square have no direction of their own.
    let floor = values[side - 1] * f64::EPSILON * side as f64;
    let rank = values.iter().filter(|&&v| v > floor).count();
    if rank < k {
        let needed = format!("data of {k} dimensions");
        return Err(refuse(needed, format!("data of {rank}"), "ask for fewer components"));
    }
    let mut loadings = Array2::from_shape_fn((side, k), |(i, j)| vectors[(i, side - 1 - j)]);
    if p > n {
        loadings = project(&blocks, &loadings, p);
        for (j, mut column) in loadings.columns_mut().into_iter().enumerate() {
            column /= values[side - 1 - j].sqrt();
        }
    }
    for mut column in loadings.columns_mut() {
        let largest = column.iter().fold(0.0f64, |best, &v| if v.abs() > best.abs() { v } else { best });
        if largest < 0.0 {
            column.mapv_inplace(|v| -v);
        }
    }
    let top = Array1::from_shape_fn(k, |j| values[side - 1 - j]);
    Ok(Pca { mean, loadings, variance: &top / (n as f64 - 1.0), variance_ratio: top / total })
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

/// Eigenvalues, increasing, and eigenvectors of a symmetric matrix given by its lower half.
fn eigen(square: &Mat<f64>) -> Result<(Vec<f64>, Mat<f64>), IoError> {
    let n = square.nrows();
    let mut values = faer::Col::<f64>::zeros(n);
    let mut vectors = Mat::zeros(n, n);
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        square.as_ref(),
        values.as_mut().as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    )
    .map_err(|_| refuse("a convergent eigensolver".into(), "no convergence".into(), "scale the columns"))?;
    Ok(((0..n).map(|i| values[i]).collect(), vectors))
}

fn width(needed: usize, got: usize) -> Result<(), IoError> {
    if needed == got {
        return Ok(());
    }
    let hint = "give the features that it was fitted to";
    Err(refuse(format!("{needed} columns"), format!("{got} columns"), hint))
}

fn refuse(needed: String, got: String, hint: &'static str) -> IoError {
    IoError::Fit { what: "principal component analysis", needed, got, hint }
}
