//! Transport between Gaussians and between mixtures of them, in closed form.

mod barycenter;
mod bures;
mod entropic;
mod matrix;
mod mixture;

pub use barycenter::{GaussianBarycenter, gaussian_barycenter};
pub use bures::{AffineMap, gaussian_geodesic, gaussian_map, gaussian_wasserstein};
pub(crate) use entropic::quadratics;
pub use entropic::{EntropicGaussian, entropic_gaussian, gaussian_sinkhorn_divergence};
pub use mixture::{GaussianMixture, MixtureTransport, mixture_wasserstein};

use crate::OtError;
use crate::weights::Weights;
use chreode_core::Real;
use matrix::{Spectrum, dense};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// A Gaussian N(m, Σ); Σ may be singular.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    mean: Array1<f64>,
    covariance: Array2<f64>,
}

impl Gaussian {
    /// With the given mean and covariance.
    ///
    /// # Errors
    /// No dimension, shapes that differ, numbers that are not finite, or a matrix that is not symmetric (to
    /// 1e-9 of its largest entry) or not positive semidefinite (to 1e-9 of its largest eigenvalue).
    pub fn new(mean: Array1<f64>, covariance: Array2<f64>) -> Result<Self, OtError> {
        let d = mean.len();
        if d == 0 {
            return Err(OtError::BadParameter {
                name: "the dimension of a gaussian",
                value: 0.0,
                range: "at least 1",
            });
        }
        for (what, found) in [
            ("the rows of a covariance", covariance.nrows()),
            ("the columns of a covariance", covariance.ncols()),
        ] {
            if found != d {
                return Err(OtError::Shape { what, expected: d, found });
            }
        }
        if let Some(&value) = mean.iter().find(|m| !m.is_finite()) {
            return Err(OtError::BadParameter { name: "an entry of a mean", value, range: "finite" });
        }
        if let Some(&value) = covariance.iter().find(|c| !c.is_finite()) {
            return Err(OtError::BadParameter { name: "an entry of a covariance", value, range: "finite" });
        }
        let size = covariance.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        let skew = (&covariance - &covariance.t()).iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        if skew > 1e-9 * size {
            let (name, range) = ("the asymmetry of a covariance", "zero: a covariance is symmetric");
            return Err(OtError::BadParameter { name, value: skew, range });
        }
        let covariance = (&covariance + &covariance.t()) * 0.5;
        let least = Spectrum::new(&dense(covariance.view())).least();
        if least < -1e-9 * size {
            let name = "the smallest eigenvalue of a covariance";
            return Err(OtError::BadParameter { name, value: least, range: "not negative" });
        }
        Ok(Self { mean, covariance })
    }

    /// The mean and the covariance of a weighted cloud: `Σ_i a_i (x_i − m)(x_i − m)ᵀ`, divided by the sum of
    /// the weights and by nothing else. `None` stands for equal weights.
    ///
    /// # Errors
    /// An empty cloud, a coordinate that is not finite, or bad weights.
    pub fn of_cloud<T: Real>(x: ArrayView2<'_, T>, a: Option<ArrayView1<'_, T>>) -> Result<Self, OtError> {
        crate::PointCloud::new(x, x, &crate::SquaredEuclidean)?;
        let weights = Weights::new("source", "the weights of the cloud", a, x.nrows())?;
        let x = crate::divergence::contiguous(x);
        let mean = weights.shares.dot(&x);
        let centred = x - &mean;
        let mut scaled = centred.clone();
        scaled.rows_mut().into_iter().zip(&weights.shares).for_each(|(mut row, a)| row *= *a);
        let covariance = centred.t().dot(&scaled);
        Ok(Self { mean, covariance: (&covariance + &covariance.t()) * 0.5 })
    }

    /// m.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// Σ.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    fn spectrum(&self) -> Spectrum {
        Spectrum::new(&dense(self.covariance.view()))
    }
}

/// Both in one space.
fn check_dimensions(p: &Gaussian, q: &Gaussian) -> Result<(), OtError> {
    match p.dimension() == q.dimension() {
        true => Ok(()),
        false => Err(OtError::Dimension { source_columns: p.dimension(), target_columns: q.dimension() }),
    }
}
