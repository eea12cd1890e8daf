//! Linear systems by products alone.

use crate::AdjointError;
use chreode_core::VectorSpace;

/// x with |A x − b| ≤ `tolerance` |b|, by GMRES with modified Gram-Schmidt, from x = 0.
///
/// Saad & Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856-869, doi:10.1137/0907058.
pub(crate) fn gmres<Y: VectorSpace>(
    apply: impl Fn(&Y) -> Y,
    b: &Y,
    tolerance: f64,
    most: usize,
) -> Result<Y, AdjointError> {
    let size = b.dot(b).sqrt();
    if size == 0.0 {
        return Ok(b.zeros_like());
    }
    let scaled = |v: &Y, c: f64| v.zeros_like().plus(&[(c, v)]);
    let mut basis = vec![scaled(b, 1.0 / size)];
    // Columns of the triangle, and what is left of the right-hand side.
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    let mut turns: Vec<(f64, f64)> = Vec::new();
    let mut rest = vec![size];
    loop {
        let k = triangle.len();
        let residual = rest[k].abs() / size;
        if residual <= tolerance {
            break;
        }
        if k >= most || k >= b.entries() + 2 || !residual.is_finite() {
            return Err(AdjointError::LinearSystem { iterations: k, residual, tolerance });
        }
        let mut w = apply(&basis[k]);
        let before = w.dot(&w).sqrt();
        let mut column = Vec::with_capacity(k + 2);
        for v in &basis {
            let h = w.dot(v);
            w = w.plus(&[(-h, v)]);
            column.push(h);
        }
        let length = w.dot(&w).sqrt();
        for (i, (c, s)) in turns.iter().enumerate() {
            let (x, y) = (column[i], column[i + 1]);
            (column[i], column[i + 1]) = (c * x + s * y, c * y - s * x);
        }
        let diagonal = column[k].hypot(length);
        if diagonal <= f64::EPSILON * before || !diagonal.is_finite() {
            return Err(AdjointError::LinearSystem { iterations: k + 1, residual, tolerance });
        }
        let (c, s) = (column[k] / diagonal, length / diagonal);
        column[k] = diagonal;
        turns.push((c, s));
        rest.push(-s * rest[k]);
        rest[k] *= c;
        triangle.push(column);
        if length > 0.0 {
            basis.push(scaled(&w, 1.0 / length));
        } else {
            basis.push(w);
        }
    }
    let n = triangle.len();
    let mut x = rest[..n].to_vec();
    for i in (0..n).rev() {
        let later: f64 = (i + 1..n).map(|j| triangle[j][i] * x[j]).sum();
        x[i] = (x[i] - later) / triangle[i][i];
    }
    let terms: Vec<_> = x.iter().copied().zip(&basis).collect();
    Ok(b.zeros_like().plus(&terms))
}
