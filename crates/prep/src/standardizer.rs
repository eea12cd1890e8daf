//! Zero mean and unit variance for each column.

use crate::PrepError;
use ndarray::{Array1, Array2, ArrayView2, s};

/// z = (x - μ) / σ for each of the first d columns.
///
/// μ and σ are the mean and the standard deviation with divisor n (ddof 0) over all rows it was fitted
/// to, computed in `f64` in two passes. A constant column has σ = 1, so that it becomes 0. Further
/// columns are dropped. This is the whitening of the usual benchmarks: fit on the cells of all times,
/// keep the first few principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer {
    /// μ, one a column.
    pub mean: Array1<f64>,
    /// σ, one a column.
    pub scale: Array1<f64>,
}

impl Standardizer {
    /// Fits to the first `dims` columns of `x`.
    ///
    /// # Errors
    /// [`PrepError::Fit`] if there are no rows, fewer columns, or an entry that is not finite.
    pub fn fit(x: ArrayView2<'_, f32>, dims: usize) -> Result<Self, PrepError> {
        let (rows, columns) = x.dim();
        if rows == 0 || dims == 0 || columns < dims {
            return Err(PrepError::Fit {
                what: "standardisation",
                needed: format!("a row at least and {} columns", dims.max(1)),
                got: format!("{rows} rows and {columns} columns"),
                hint: "choose fewer dimensions",
            });
        }
        let x = x.slice(s![.., ..dims]);
        if let Some(value) = x.iter().find(|v| !v.is_finite()) {
            return Err(PrepError::Fit {
                what: "standardisation",
                needed: "finite entries".to_string(),
                got: value.to_string(),
                hint: "remove such cells or impute the values",
            });
        }
        let sum_of = |term: &dyn Fn(usize, f64) -> f64| {
            let mut sum = Array1::<f64>::zeros(dims);
            for row in x.rows() {
                row.iter()
                    .zip(sum.iter_mut())
                    .enumerate()
                    .for_each(|(j, (&v, s))| *s += term(j, f64::from(v)));
            }
            sum / rows as f64
        };
        let mean = sum_of(&|_, v| v);
        let variance = sum_of(&|j, v| (v - mean[j]).powi(2));
        let scale = variance.mapv(|v| if v > 0.0 { v.sqrt() } else { 1.0 });
        Ok(Self { mean, scale })
    }

    /// d, the number of columns.
    pub fn dims(&self) -> usize {
        self.mean.len()
    }

    /// (x - μ) / σ of the first d columns.
    ///
    /// # Errors
    /// [`PrepError::Fit`] if `x` has fewer than d columns.
    pub fn apply(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, PrepError> {
        self.columns(x.ncols(), x.ncols() >= self.dims())?;
        let x = x.slice(s![.., ..self.dims()]);
        Ok(Array2::from_shape_fn(x.dim(), |(i, j)| {
            ((f64::from(x[[i, j]]) - self.mean[j]) / self.scale[j]) as f32
        }))
    }

    /// σ z + μ.
    ///
    /// # Errors
    /// [`PrepError::Fit`] if `z` has not d columns.
    pub fn invert(&self, z: ArrayView2<'_, f32>) -> Result<Array2<f32>, PrepError> {
        self.columns(z.ncols(), z.ncols() == self.dims())?;
        Ok(Array2::from_shape_fn(z.dim(), |(i, j)| {
            (f64::from(z[[i, j]]) * self.scale[j] + self.mean[j]) as f32
        }))
    }

    fn columns(&self, got: usize, fits: bool) -> Result<(), PrepError> {
        if fits {
            return Ok(());
        }
        Err(PrepError::Fit {
            what: "standardisation",
            needed: format!("{} columns", self.dims()),
            got: format!("{got} columns"),
            hint: "give the columns that it was fitted to",
        })
    }
}
