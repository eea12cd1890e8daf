//! The linear system of the implicit function theorem, by conjugate gradients on its Schur complement.

use crate::divergence::PlanRows;
use crate::{Geometry, OtError, Stop};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// Products with the plan of shares and with its transpose, and its marginals as they are.
pub(super) struct Factors<'f, 'r, G: ?Sized> {
    rows: &'f PlanRows<'r, G>,
    kept: Option<Array2<f64>>,
    pub(super) row_sums: Array1<f64>,
    column_sums: Array1<f64>,
}

impl<'f, 'r, G: Geometry + ?Sized> Factors<'f, 'r, G> {
    /// The plan is computed once where it may be kept, and for each product where not.
    pub(super) fn new(rows: &'f PlanRows<'r, G>, keep: bool) -> Self {
        let (n, m) = (rows.masses.0.len(), rows.masses.1.len());
        let kept = keep.then(|| {
            let flat = rows.map(|_, p| p.to_vec()).concat();
            Array2::from_shape_vec((n, m), flat).expect("n rows of m entries")
        });
        let mut factors = Self { rows, kept, row_sums: Array1::zeros(n), column_sums: Array1::zeros(m) };
        (factors.row_sums, factors.column_sums) = factors.sums(|_, p, s| s.copy_from_slice(p));
        factors
    }

    /// A function of every row, in order.
    fn map<T: Send>(&self, h: impl Fn(usize, &[f64]) -> T + Sync) -> Vec<T> {
        match &self.kept {
            Some(plan) => (0..plan.nrows())
                .into_par_iter()
                .map(|i| h(i, plan.row(i).to_slice().expect("contiguous")))
                .collect(),
            None => self.rows.map(h),
        }
    }

    /// The sums over rows and over columns of the matrix whose row `i` is what `h(i, P_i, out)` writes.
    ///
    /// Blocks of a number of rows that depends on the shape alone, added in order.
    pub(super) fn sums(&self, h: impl Fn(usize, &[f64], &mut [f64]) + Sync) -> (Array1<f64>, Array1<f64>) {
        let (n, m) = (self.rows.masses.0.len(), self.rows.masses.1.len());
        let block = n.div_ceil(32).max(64);
        let parts: Vec<(Vec<f64>, Vec<f64>)> = (0..n.div_ceil(block))
            .into_par_iter()
            .map(|part| {
                let (mut buffer, mut computed, mut s) = (Vec::new(), Vec::new(), vec![0.0; m]);
                let (mut in_rows, mut in_columns) = (Vec::with_capacity(block), vec![0.0; m]);
                for i in part * block..((part + 1) * block).min(n) {
                    let p = match &self.kept {
                        Some(plan) => plan.row(i).to_slice().expect("contiguous"),
                        None => {
                            self.rows.row_into(i, &mut buffer, &mut computed);
                            &computed
                        }
                    };
                    h(i, p, &mut s);
                    in_rows.push(s.iter().sum());
                    in_columns.iter_mut().zip(&s).for_each(|(sum, s)| *sum += s);
                }
                (in_rows, in_columns)
            })
            .collect();
        let mut in_columns = Array1::zeros(m);
        parts.iter().for_each(|part| in_columns += &ArrayView1::from(&part.1));
        (parts.iter().flat_map(|part| part.0.iter().copied()).collect(), in_columns)
    }

    /// `P v`.
    pub(super) fn times(&self, v: &Array1<f64>) -> Array1<f64> {
        self.map(|_, p| p.iter().zip(v).map(|(p, v)| p * v).sum()).into()
    }

    /// `Pᵀ u`.
    pub(super) fn transposed_times(&self, u: &Array1<f64>) -> Array1<f64> {
        self.sums(|i, p, s| s.iter_mut().zip(p).for_each(|(s, p)| *s = p * u[i])).1
    }

    /// `P y`.
    pub(super) fn pull(&self, y: &ArrayView2<'_, f64>) -> Array2<f64> {
        let rows = self.map(|_, p| ArrayView1::from(p).dot(y));
        let mut out = Array2::zeros((rows.len(), y.ncols()));
        out.rows_mut().into_iter().zip(&rows).for_each(|(mut out, row)| out.assign(row));
        out
    }
}

pub(super) struct Solution {
    pub(super) multipliers: (Array1<f64>, Array1<f64>),
    pub(super) iterations: usize,
    pub(super) residual: f64,
}

/// `(u, v)` with `[diag(r) P; Pᵀ diag(c)] (u, v) = (by_f, by_g)`, for the plan's own marginals r and c.
///
/// The matrix is positive semidefinite with null vector `(1, −1)`; with `u = (by_f − P v)/r` there remains
/// `(diag(c) − Pᵀ diag(1/r) P) v = by_g − Pᵀ (by_f / r)`, with null vector 1, solved for `w = √c v` so that
/// its eigenvalues lie in [0, 1].
pub(super) fn conjugate_gradients<G: Geometry + ?Sized>(
    factors: &Factors<'_, '_, G>,
    by_f: &Array1<f64>,
    by_g: &Array1<f64>,
    stop: Stop,
) -> Result<Solution, OtError> {
    let inverse = |sums: &Array1<f64>| sums.mapv(|s| if s > 0.0 { 1.0 / s } else { 0.0 });
    let (by_row, root) = (inverse(&factors.row_sums), factors.column_sums.mapv(f64::sqrt));
    let by_root = inverse(&root);
    let null = &root / root.dot(&root).sqrt();
    let project = |w: &mut Array1<f64>| {
        let along = w.dot(&null);
        w.scaled_add(-along, &null);
    };
    let apply = |w: &Array1<f64>| {
        let back = factors.transposed_times(&(factors.times(&(w * &by_root)) * &by_row));
        let mut out = w - &(back * &by_root);
        project(&mut out);
        out
    };
    let mut r = (by_g - &factors.transposed_times(&(by_f * &by_row))) * &by_root;
    project(&mut r);
    let mut w = Array1::zeros(r.len());
    let (size, mut p, mut square) = (r.dot(&r).sqrt(), r.clone(), r.dot(&r));
    let mut iterations = 0;
    let residual = loop {
        let residual = if size > 0.0 { square.sqrt() / size } else { 0.0 };
        match stop {
            Stop::Within { tolerance, .. } if residual <= tolerance => break residual,
            Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                let method = "the conjugate gradients of the implicit gradient";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            Stop::After { iterations: last } if iterations >= last => break residual,
            _ => {}
        }
        let image = apply(&p);
        let curvature = p.dot(&image);
        if curvature.is_nan() || curvature <= 0.0 {
            // Nothing is left to gain in this direction: an exact solution, or rounding.
            if let Stop::Within { tolerance, .. } = stop {
                let method = "the conjugate gradients of the implicit gradient";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            break residual;
        }
        let step = square / curvature;
        w.scaled_add(step, &p);
        r.scaled_add(-step, &image);
        project(&mut r);
        let next = r.dot(&r);
        p = &r + &(p * (next / square));
        square = next;
        iterations += 1;
    };
    let v = w * &by_root;
    let u = (by_f - &factors.times(&v)) * &by_row;
    Ok(Solution { multipliers: (u, v), iterations, residual })
}
