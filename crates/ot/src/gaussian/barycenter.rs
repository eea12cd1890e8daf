//! The Wasserstein barycenter of Gaussians, by a fixed point.

use super::matrix::{Spectrum, array, dense};
use super::{Gaussian, check_dimensions, gaussian_wasserstein};
use crate::weights::Weights;
use crate::{OtError, Stop};
use nalgebra::DMatrix;
use ndarray::{Array1, ArrayView1};

/// What [`gaussian_barycenter`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianBarycenter {
    /// The barycenter.
    pub gaussian: Gaussian,
    /// `Σ_k w_k W₂²(·, p_k)` there.
    pub cost: f64,
    /// Iterations made.
    pub iterations: usize,
    /// `‖S − Σ_k w_k (S^½ Σ_k S^½)^½‖ / ‖S‖`, zero at the barycenter's covariance S and only there.
    pub residual: f64,
}

/// The Gaussian that minimises `Σ_k w_k W₂²(·, p_k)`, the weights divided by their sum (`None`: equal
/// weights).
///
/// `S ← S^−½ (Σ_k w_k (S^½ Σ_k S^½)^½)² S^−½` from the mean of the covariances; the cost falls in every step.
/// P. C. Álvarez-Esteban et al., J. Math. Anal. Appl. 441, 2016, arXiv 1511.05355, theorem 4.2.
///
/// # Errors
/// No Gaussian, different dimensions, bad weights, no weight on a Gaussian that fills the space (the
/// iteration needs their mean covariance to be regular), or [`OtError::NotConverged`] where the stop asks for
/// a tolerance.
pub fn gaussian_barycenter(
    gaussians: &[Gaussian],
    weights: Option<ArrayView1<'_, f64>>,
    stop: Stop,
) -> Result<GaussianBarycenter, OtError> {
    let Some(first) = gaussians.first() else { return Err(OtError::Empty { side: "source" }) };
    gaussians.iter().try_for_each(|q| check_dimensions(first, q))?;
    stop.check()?;
    let weights = Weights::new("source", "the weights of the gaussians", weights, gaussians.len())?.shares;
    let (mut mean, d) = (Array1::<f64>::zeros(first.dimension()), first.dimension());
    let covariances: Vec<DMatrix<f64>> = gaussians.iter().map(|g| dense(g.covariance.view())).collect();
    let mut s = DMatrix::<f64>::zeros(d, d);
    for ((gaussian, covariance), &w) in gaussians.iter().zip(&covariances).zip(&weights) {
        mean.scaled_add(w, &gaussian.mean);
        s += covariance * w;
    }
    let mut iterations = 0;
    let residual = loop {
        let spectrum = Spectrum::new(&s);
        if !spectrum.is_definite() {
            let (name, range) = ("the smallest eigenvalue of the mean covariance", "positive");
            return Err(OtError::BadParameter { name, value: spectrum.least(), range });
        }
        let (root, inverse) = (spectrum.root(), spectrum.inverse_root());
        let mut middle = DMatrix::<f64>::zeros(d, d);
        for (covariance, &w) in covariances.iter().zip(&weights) {
            middle += Spectrum::new(&(&root * covariance * &root)).root() * w;
        }
        let residual = (&s - &middle).norm() / s.norm();
        match stop {
            Stop::Within { tolerance, .. } if residual <= tolerance => break residual,
            Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                let method = "the fixed point of the gaussian barycenter";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            Stop::After { iterations: last } if iterations >= last => break residual,
            _ => {}
        }
        s = &inverse * &middle * &middle * &inverse;
        iterations += 1;
    };
    let gaussian = Gaussian { mean, covariance: array(&((&s + s.transpose()) * 0.5)) };
    let mut cost = 0.0;
    for (other, w) in gaussians.iter().zip(&weights) {
        cost += w * gaussian_wasserstein(&gaussian, other)?;
    }
    Ok(GaussianBarycenter { gaussian, cost, iterations, residual })
}
