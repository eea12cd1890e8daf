//! A plan as a matrix, while it is being improved.

use super::plan::certify;
use super::{AnyRelaxed, Marginal, RelaxedPlan};
use crate::simplex::check;
use crate::{Certificate, OtError, Stop};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// The matrices of costs and masses, and the masses' sums.
pub(super) struct Dense {
    pub(super) costs: Array2<f64>,
    pub(super) matrix: Array2<f64>,
    pub(super) rows: Array1<f64>,
    pub(super) columns: Array1<f64>,
}

impl Dense {
    /// The product of the masses, scaled to the geometric mean of the totals, without forbidden moves.
    ///
    /// An l2 side may give mass where it has none, so its masses are mixed with their mean.
    pub(super) fn product(problem: &AnyRelaxed<'_>) -> Result<Self, OtError> {
        let geometry = problem.geometry();
        check(geometry)?;
        let (n, m) = problem.shape();
        let mut costs = Array2::zeros((n, m));
        let rows = costs.as_slice_mut().expect("a new array is contiguous").par_chunks_mut(m);
        rows.enumerate().for_each_init(Vec::new, |buffer, (row, out)| {
            out.copy_from_slice(geometry.costs(row, 0..m, buffer));
        });
        let [a, b] = [0, 1].map(|side| match (problem.marginal(side), problem.mass(side)) {
            (Marginal::L2 { .. }, mass) => 0.5 * (mass + mass.sum() / mass.len() as f64),
            (_, mass) => mass.clone(),
        });
        let scale = (a.sum() * b.sum()).sqrt().recip();
        let matrix =
            Array2::from_shape_fn(
                (n, m),
                |(i, j)| {
                    if costs[[i, j]].is_finite() { scale * a[i] * b[j] } else { 0.0 }
                },
            );
        let mut plan = Self { costs, matrix, rows: Array1::zeros(n), columns: Array1::zeros(m) };
        plan.sum();
        Ok(plan)
    }

    /// Each entry by a function of row, column, mass and cost; entries of mass 0 stay.
    pub(super) fn update(&mut self, f: impl Fn(usize, usize, f64, f64) -> f64 + Sync) {
        let m = self.matrix.ncols();
        let (matrix, costs) = (slice_mut(&mut self.matrix), slice(&self.costs));
        let rows = matrix.par_chunks_mut(m).zip(costs.par_chunks(m)).enumerate();
        rows.with_min_len(CHUNK.div_ceil(m)).for_each(|(row, (matrix, costs))| {
            for (column, (p, &c)) in matrix.iter_mut().zip(costs).enumerate() {
                if *p > 0.0 {
                    *p = f(row, column, *p, c);
                }
            }
        });
        self.sum();
    }

    /// Row and column sums, in blocks of fixed size added up in order.
    pub(super) fn sum(&mut self) {
        (self.rows, self.columns) = sums(&self.matrix);
    }

    /// `⟨C, P⟩`.
    pub(super) fn transport(&self) -> f64 {
        inner(slice(&self.costs), slice(&self.matrix))
    }

    pub(super) fn certify(
        &self,
        problem: &AnyRelaxed<'_>,
        dual: &[Array1<f64>; 2],
        iterations: usize,
    ) -> Certificate {
        let marginals = [&self.rows, &self.columns];
        certify(problem, self.transport(), marginals, [&dual[0], &dual[1]], iterations)
    }

    /// Whether the iteration is over.
    pub(super) fn ends(
        &self,
        stop: Stop,
        certificate: Certificate,
        method: &'static str,
    ) -> Result<bool, OtError> {
        let Certificate { iterations, residual, .. } = certificate;
        match stop {
            Stop::After { iterations: last } => Ok(iterations >= last),
            Stop::Within { tolerance, .. } if residual <= tolerance => Ok(true),
            Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                Err(OtError::NotConverged { method, iterations, residual, tolerance })
            }
            Stop::Within { .. } => Ok(false),
        }
    }

    pub(super) fn finish(self, dual: [Array1<f64>; 2], certificate: Certificate) -> RelaxedPlan {
        let transport = self.transport();
        RelaxedPlan::dense(self.matrix, dual, transport, certificate)
    }
}

pub(super) fn sums(matrix: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let (n, m) = matrix.dim();
    // At most 32 blocks, so that their column sums fit into memory.
    let block = CHUNK.div_ceil(m).max(n.div_ceil(32));
    let parts: Vec<(Vec<f64>, Vec<f64>)> = slice(matrix)
        .par_chunks(block * m)
        .map(|block| {
            let mut columns = vec![0.0; m];
            let rows = block.chunks(m).map(|row| {
                columns.iter_mut().zip(row).for_each(|(sum, &p)| *sum += p);
                row.iter().sum()
            });
            (rows.collect(), columns)
        })
        .collect();
    let mut columns = Array1::zeros(m);
    let mut rows = Vec::with_capacity(matrix.nrows());
    for (row, column) in parts {
        rows.extend(row);
        columns += &Array1::from(column);
    }
    (rows.into(), columns)
}

/// Entries of one task of an inner product.
pub(super) const CHUNK: usize = 1 << 14;

/// `Σ x_k y_k` where y is not 0, so that an infinite cost without mass is none.
pub(super) fn inner(x: &[f64], y: &[f64]) -> f64 {
    let parts: Vec<f64> = x
        .par_chunks(CHUNK)
        .zip(y.par_chunks(CHUNK))
        .map(|(x, y)| x.iter().zip(y).map(|(&x, &y)| if y == 0.0 { 0.0 } else { x * y }).sum())
        .collect();
    parts.iter().sum()
}

pub(super) fn slice(matrix: &Array2<f64>) -> &[f64] {
    matrix.as_slice().expect("a new array is contiguous")
}

pub(super) fn slice_mut(matrix: &mut Array2<f64>) -> &mut [f64] {
    matrix.as_slice_mut().expect("a new array is contiguous")
}
