//! Heat on a graph: the kernel exp(−tL) without its matrix, and the geodesic costs it gives.

use super::Graph;
use crate::OtError;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// How strongly the two ends of an edge of length ℓ are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Affinity {
    /// `1/ℓ²`, which makes the Laplacian of a regular grid the finite difference of −∇². Lengths must not be 0.
    InverseSquare,
    /// `exp(−ℓ²/bandwidth²)`.
    Gaussian {
        /// The length at which the affinity has fallen to 1/e.
        bandwidth: f64,
    },
    /// 1 for every edge.
    Equal,
}

/// The operator L whose heat flows, for affinities W and degrees D = diag(W 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Laplacian {
    /// `D − W`: heat is preserved.
    Combinatorial,
    /// `I − D^(−1/2) W D^(−1/2)`, whose eigenvalues lie between 0 and 2 whatever the lengths.
    Normalised,
}

/// The heat kernel `exp(−t L)` of a graph, applied without ever being a matrix.
///
/// With λ a bound of the eigenvalues of L and z = tλ/2, by the expansion of the exponential in Chebyshev polynomials,
/// `exp(−tL) = e^(−z) (I₀(z) + 2 Σ_k (−1)^k I_k(z) T_k(2L/λ − 1))`, with the modified Bessel functions I_k; cut off where the
/// rest is below 1e-16 of the result's norm. One application to one function is O(e √z) for e edges.
///
/// G. Huguet, A. Tong, M. R. Zapatero, C. J. Tape, G. Wolf, S. Krishnaswamy, Geodesic Sinkhorn for fast and accurate optimal
/// transport on manifolds, 2023, arXiv 2211.00805; J. Solomon et al., Convolutional Wasserstein distances, ACM TOG 34,
/// 2015, doi 10.1145/2766963; K. Crane, C. Weischedel, M. Wardetzky, Geodesics in heat, ACM TOG 32, 2013, doi
/// 10.1145/2516971.2516977 (for the choice of t).
///
/// ```
/// use chreode_ot::{Affinity, Graph, HeatKernel, Laplacian};
/// use ndarray::array;
///
/// let path = Graph::new(3, [(0, 1, 1.0), (1, 2, 1.0)])?;
/// let heat = HeatKernel::new(&path, 0.1, Affinity::InverseSquare, Laplacian::Combinatorial)?;
/// let after = heat.apply(array![[1.0], [0.0], [0.0]].view());
/// assert!((after.sum() - 1.0).abs() < 1e-14 && after[[1, 0]] > after[[2, 0]]);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HeatKernel {
    time: f64,
    starts: Vec<usize>,
    /// Off the diagonal of `2L/λ − 1`.
    entries: Vec<(usize, f64)>,
    diagonal: Vec<f64>,
    coefficients: Vec<f64>,
}

impl HeatKernel {
    /// The kernel at time `time`, in units of squared length for [`Affinity::InverseSquare`].
    ///
    /// A good time is about the square of the mean length of an edge: shorter, and far nodes never hear of each other;
    /// longer, and distances are smoothed.
    ///
    /// # Errors
    /// A graph without nodes, a time or bandwidth that is not positive and finite, a time so long that the expansion would
    /// need more than 100,000 terms, or an affinity that is not a positive number ([`OtError::BadEdge`]).
    pub fn new(graph: &Graph, time: f64, affinity: Affinity, laplacian: Laplacian) -> Result<Self, OtError> {
        let n = graph.nodes();
        if n == 0 {
            return Err(OtError::Empty { side: "source" });
        }
        positive("the time of the heat kernel", time)?;
        if let Affinity::Gaussian { bandwidth } = affinity {
            positive("the bandwidth of the affinity", bandwidth)?;
        }
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for node in 0..n {
            for &(to, length) in graph.neighbours(node) {
                let weight = match affinity {
                    Affinity::InverseSquare => 1.0 / (length * length),
                    Affinity::Gaussian { bandwidth } => (-(length / bandwidth).powi(2)).exp(),
                    Affinity::Equal => 1.0,
                };
                if !(weight > 0.0 && weight.is_finite()) {
                    return Err(OtError::BadEdge { from: node, to, length });
                }
                entries.push((to, weight));
            }
            starts.push(entries.len());
        }
        let row = |node: usize| starts[node]..starts[node + 1];
        let degree: Vec<f64> = (0..n).map(|i| entries[row(i)].iter().map(|e| e.1).sum()).collect();
        // No eigenvalue exceeds the largest sum of the degrees of two neighbours (Anderson and Morley 1985), or 2.
        let bound = match laplacian {
            Laplacian::Normalised => 2.0,
            Laplacian::Combinatorial => (0..n)
                .flat_map(|i| entries[row(i)].iter().map(move |e| (i, e.0)))
                .fold(0.0, |most: f64, (i, j)| most.max(degree[i] + degree[j])),
        };
        let scale = if bound > 0.0 { 2.0 / bound } else { 0.0 };
        let z = 0.5 * time * bound;
        if z.is_nan() || z > 1e8 {
            let range = "shorter: the expansion would need more than 100,000 terms";
            return Err(OtError::BadParameter { name: "the time of the heat kernel", value: time, range });
        }
        let lonely = |i: usize| degree[i] == 0.0;
        let diagonal = (0..n).map(|i| match laplacian {
            Laplacian::Combinatorial => scale * degree[i] - 1.0,
            Laplacian::Normalised => {
                if lonely(i) {
                    -1.0
                } else {
                    scale - 1.0
                }
            }
        });
        let diagonal = diagonal.collect();
        for i in 0..n {
            for (j, weight) in &mut entries[starts[i]..starts[i + 1]] {
                *weight *= match laplacian {
                    Laplacian::Combinatorial => -scale,
                    Laplacian::Normalised => -scale / (degree[i] * degree[*j]).sqrt(),
                };
            }
        }
        Ok(Self { time, starts, entries, diagonal, coefficients: coefficients(z) })
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.diagonal.len()
    }

    /// `t`.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Terms of the expansion: products with the Laplacian for one application.
    pub fn terms(&self) -> usize {
        self.coefficients.len()
    }

    /// `exp(−tL) x`, for each column of `x`. The kernel is symmetric.
    ///
    /// Exact to about 1e-15 of the norm of each column, so that values far from where `x` is are small, not relatively exact.
    ///
    /// # Panics
    /// If `x` has not one row a node.
    pub fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.diagonal.len(), "one row a node");
        let width = x.ncols();
        let mut before = x.as_standard_layout().into_owned();
        let mut sum = &before * self.coefficients[0];
        if self.coefficients.len() == 1 || width == 0 {
            return sum;
        }
        // T₁ x = A x, and T_{k+1} x = 2 A T_k x − T_{k−1} x, for A = 2L/λ − 1.
        let mut current = Array2::zeros(before.dim());
        self.multiply(1.0, &before, &mut current);
        for (k, &coefficient) in self.coefficients.iter().enumerate().skip(1) {
            sum.scaled_add(coefficient, &current);
            if k + 1 < self.coefficients.len() {
                before.mapv_inplace(|v| -v);
                self.multiply(2.0, &current, &mut before);
                std::mem::swap(&mut before, &mut current);
            }
        }
        sum
    }

    /// `out += factor · A x`.
    fn multiply(&self, factor: f64, x: &Array2<f64>, out: &mut Array2<f64>) {
        let width = x.ncols();
        let x = x.as_slice().expect("a standard layout");
        let out = out.as_slice_mut().expect("a standard layout");
        out.par_chunks_mut(width).enumerate().with_min_len(256).for_each(|(node, out)| {
            let mut add = |weight: f64, from: usize| {
                let x = &x[from * width..(from + 1) * width];
                out.iter_mut().zip(x).for_each(|(out, x)| *out += factor * weight * x);
            };
            add(self.diagonal[node], node);
            for &(to, weight) in &self.entries[self.starts[node]..self.starts[node + 1]] {
                add(weight, to);
            }
        });
    }

    /// `−4t log exp(−tL)_ij`, which tends to the squared geodesic distance on a manifold as t → 0 (Varadhan 1967).
    ///
    /// Entropic transport at `ε = 4t` with these costs has the heat kernel as its kernel: Geodesic Sinkhorn. Pairs so far
    /// apart that their heat is below the kernel's accuracy, 1e-13, get `+∞`, a forbidden move; a longer time reaches them.
    ///
    /// # Errors
    /// An empty side, or a node out of range.
    pub fn costs(&self, sources: &[usize], targets: &[usize]) -> Result<Array2<f64>, OtError> {
        const COLUMNS: usize = 32;
        let nodes = self.diagonal.len();
        for (side, side_nodes) in [("source", sources), ("target", targets)] {
            if side_nodes.is_empty() {
                return Err(OtError::Empty { side });
            }
            if let Some(&node) = side_nodes.iter().find(|node| **node >= nodes) {
                return Err(OtError::BadNode { node, nodes });
            }
        }
        if targets.len() < sources.len() {
            return Ok(self.costs(targets, sources)?.reversed_axes());
        }
        let mut costs = Array2::zeros((sources.len(), targets.len()));
        for (block, few) in sources.chunks(COLUMNS).enumerate() {
            let mut start = Array2::zeros((nodes, few.len()));
            few.iter().enumerate().for_each(|(column, &node)| start[[node, column]] = 1.0);
            let heat = self.apply(start.view());
            for column in 0..few.len() {
                for (j, &target) in targets.iter().enumerate() {
                    let h = heat[[target, column]];
                    let cost = if h > 1e-13 { -4.0 * self.time * h.ln() } else { f64::INFINITY };
                    costs[[block * COLUMNS + column, j]] = cost;
                }
            }
        }
        Ok(costs)
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), OtError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(OtError::BadParameter { name, value, range: "positive and finite" })
    }
}

/// `e^(−z) I₀(z)` and `2 (−1)^k e^(−z) I_k(z)`, until the rest sums to less than 1e-16.
///
/// By Miller's backward recurrence `I_{k−1} = I_{k+1} + (2k/z) I_k`, normalised by `I₀ + 2 Σ I_k = e^z`.
fn coefficients(z: f64) -> Vec<f64> {
    if z < 1e-17 {
        return vec![1.0];
    }
    // I_k(z) e^(−z) falls as exp(−k²/2z) at first, faster after.
    let last = (30.0 + 10.0 * z.sqrt() + z.min(30.0)) as usize;
    let mut values = vec![0.0; last + 2];
    values[last] = 1e-300;
    for k in (1..=last).rev() {
        values[k - 1] = values[k + 1] + 2.0 * k as f64 / z * values[k];
        if values[k - 1] > 1e250 {
            values[k - 1..].iter_mut().for_each(|v| *v *= 1e-250);
        }
    }
    let total = values[0] + 2.0 * values[1..].iter().rev().sum::<f64>();
    let mut rest = 0.0;
    while values.len() > 1 && rest + 2.0 * values[values.len() - 1] / total < 1e-16 {
        rest += 2.0 * values.pop().expect("more than one") / total;
    }
    for (k, value) in values.iter_mut().enumerate() {
        let factor = match k {
            0 => 1.0,
            k if k % 2 == 1 => -2.0,
            _ => 2.0,
        };
        *value *= factor / total;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::coefficients;

    #[test]
    fn coefficients_sum_to_the_exponential() {
        // At x = −1 (eigenvalue 0) every T_k is (−1)^k, and the sum is 1; at x = 1 it is e^(−2z).
        for z in [1e-12, 0.01, 0.7, 5.0, 40.0, 3e3, 1e6] {
            let c = coefficients(z);
            let at_start: f64 = c.iter().enumerate().map(|(k, c)| if k % 2 == 0 { *c } else { -c }).sum();
            assert!((at_start - 1.0).abs() < 1e-14, "{z}: {at_start}");
            let at_end: f64 = c.iter().sum();
            assert!((at_end - f64::exp(-2.0 * z)).abs() < 1e-14, "{z}: {at_end}");
        }
        // e^(−1) I₀(1) and e^(−1) I₁(1), Abramowitz and Stegun, table 9.8.
        let c = coefficients(1.0);
        assert!((c[0] - 0.465_759_607_6).abs() < 1e-10 && (c[1] + 2.0 * 0.207_910_415_3).abs() < 2e-10);
    }
}
