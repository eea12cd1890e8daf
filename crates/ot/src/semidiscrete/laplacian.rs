//! The Laplacian of a weighted graph, solved by conjugate gradients.

use ndarray::Array1;

/// `(L u)_j = Σ_k w_jk (u_j − u_k)` over edges of positive weight.
pub(super) struct Laplacian {
    edges: Vec<(usize, usize, f64)>,
    diagonal: Array1<f64>,
}

impl Laplacian {
    pub(super) fn new(size: usize, edges: Vec<(usize, usize, f64)>) -> Self {
        let mut diagonal = Array1::zeros(size);
        for &(j, k, w) in &edges {
            diagonal[j] += w;
            diagonal[k] += w;
        }
        Self { edges, diagonal }
    }

    fn apply(&self, u: &Array1<f64>) -> Array1<f64> {
        let mut out = Array1::zeros(u.len());
        for &(j, k, w) in &self.edges {
            let flow = w * (u[j] - u[k]);
            out[j] += flow;
            out[k] -= flow;
        }
        out
    }

    /// `u` with `L u = r`, for an `r` of sum zero on a connected graph, to 1e-12 of r or as near as rounding
    /// lets; by conjugate gradients with the diagonal as preconditioner.
    pub(super) fn solve(&self, r: &Array1<f64>) -> Array1<f64> {
        let mut u = Array1::zeros(r.len());
        let mut r = r - r.sum() / r.len() as f64;
        let size = r.dot(&r).sqrt();
        let scale = self.diagonal.mapv(|d| if d > 0.0 { 1.0 / d } else { 0.0 });
        let mut z = &r * &scale;
        let (mut p, mut along) = (z.clone(), r.dot(&z));
        for _ in 0..4 * r.len() + 20 {
            if r.dot(&r).sqrt() <= 1e-12 * size {
                break;
            }
            let image = self.apply(&p);
            let curvature = p.dot(&image);
            if curvature.is_nan() || curvature <= 0.0 {
                break;
            }
            let step = along / curvature;
            u.scaled_add(step, &p);
            r.scaled_add(-step, &image);
            z = &r * &scale;
            let next = r.dot(&z);
            p = &z + &(p * (next / along));
            along = next;
        }
        u
    }
}
