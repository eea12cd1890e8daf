//! Potentials of the Gaussians that have the clouds' moments.

use crate::divergence::contiguous;
use crate::gaussian::quadratics;
use crate::{Gaussian, OtError};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// `(f, g)` of entropic transport for the *squared Euclidean* cost between the Gaussians with the means and
/// covariances of two weighted clouds, at the clouds' points, as starting potentials.
///
/// In closed form at any ε (H. Janati et al., NeurIPS 2020, arXiv 2006.02572), where J. Thornton and M.
/// Cuturi, 2022, arXiv
/// 2206.07630, take the limit ε → 0. For large samples of Gaussians they are the answer up to sampling noise.
/// O((n + m) d² + d³). Weights are divided by their sum, `None` stands for equal weights.
///
/// # Errors
/// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, or an ε that
/// is not positive.
pub fn gaussian_potentials<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    epsilon: f64,
) -> Result<(Array1<f64>, Array1<f64>), OtError> {
    crate::PointCloud::new(x, y, &crate::SquaredEuclidean)?;
    let (p, q) = (Gaussian::of_cloud(x, a)?, Gaussian::of_cloud(y, b)?);
    let (g, h, constant) = quadratics(&p, &q, epsilon)?;
    let shift = &p.mean() - &q.mean();
    let at = |points: Array2<f64>, gaussian: &Gaussian, matrix: &Array2<f64>, shift: &Array1<f64>| {
        let centred = points - gaussian.mean();
        let moved = centred.dot(matrix);
        let rows = centred.rows().into_iter().zip(moved.rows());
        rows.map(|(x, moved)| x.dot(&x) - x.dot(&moved) + 2.0 * x.dot(shift) + constant).collect()
    };
    Ok((at(contiguous(x), &p, &g, &shift), at(contiguous(y), &q, &h, &-&shift)))
}
