//! The point of a convex hull nearest to the origin.

use ndarray::Array2;

/// Vertices, convex weights of them, and their products.
pub(super) struct Hull {
    vertices: Vec<Array2<f64>>,
    weights: Vec<f64>,
    products: Vec<Vec<f64>>,
    nearest: Array2<f64>,
}

impl Hull {
    /// Of one vertex.
    pub(super) fn new(vertex: Array2<f64>) -> Self {
        let products = vec![vec![(&vertex * &vertex).sum()]];
        Self { nearest: vertex.clone(), vertices: vec![vertex], weights: vec![1.0], products }
    }

    /// The nearest point to the origin.
    pub(super) fn nearest(&self) -> &Array2<f64> {
        &self.nearest
    }

    /// Its convex weights, one a vertex that was kept.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Adds a vertex and moves to the nearest point, dropping vertices that it does not need. Says which of
    /// the vertices (the new one last) were kept; `None`, and nothing changes, where the vertex depends on
    /// the others to rounding.
    pub(super) fn add(&mut self, vertex: Array2<f64>) -> Option<Vec<bool>> {
        let mut row: Vec<f64> = self.vertices.iter().map(|v| (v * &vertex).sum()).collect();
        row.push((&vertex * &vertex).sum());
        let mut products = self.products.clone();
        products.iter_mut().zip(&row).for_each(|(of, p)| of.push(*p));
        products.push(row);
        let mut active: Vec<usize> = (0..products.len()).collect();
        let mut weights = self.weights.clone();
        weights.push(0.0);
        loop {
            let affine = affine_weights(&products, &active)?;
            if affine.iter().all(|&w| w > 0.0) {
                active.iter().zip(affine).for_each(|(&k, w)| weights[k] = w);
                break;
            }
            // As far towards the affine minimum as the weights stay positive; the vertex that ends it goes.
            let reach = |k: usize, w: f64| if weights[k] > 0.0 { weights[k] / (weights[k] - w) } else { 0.0 };
            let (end, step) = (active.iter().zip(&affine).enumerate())
                .filter(|(_, (_, w))| **w <= 0.0)
                .map(|(place, (&k, &w))| (place, reach(k, w)))
                .fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best });
            for (&k, &w) in active.iter().zip(&affine) {
                weights[k] = ((1.0 - step) * weights[k] + step * w).max(0.0);
            }
            weights[active[end]] = 0.0;
            active.remove(end);
        }
        let kept: Vec<bool> = (0..products.len()).map(|k| active.contains(&k)).collect();
        self.vertices.push(vertex);
        self.vertices = active.iter().map(|&k| self.vertices[k].clone()).collect();
        self.weights = active.iter().map(|&k| weights[k]).collect();
        let total: f64 = self.weights.iter().sum();
        self.weights.iter_mut().for_each(|w| *w /= total);
        self.products = active.iter().map(|&k| active.iter().map(|&l| products[k][l]).collect()).collect();
        self.nearest.fill(0.0);
        self.vertices.iter().zip(&self.weights).for_each(|(v, w)| self.nearest.scaled_add(*w, v));
        Some(kept)
    }
}

/// The weights of sum 1 (of any sign) of the point nearest to the origin in the affine span of the active
/// vertices: `(G + s 1 1ᵀ) w = 1`, scaled; by Cholesky's factorisation. `None` where the vertices depend on
/// each other.
fn affine_weights(products: &[Vec<f64>], active: &[usize]) -> Option<Vec<f64>> {
    let size = active.len();
    let shift = active.iter().map(|&k| products[k][k]).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut l = vec![vec![0.0; size]; size];
    for i in 0..size {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let left = products[active[i]][active[j]] + shift - dot;
            if i == j {
                if left <= 1e-14 * shift {
                    return None;
                }
                l[i][i] = left.sqrt();
            } else {
                l[i][j] = left / l[j][j];
            }
        }
    }
    let mut w = vec![1.0; size];
    for i in 0..size {
        let dot: f64 = (0..i).map(|k| l[i][k] * w[k]).sum();
        w[i] = (w[i] - dot) / l[i][i];
    }
    for i in (0..size).rev() {
        let dot: f64 = (i + 1..size).map(|k| l[k][i] * w[k]).sum();
        w[i] = (w[i] - dot) / l[i][i];
    }
    let total: f64 = w.iter().sum();
    Some(w.into_iter().map(|w| w / total).collect())
}
