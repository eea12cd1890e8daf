//! Gaussian connectivities with a width for each point.

use super::Nearest;
use crate::SparseRows;
use crate::normalize::median;

/// `obsp["connectivities"]` as `scanpy.pp.neighbors(method="gauss", knn=True)` writes it.
///
/// w = √(2 σᵢ σⱼ / (σᵢ² + σⱼ²)) exp(-d² / (σᵢ² + σⱼ²)) between i and j if one of them is a neighbour of the other, σᵢ² being
/// the median of i's squared distances (Haghverdi et al. 2016, doi:10.1038/nmeth.3971, with the sparse kernel of its
/// authors' programs). Points at the same place, whose widths may be 0, get the weight 1.
pub fn gaussian_connectivities(nearest: &Nearest) -> SparseRows {
    let widths: Vec<f64> =
        (0..nearest.len()).map(|i| median(nearest.of(i).1.iter().map(|d| d * d).collect())).collect();
    let mut weights = Vec::with_capacity(nearest.len() * nearest.count());
    for i in 0..nearest.len() {
        let (indices, distances) = nearest.of(i);
        for (&j, &d) in indices.iter().zip(distances) {
            let (a, b) = (widths[i], widths[j as usize]);
            let sum = a + b;
            weights.push(if sum == 0.0 {
                1.0
            } else {
                (2.0 * (a * b).sqrt() / sum).sqrt() * (-d * d / sum).exp()
            });
        }
    }
    // The formula is symmetric: where both list each other both weights are the same.
    nearest.symmetric(&weights, f64::max)
}
