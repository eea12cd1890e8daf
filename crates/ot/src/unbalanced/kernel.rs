//! Soft minima by products with a kept kernel, as long as the potentials stay near those it was made with.

use super::soft::{Weighted, columns, rows};
use crate::Geometry;
use crate::sinkhorn::exp;
use rayon::prelude::*;

/// The largest kernel that is kept, in entries: 128 MiB.
const KEPT: usize = 1 << 24;
/// How far, in units of ε, a potential may move before the kernel is made anew.
const DRIFT: f64 = 100.0;
/// The least sum whose lost terms (below the range of `f64`, times exp(DRIFT)) are rounding.
const LEAST: f64 = 1e-200;
/// Partial sums of a row, in a fixed order.
const LANES: usize = 16;
/// Columns that one task works on.
const STRIP: usize = 128;

/// `K_ij = exp((A_i + H_j - c_ij)/ε)` with H the weighted potential of the targets and A its soft minima, so that
/// the rows sum to 1 (stabilisation by absorption: B. Schmitzer, SIAM J. Sci. Comput. 41, 2019, doi
/// 10.1137/16M1106018).
///
/// A product with K costs a tenth of the exponentials; where the potentials have moved away from the absorbed ones, or
/// the kernel is too large to keep, the soft minima come from the costs themselves.
#[derive(Default)]
pub(super) struct Kernel {
    epsilon: f64,
    matrix: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Kernel {
    /// The soft minima of the rows for the weighted potential `h`; makes the kernel anew where it must.
    pub(super) fn rows<G: Geometry + ?Sized>(
        &mut self,
        geometry: &G,
        epsilon: f64,
        h: &Weighted,
    ) -> Vec<f64> {
        if let Some(soft) = self.fast_rows(epsilon, h) {
            return soft;
        }
        let soft = rows(geometry, epsilon, h);
        let (n, m) = geometry.shape();
        if n * m <= KEPT {
            self.absorb(geometry, epsilon, &soft, h);
        }
        soft
    }

    /// The soft minima of the columns for the weighted potential `k`.
    pub(super) fn columns<G: Geometry + ?Sized>(&self, geometry: &G, epsilon: f64, k: &Weighted) -> Vec<f64> {
        self.fast_columns(epsilon, k).unwrap_or_else(|| columns(geometry, epsilon, k))
    }

    fn absorb<G: Geometry + ?Sized>(&mut self, geometry: &G, epsilon: f64, soft: &[f64], h: &Weighted) {
        let (n, m) = geometry.shape();
        self.matrix.resize(n * m, 0.0);
        let scale = 1.0 / epsilon;
        let arch = pulp::Arch::new();
        self.matrix.par_chunks_mut(m).zip(soft).enumerate().for_each_init(
            Vec::new,
            |buffer, (row, (out, &a))| {
                if !a.is_finite() {
                    return out.fill(0.0);
                }
                let costs = geometry.costs(row, 0..m, buffer);
                arch.dispatch(
                    #[inline(always)]
                    || {
                        for ((out, &c), &h) in out.iter_mut().zip(costs).zip(&h.0) {
                            *out = exp((a - (c - h)) * scale);
                        }
                    },
                );
            },
        );
        (self.epsilon, self.left, self.right) = (epsilon, soft.to_vec(), h.0.clone());
    }

    fn fast_rows(&self, epsilon: f64, h: &Weighted) -> Option<Vec<f64>> {
        let factors = self.factors(epsilon, &h.0, &self.right)?;
        let (arch, m) = (pulp::Arch::new(), factors.len());
        let rows = self.matrix.par_chunks(m).with_min_len((1_usize << 14).div_ceil(m));
        let sums: Vec<f64> = rows.map(|row| arch.dispatch(|| dot(row, &factors))).collect();
        logs(&sums, &self.left, epsilon, |a| a == f64::INFINITY)
    }

    fn fast_columns(&self, epsilon: f64, k: &Weighted) -> Option<Vec<f64>> {
        let factors = self.factors(epsilon, &k.0, &self.left)?;
        let (arch, m) = (pulp::Arch::new(), self.right.len());
        let mut sums = vec![0.0; m];
        sums.par_chunks_mut(STRIP).enumerate().for_each(|(strip, sums)| {
            arch.dispatch(
                #[inline(always)]
                || {
                    let start = strip * STRIP;
                    for (row, &factor) in self.matrix.chunks_exact(m).zip(&factors) {
                        let row = &row[start..start + sums.len()];
                        for (sum, &k) in sums.iter_mut().zip(row) {
                            *sum += factor * k;
                        }
                    }
                },
            );
        });
        logs(&sums, &self.right, epsilon, |h| h == f64::NEG_INFINITY)
    }

    /// `exp((now - absorbed)/ε)`; `None` where the kernel does not serve.
    fn factors(&self, epsilon: f64, now: &[f64], absorbed: &[f64]) -> Option<Vec<f64>> {
        if self.matrix.is_empty() || self.epsilon != epsilon {
            return None;
        }
        let scale = 1.0 / epsilon;
        let one = |(&now, &absorbed): (&f64, &f64)| {
            if now == f64::NEG_INFINITY {
                return Some(0.0);
            }
            let drift = (now - absorbed) * scale;
            (drift.abs() <= DRIFT).then(|| exp(drift))
        };
        now.iter().zip(absorbed).map(one).collect()
    }
}

/// `absorbed - ε log sum`, +∞ for points that no move reaches; `None` where a sum has lost its digits.
fn logs(sums: &[f64], absorbed: &[f64], epsilon: f64, idle: impl Fn(f64) -> bool) -> Option<Vec<f64>> {
    let one = |(&sum, &absorbed): (&f64, &f64)| {
        if idle(absorbed) {
            return Some(f64::INFINITY);
        }
        (sum >= LEAST).then(|| absorbed - epsilon * sum.ln())
    };
    sums.iter().zip(absorbed).map(one).collect()
}

#[inline(always)]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for k in 0..LANES {
            sums[k] += x[k] * y[k];
        }
    }
    sums.iter().sum::<f64>() + x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::{Kernel, Weighted, columns, rows};
    use ndarray::Array2;

    fn close(fast: &[f64], direct: &[f64]) -> bool {
        fast.iter().zip(direct).all(|(x, y)| x == y || (x - y).abs() < 1e-14)
    }

    #[test]
    fn products_are_the_soft_minima() {
        let (n, m, epsilon) = (70, 150, 0.02);
        let inf = f64::INFINITY;
        // Point 3 of each side has no allowed move.
        let costs = Array2::from_shape_fn((n, m), |(i, j)| {
            let away = (i * 37 + j * 91) % 101;
            if i == 3 || j == 3 || away == 7 { inf } else { away as f64 / 100.0 }
        });
        let wave = |size: usize, scale: f64| -> Weighted {
            let one = |i: usize| if i == 3 || i == 5 { -inf } else { scale * (i as f64).sin() };
            Weighted((0..size).map(one).collect())
        };
        let mut kernel = Kernel::default();
        let first = kernel.rows(&costs, epsilon, &wave(m, 0.1));
        assert_eq!(first, rows(&costs, epsilon, &wave(m, 0.1)));
        assert_eq!(first[3], inf);
        for scale in [0.1, 0.0, 0.4] {
            let h = wave(m, scale);
            let fast = kernel.fast_rows(epsilon, &h).expect("near");
            assert!(close(&fast, &rows(&costs, epsilon, &h)));
        }
        // The weighted potential of the sources is near minus nothing: its masses are of size 1.
        let k =
            Weighted(first.iter().enumerate().map(|(i, f)| if i == 3 { -inf } else { f - 0.1 }).collect());
        let fast = kernel.fast_columns(epsilon, &k).expect("near");
        let direct = columns(&costs, epsilon, &k);
        assert_eq!((fast[3], direct[3]), (inf, inf));
        // Column 5 has no weight, so that its soft minimum is never asked for.
        assert!((0..m).filter(|&j| j != 5).all(|j| close(&fast[j..=j], &direct[j..=j])));
        // Farther than 100 ε, or at another ε, the kernel does not serve.
        assert!(kernel.fast_rows(epsilon, &wave(m, 3.0)).is_none());
        assert!(kernel.fast_rows(2.0 * epsilon, &wave(m, 0.1)).is_none());
        assert_eq!(kernel.rows(&costs, epsilon, &wave(m, 3.0)), rows(&costs, epsilon, &wave(m, 3.0)));
        assert!(kernel.fast_rows(epsilon, &wave(m, 3.0)).is_some());
    }
}
