//! Functions of symmetric matrices.

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use ndarray::{Array2, ArrayView2};

pub(super) fn dense(matrix: ArrayView2<'_, f64>) -> DMatrix<f64> {
    DMatrix::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[[i, j]])
}

pub(super) fn array(matrix: &DMatrix<f64>) -> Array2<f64> {
    Array2::from_shape_fn(matrix.shape(), |(i, j)| matrix[(i, j)])
}

/// A symmetric matrix by its eigenvalues and eigenvectors.
pub(super) struct Spectrum {
    pub(super) values: DVector<f64>,
    vectors: DMatrix<f64>,
}

impl Spectrum {
    /// Of `(M + Mᵀ)/2`.
    pub(super) fn new(matrix: &DMatrix<f64>) -> Self {
        let eigen = SymmetricEigen::new((matrix + matrix.transpose()) * 0.5);
        Self { values: eigen.eigenvalues, vectors: eigen.eigenvectors }
    }

    pub(super) fn least(&self) -> f64 {
        self.values.iter().fold(f64::INFINITY, |m, &v| m.min(v))
    }

    pub(super) fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |m, &v| m.max(v))
    }

    /// The value below which an eigenvalue is rounding.
    fn floor(&self) -> f64 {
        self.largest() * self.values.len() as f64 * f64::EPSILON
    }

    /// Whether every eigenvalue is above rounding.
    pub(super) fn is_definite(&self) -> bool {
        self.least() > self.floor()
    }

    /// The same function of each eigenvalue, those below zero (rounding) taken for zero.
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> DMatrix<f64> {
        let values = self.values.map(|v| f(v.max(0.0)));
        &self.vectors * DMatrix::from_diagonal(&values) * self.vectors.transpose()
    }

    /// `M^½`.
    pub(super) fn root(&self) -> DMatrix<f64> {
        self.map(f64::sqrt)
    }

    /// `M^−½` on the range of M, and 0 on its null space.
    pub(super) fn inverse_root(&self) -> DMatrix<f64> {
        let floor = self.floor();
        self.map(|v| if v > floor { 1.0 / v.sqrt() } else { 0.0 })
    }
}
