//! Entropic transport between Gaussians.

use super::matrix::{Spectrum, array, dense};
use super::{Gaussian, check_dimensions};
use crate::OtError;
use ndarray::Array2;

/// What [`entropic_gaussian`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct EntropicGaussian {
    /// `min E|X − Y|² + ε KL(π | p ⊗ q)`.
    pub value: f64,
    /// The covariance `E (X − m₁)(Y − m₂)ᵀ` of the optimal plan, which is Gaussian.
    pub cross_covariance: Array2<f64>,
}

/// Entropic transport between Gaussians for the squared distance, in closed form.
///
/// With `σ² = ε/2` and `D = (4 Σ₁^½ Σ₂ Σ₁^½ + σ⁴)^½` the value is `|m₁ − m₂|² + tr(Σ₁ + Σ₂ − D) + d σ² (1 −
/// log 2σ²) + σ² log det(D + σ²)`. The covariances may be singular. H. Janati et al., NeurIPS 2020, arXiv
/// 2006.02572, theorem 1. O(d³).
///
/// # Errors
/// Different dimensions, or an ε that is not positive.
pub fn entropic_gaussian(p: &Gaussian, q: &Gaussian, epsilon: f64) -> Result<EntropicGaussian, OtError> {
    check_dimensions(p, q)?;
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range: "positive and finite" });
    }
    let s = 0.5 * epsilon;
    let root = p.spectrum().root();
    let target = dense(q.covariance.view());
    let middle = Spectrum::new(&(&root * &target * &root));
    let shift = &p.mean - &q.mean;
    let mut value = shift.dot(&shift) + p.covariance.diag().sum() + q.covariance.diag().sum();
    for &eigenvalue in &middle.values {
        // D − σ² = 4λ/(D + σ²), so that neither a large nor a small ε cancels.
        let (d, four) = (d_of(eigenvalue.max(0.0), s), 4.0 * eigenvalue.max(0.0));
        value += s * (0.5 * four / ((d + s) * s)).ln_1p() - four / (d + s);
    }
    // ½ (D − σ²) = λ h(λ) with h = 2/(D + σ²): without the inverse of Σ₁.
    let h = middle.map(|eigenvalue| 2.0 / (d_of(eigenvalue, s) + s));
    Ok(EntropicGaussian { value, cross_covariance: array(&(&root * h * &root * target)) })
}

/// `(4 λ + σ⁴)^½`, for `s = σ²`.
fn d_of(eigenvalue: f64, s: f64) -> f64 {
    (4.0 * eigenvalue + s * s).sqrt()
}

/// The Sinkhorn divergence between Gaussians for the squared distance: the value less half of the two self
/// terms.
///
/// # Errors
/// As [`entropic_gaussian`].
pub fn gaussian_sinkhorn_divergence(p: &Gaussian, q: &Gaussian, epsilon: f64) -> Result<f64, OtError> {
    let value = |p: &Gaussian, q: &Gaussian| entropic_gaussian(p, q, epsilon).map(|e| e.value);
    Ok(value(p, q)? - 0.5 * value(p, p)? - 0.5 * value(q, q)?)
}

/// The potentials are `f(x) = |x'|² − x'ᵀ G x' + 2 ⟨x', m₁ − m₂⟩ + k` with `x' = x − m₁`, and
/// `g(y) = |y'|² − y'ᵀ H y' − 2 ⟨y', m₁ − m₂⟩ + k`: returns `(G, H, k)`.
///
/// From the density of the optimal plan, whose precision matrix has `−2/ε` off the diagonal, `G = Cᵀ Σ₁⁻¹`
/// with the cross covariance C, symmetric: `Σ₁^−½ ½(D − σ²) Σ₁^−½`, on the range of Σ₁ where that is
/// singular.
pub(crate) fn quadratics(
    p: &Gaussian,
    q: &Gaussian,
    epsilon: f64,
) -> Result<(Array2<f64>, Array2<f64>, f64), OtError> {
    let value = entropic_gaussian(p, q, epsilon)?.value;
    let one = |from: &Gaussian, to: &Gaussian| {
        let spectrum = from.spectrum();
        let (root, inverse, s) = (spectrum.root(), spectrum.inverse_root(), 0.5 * epsilon);
        let middle = Spectrum::new(&(&root * dense(to.covariance.view()) * &root));
        array(&(&inverse * middle.map(|v| 2.0 * v / (d_of(v, s) + s)) * &inverse))
    };
    let (g, h) = (one(p, q), one(q, p));
    let mean =
        |matrix: &Array2<f64>, of: &Gaussian| of.covariance.diag().sum() - (matrix * &of.covariance).sum();
    let k = 0.5 * (value - mean(&g, p) - mean(&h, q));
    Ok((g, h, k))
}
