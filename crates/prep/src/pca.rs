//! Principal components.

mod dense;
mod gram;
mod randomized;
mod residuals;
mod streamed;

pub(crate) use dense::flip;
pub use residuals::PearsonResiduals;

use crate::fold::map;
use crate::krylov::{self, Operator, Pairs};
use crate::{GeneMoments, PrepError, Rows, Values};
use chreode_core::Seed;
use chreode_core::simd::Machine;
use gram::Gram;
use ndarray::{Array1, Array2, ArrayView2};
use pulp::{Simd, WithSimd};
use streamed::Streamed;

/// What errors call it.
const WHAT: &str = "principal component analysis";
/// More genes than this: the covariance (8 p² bytes) is not written down.
const WRITTEN: usize = 6000;

/// How the components are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// To a residual of 1e-10 of the largest eigenvalue of the covariance, by a block Krylov method; always the same
    /// start.
    Exact,
    /// By `power` iterations on a random subspace with `oversample` dimensions more than components: much faster on wide
    /// data, and as good as the spectrum decays.
    Randomized {
        /// Dimensions beyond the components, e.g. 10.
        oversample: usize,
        /// Multiplications by the covariance after the first, e.g. 4.
        power: usize,
        /// The seed of the subspace.
        seed: Seed,
    },
}

/// Principal component analysis: z = Vᵀ (x - μ).
///
/// The columns of V are the eigenvectors of the covariance with the k largest eigenvalues. The sign of a component makes
/// its loading of largest absolute value positive, as `svd_flip` does in scikit-learn. Working with the covariance
/// squares the condition number: components with less than about 1e-7 of the first one's standard deviation are noise.
/// The bits do not depend on the number of threads.
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

impl Pca {
    /// Fits to dense rows, in `f32` or `f64`, by the whole eigendecomposition of the smaller of XᵀX and XXᵀ.
    ///
    /// # Errors
    /// [`PrepError::Fit`] with fewer than two rows, more components than min(n - 1, p) or than the data have
    /// dimensions, an entry that is not finite, or more than 8192 rows and columns both.
    pub fn fit<T: Copy + Into<f64>>(x: ArrayView2<'_, T>, components: usize) -> Result<Self, PrepError> {
        dense::fit(&x, components)
    }

    /// Fits to sparse rows without making them dense: centring is implicit.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), without the limit of size, and those of the source.
    pub fn fit_rows(
        rows: &(impl Rows + ?Sized),
        components: usize,
        solver: Solver,
    ) -> Result<Self, PrepError> {
        let (n, p) = rows.shape();
        dense::possible(n, p, components)?;
        let GeneMoments { mean, variance, .. } = GeneMoments::measure(rows, Values::AsStored)?;
        if mean.iter().chain(&variance).any(|m| !m.is_finite()) {
            return Err(dense::not_finite());
        }
        if p <= WRITTEN && p <= 4 * n {
            let gram = Gram::of(rows, &mean)?;
            return Self::from_pairs(find(&gram, components, solver)?, mean, gram.trace(), n);
        }
        let total = variance.iter().sum::<f64>() * (n as f64 - 1.0);
        let pairs = find(&Streamed { rows, mean: &mean }, components, solver)?;
        Self::from_pairs(pairs, mean, total, n)
    }

    /// Fits to Pearson residuals of counts, and gives their scores too: cells by components.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), with a limit of 8192 genes, and those of the source.
    pub fn fit_residuals<R: Rows>(
        residuals: &PearsonResiduals<R>,
        components: usize,
        solver: Solver,
    ) -> Result<(Self, Array2<f64>), PrepError> {
        let (n, p) = residuals.shape();
        dense::possible(n, p, components)?;
        dense::small_enough(p, n, p)?;
        let mean = residuals.mean()?;
        let gram = residuals.gram(&mean)?;
        let pca = Self::from_pairs(find(&gram, components, solver)?, mean, gram.trace(), n)?;
        let v = faer::Mat::from_fn(p, components, |i, j| pca.loadings[[i, j]]);
        let mean = pca.mean.to_vec();
        let scores = residuals.scores(&mean, &v)?;
        Ok((pca, Array2::from_shape_fn((n, components), |(i, j)| scores[(i, j)])))
    }

    fn from_pairs(pairs: Pairs, mean: Vec<f64>, total: f64, n: usize) -> Result<Self, PrepError> {
        let (p, k) = (pairs.vectors.nrows(), pairs.values.len());
        dense::rank(&pairs.values, p.min(n), k)?;
        let mut loadings = Array2::from_shape_fn((p, k), |(i, j)| pairs.vectors[(i, j)]);
        dense::flip(&mut loadings);
        let top = Array1::from(pairs.values);
        Ok(Self {
            mean: mean.into(),
            loadings,
            variance: &top / (n as f64 - 1.0),
            variance_ratio: top / total,
        })
    }

    /// The number of components.
    pub fn components(&self) -> usize {
        self.loadings.ncols()
    }

    /// z = Vᵀ (x - μ) for each row.
    ///
    /// # Errors
    /// [`PrepError::Fit`] if `x` has another number of columns than the data that it was fitted to.
    pub fn transform<T: Copy + Into<f64>>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>, PrepError> {
        dense::transform(self, &x)
    }

    /// z = Vᵀ (x - μ) for each sparse row.
    ///
    /// # Errors
    /// As [`transform`](Self::transform), and those of the source.
    pub fn transform_rows(&self, rows: &(impl Rows + ?Sized)) -> Result<Array2<f64>, PrepError> {
        let (n, p) = rows.shape();
        dense::width(self.mean.len(), p)?;
        let k = self.components();
        let shift = self.mean.dot(&self.loadings);
        let loadings = self.loadings.as_standard_layout();
        let v = loadings.as_slice().expect("standard layout is contiguous");
        let machine = Machine::detect();
        let scores = map(rows, |_, columns, values| {
            let mut z: Vec<f64> = shift.iter().map(|s| -s).collect();
            machine.run(OneRow { columns, values, v, z: &mut z });
            z
        })?;
        Ok(Array2::from_shape_vec((n, k), scores.concat()).expect("k scores a row"))
    }

    /// x = V z + μ for each row: the nearest point in the space of the components.
    ///
    /// # Errors
    /// [`PrepError::Fit`] if `z` has not one column a component.
    pub fn inverse(&self, z: ArrayView2<'_, f64>) -> Result<Array2<f64>, PrepError> {
        dense::width(self.components(), z.ncols())?;
        Ok(z.dot(&self.loadings.t()) + &self.mean)
    }
}

/// z += xᵀ V of one sparse row x.
struct OneRow<'a> {
    columns: &'a [u32],
    values: &'a [f32],
    v: &'a [f64],
    z: &'a mut [f64],
}

impl WithSimd for OneRow<'_> {
    type Output = ();

    // The inner loop is over neighbours in memory: the compiler puts them in the registers it is given.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let k = self.z.len();
        for (&j, &x) in self.columns.iter().zip(self.values) {
            let (x, row) = (f64::from(x), &self.v[j as usize * k..][..k]);
            self.z.iter_mut().zip(row).for_each(|(z, v)| *z += x * v);
        }
    }
}

fn find(of: &impl Operator, k: usize, solver: Solver) -> Result<Pairs, PrepError> {
    match solver {
        Solver::Exact => krylov::largest(of, k, WHAT),
        Solver::Randomized { oversample, power, seed } => {
            randomized::approximate(of, k, (oversample, power), seed, WHAT)
        }
    }
}
