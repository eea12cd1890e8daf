//! The Bures-Wasserstein distance, its optimal map and its geodesics.

use super::matrix::{Spectrum, array, dense};
use super::{Gaussian, check_dimensions};
use crate::OtError;
use ndarray::{Array1, Array2, ArrayView2};

/// `W₂²` between two Gaussians: `|m₁ − m₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½)`.
///
/// Computed as `|m₁ − m₂|² + ‖Σ₁^½ − Σ₂^½ U‖²` with U the rotation that brings the roots nearest (the polar
/// factor of `Σ₂^½ Σ₁^½`), which does not cancel for near Gaussians. The covariances may be singular. D. C.
/// Dowson and B. V. Landau, J. Multivariate Anal. 12, 1982, doi 10.1016/0047-259X(82)90077-X; R. Bhatia, T.
/// Jain and Y. Lim, Expo. Math. 37, 2019, arXiv 1712.01504. O(d³).
///
/// # Errors
/// Different dimensions.
pub fn gaussian_wasserstein(p: &Gaussian, q: &Gaussian) -> Result<f64, OtError> {
    check_dimensions(p, q)?;
    let shift = &p.mean - &q.mean;
    let (a, b) = (p.spectrum().root(), q.spectrum().root());
    let svd = (&b * &a).svd(true, true);
    let (left, right) = (svd.u.expect("asked for"), svd.v_t.expect("asked for"));
    Ok(shift.dot(&shift) + (a - b * (left * right)).norm_squared())
}

/// `x ↦ q + A (x − p)`.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineMap {
    /// A, symmetric and positive semidefinite for an optimal map.
    pub matrix: Array2<f64>,
    /// p.
    pub from: Array1<f64>,
    /// q.
    pub to: Array1<f64>,
}

impl AffineMap {
    /// The image of each row.
    ///
    /// # Panics
    /// If the rows have another dimension than the map.
    pub fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        (&x - &self.from).dot(&self.matrix.t()) + &self.to
    }
}

/// The optimal map from one Gaussian to another:
/// `x ↦ m₂ + Σ₁^−½ (Σ₁^½ Σ₂ Σ₁^½)^½ Σ₁^−½ (x − m₁)`.
///
/// # Errors
/// Different dimensions, or a source covariance that is singular: a map cannot fill what the source does not.
pub fn gaussian_map(p: &Gaussian, q: &Gaussian) -> Result<AffineMap, OtError> {
    check_dimensions(p, q)?;
    let spectrum = p.spectrum();
    if !spectrum.is_definite() {
        let (name, range) =
            ("the smallest eigenvalue of the source covariance", "positive for a map from it to exist");
        return Err(OtError::BadParameter { name, value: spectrum.least(), range });
    }
    let (root, inverse) = (spectrum.root(), spectrum.inverse_root());
    let middle = Spectrum::new(&(&root * dense(q.covariance.view()) * &root)).root();
    Ok(AffineMap { matrix: array(&(&inverse * middle * &inverse)), from: p.mean.clone(), to: q.mean.clone() })
}

/// The Gaussian at time `t` of the geodesic from `p` (t = 0) to `q` (t = 1): the image of `p` under
/// `(1 − t) id + t T` with the optimal map T. R. J. McCann, Adv. Math. 128, 1997, example 1.7.
///
/// # Errors
/// As [`gaussian_map`], or a time outside [0, 1].
pub fn gaussian_geodesic(p: &Gaussian, q: &Gaussian, t: f64) -> Result<Gaussian, OtError> {
    if !(0.0..=1.0).contains(&t) {
        return Err(OtError::BadParameter { name: "the time", value: t, range: "between 0 and 1" });
    }
    let matrix = gaussian_map(p, q)?.matrix * t + Array2::<f64>::eye(p.dimension()) * (1.0 - t);
    let covariance = matrix.dot(&p.covariance).dot(&matrix);
    Ok(Gaussian {
        mean: &p.mean * (1.0 - t) + &q.mean * t,
        covariance: (&covariance + &covariance.t()) * 0.5,
    })
}
