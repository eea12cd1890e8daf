//! Fuzzy connectivities, as in UMAP.

use super::Nearest;
use crate::SparseRows;
use rayon::prelude::*;

/// How near Σ exp(-(d - ρ) / σ) must come to log₂ k.
const SMOOTH: f64 = 1e-5;
/// σ is at least this share of the mean distance.
const LEAST: f64 = 1e-3;
/// Bisections at most.
const BISECTIONS: usize = 64;

/// `obsp["connectivities"]` as `scanpy.pp.neighbors(method="umap")` writes it.
///
/// Point i's neighbour at distance d gets the weight exp(-(d - ρᵢ)₊ / σᵢ), ρᵢ being the distance of its nearest
/// neighbour elsewhere and σᵢ such that the weights of its k - 1 neighbours sum to log₂ k; weights there and back join to
/// a + b - a b (McInnes, Healy & Melville 2018, arXiv:1802.03426, algorithms 2 and 3).
pub fn fuzzy_connectivities(nearest: &Nearest) -> SparseRows {
    let n = nearest.len();
    // The point itself is its first neighbour, at distance 0.
    let k = nearest.count() + 1;
    let sum_of = |i: usize| nearest.of(i).1.iter().sum::<f64>();
    let mean_all = (0..n).map(sum_of).sum::<f64>() / (n * k) as f64;
    let weights: Vec<f64> = (0..n)
        .into_par_iter()
        .with_min_len(64)
        .flat_map_iter(|i| {
            let distances = nearest.of(i).1;
            let rho = distances.iter().copied().find(|&d| d > 0.0).unwrap_or(0.0);
            let mean = if rho > 0.0 { sum_of(i) / k as f64 } else { mean_all };
            let sigma = bandwidth(distances, rho, (k as f64).log2()).max(LEAST * mean);
            distances.iter().map(move |&d| {
                let away = d - rho;
                if away <= 0.0 || sigma == 0.0 { 1.0 } else { (-away / sigma).exp() }
            })
        })
        .collect();
    nearest.symmetric(&weights, |there, back| there + back - there * back)
}

/// σ with Σ exp(-(d - ρ)₊ / σ) = `target`, by bisection.
fn bandwidth(distances: &[f64], rho: f64, target: f64) -> f64 {
    let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..BISECTIONS {
        let sum: f64 = distances.iter().map(|d| (-(d - rho).max(0.0) / sigma).exp()).sum();
        if (sum - target).abs() < SMOOTH {
            break;
        }
        if sum > target {
            high = sigma;
            sigma = 0.5 * (low + high);
        } else {
            low = sigma;
            sigma = if high.is_infinite() { 2.0 * sigma } else { 0.5 * (low + high) };
        }
    }
    sigma
}
