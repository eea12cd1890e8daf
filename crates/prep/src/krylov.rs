//! The largest eigenvalues of a symmetric operator.

use crate::PrepError;
use chreode_core::Seed;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Spec};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Vectors that the operator is applied to at once.
const WIDTH: usize = 8;
/// The norm of A x - θ x at which a pair counts as found, relative to the largest eigenvalue.
const RESIDUAL: f64 = 1e-10;
/// Restarts before giving up.
const RESTARTS: usize = 300;
/// Operators of this side or less are written out and decomposed.
const SMALL: usize = 400;
/// Rows of a product that one task computes.
const PANEL: usize = 128;

/// A symmetric linear map.
pub(crate) trait Operator {
    /// The length of the vectors.
    fn side(&self) -> usize;
    /// A V.
    fn apply(&self, v: MatRef<'_, f64>) -> Result<Mat<f64>, PrepError>;
}

/// Eigenvalues, the largest first, and their vectors in columns.
pub(crate) struct Pairs {
    pub(crate) values: Vec<f64>,
    pub(crate) vectors: Mat<f64>,
}

/// The `k` algebraically largest eigenpairs.
///
/// A block Krylov space, orthogonalised in full, with thick restarts (Wu & Simon 2000, doi:10.1137/S0895479898334605;
/// in blocks, Zhou & Saad 2008, doi:10.1007/s11075-008-9192-9): from the best Ritz vectors and the last block it grows
/// again until all residuals are below 1e-10 of the largest eigenvalue. The start is always the same.
pub(crate) fn largest(of: &impl Operator, k: usize, what: &'static str) -> Result<Pairs, PrepError> {
    let n = of.side();
    let most = (4 * k).max(k + 8 * WIDTH).next_multiple_of(WIDTH);
    if n <= SMALL || most + WIDTH > n {
        let square = of.apply(Mat::<f64>::identity(n, n).as_ref())?;
        let mut pairs = eigen(square.as_ref(), what)?;
        pairs.values.truncate(k);
        pairs.vectors = pairs.vectors.subcols(0, k).to_owned();
        return Ok(pairs);
    }
    let mut rng = Seed(0).stream("krylov", 0);
    let mut random = || StandardNormal.sample(&mut rng);
    let mut v = Mat::<f64>::zeros(n, most + WIDTH);
    let mut h = Mat::<f64>::zeros(most, most);
    let start = Mat::from_fn(n, WIDTH, |_, _| random());
    let (start, _) = orthonormal(start, v.subcols(0, 0), &mut random);
    v.subcols_mut(0, WIDTH).copy_from(&start);
    let mut filled = 0;
    for _ in 0..RESTARTS {
        let mut last = Mat::<f64>::zeros(WIDTH, WIDTH);
        while filled + WIDTH <= most {
            let end = filled + WIDTH;
            let mut w = of.apply(v.subcols(filled, WIDTH))?;
            let mut along = Mat::<f64>::zeros(end, WIDTH);
            for _ in 0..2 {
                let part = transposed(v.subcols(0, end), w.as_ref());
                subtract(&mut w, v.subcols(0, end), part.as_ref());
                along += &part;
            }
            for j in 0..WIDTH {
                for i in 0..end {
                    h[(i, filled + j)] = along[(i, j)];
                    h[(filled + j, i)] = along[(i, j)];
                }
            }
            let (next, r) = orthonormal(w, v.subcols(0, end), &mut random);
            v.subcols_mut(end, WIDTH).copy_from(&next);
            last = r;
            filled = end;
        }
        let ritz = eigen(h.submatrix(0, 0, filled, filled), what)?;
        let scale = ritz.values[0].abs().max(ritz.values[filled - 1].abs());
        let residual = |i: usize| {
            let tail = ritz.vectors.submatrix(filled - WIDTH, i, WIDTH, 1);
            let mut product = Mat::<f64>::zeros(WIDTH, 1);
            matmul(product.as_mut(), Accum::Replace, last.as_ref(), tail, 1.0, Par::Seq);
            product.norm_l2()
        };
        if (0..k).all(|i| residual(i) <= RESIDUAL * scale) {
            let vectors = product(v.subcols(0, filled), ritz.vectors.subcols(0, k));
            return Ok(Pairs { values: ritz.values[..k].to_vec(), vectors });
        }
        let keep = k + (filled - k) / 3;
        let best = product(v.subcols(0, filled), ritz.vectors.subcols(0, keep));
        let next = v.subcols(filled, WIDTH).to_owned();
        v.subcols_mut(0, keep).copy_from(&best);
        v.subcols_mut(keep, WIDTH).copy_from(&next);
        h = Mat::zeros(most, most);
        (0..keep).for_each(|i| h[(i, i)] = ritz.values[i]);
        filled = keep;
    }
    Err(PrepError::Fit {
        what,
        needed: "eigenvalues that converge".into(),
        got: format!("residuals above {RESIDUAL:e} after {RESTARTS} restarts"),
        hint: "ask for fewer components, or for randomised ones",
    })
}

/// An orthonormal basis of the columns of `w`, which are orthogonal to `to`, and R with w = Q R.
///
/// A column that depends on the others is replaced by a random one; its row of R is 0.
fn orthonormal(
    mut w: Mat<f64>,
    to: MatRef<'_, f64>,
    random: &mut impl FnMut() -> f64,
) -> (Mat<f64>, Mat<f64>) {
    let (n, b) = (w.nrows(), w.ncols());
    let mut r = Mat::<f64>::zeros(b, b);
    let largest = (0..b).map(|j| w.col(j).norm_l2()).fold(0.0, f64::max);
    for j in 0..b {
        for _ in 0..2 {
            for i in 0..j {
                let along = dot(w.col_as_slice(i), w.col_as_slice(j));
                r[(i, j)] += along;
                let q = w.col_as_slice(i).to_vec();
                axpy(-along, &q, w.col_as_slice_mut(j));
            }
        }
        let mut size = w.col(j).norm_l2();
        r[(j, j)] = size;
        if size <= 1e-14 * largest || size == 0.0 {
            r[(j, j)] = 0.0;
            let mut fresh = Mat::from_fn(n, 1, |_, _| random());
            for _ in 0..2 {
                let part = transposed(to, fresh.as_ref());
                subtract(&mut fresh, to, part.as_ref());
                for i in 0..j {
                    let along = dot(w.col_as_slice(i), fresh.col_as_slice(0));
                    axpy(-along, w.col_as_slice(i), fresh.col_as_slice_mut(0));
                }
            }
            w.subcols_mut(j, 1).copy_from(&fresh);
            size = w.col(j).norm_l2();
        }
        w.col_as_slice_mut(j).iter_mut().for_each(|x| *x /= size);
    }
    (w, r)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn axpy(by: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += by * x);
}

/// Aᵀ B, on one thread.
fn transposed(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.ncols(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
    out
}

/// W - A B.
fn subtract(w: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(w.as_mut(), Accum::Add, a, b, -1.0, Par::Seq);
}

/// A B, panels of rows on all threads; a panel's bits do not depend on who computes it.
pub(crate) fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let n = a.nrows();
    let panels: Vec<Mat<f64>> = (0..n.div_ceil(PANEL))
        .into_par_iter()
        .map(|i| {
            let rows = PANEL.min(n - i * PANEL);
            let mut part = Mat::zeros(rows, b.ncols());
            matmul(part.as_mut(), Accum::Replace, a.subrows(i * PANEL, rows), b, 1.0, Par::Seq);
            part
        })
        .collect();
    let mut out = Mat::zeros(n, b.ncols());
    for (i, part) in panels.iter().enumerate() {
        out.subrows_mut(i * PANEL, part.nrows()).copy_from(part);
    }
    out
}

/// All eigenpairs of a symmetric matrix given by its lower half, the largest first.
pub(crate) fn eigen(square: MatRef<'_, f64>, what: &'static str) -> Result<Pairs, PrepError> {
    let n = square.nrows();
    let mut values = faer::Col::<f64>::zeros(n);
    let mut vectors = Mat::zeros(n, n);
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Spec::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        square,
        values.as_mut().as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    )
    .map_err(|_| PrepError::Fit {
        what,
        needed: "an eigensolver that converges".into(),
        got: "no convergence".into(),
        hint: "remove what is not finite and scale the columns",
    })?;
    let vectors = Mat::from_fn(n, n, |i, j| vectors[(i, n - 1 - j)]);
    Ok(Pairs { values: (0..n).rev().map(|i| values[i]).collect(), vectors })
}
