//! Anderson's acceleration of the iteration, guarded.

use super::exp::fma;
use super::lanes::vectorise;
use super::word::WIDTH;
use pulp::{Simd, WithSimd};

/// The iterates of late, for the next one.
///
/// From images `t_k = T(g_k)` and residuals `r_k = t_k - g_k` it proposes `t_k - Σ_j γ_j (t_{j+1} - t_j)` with γ
/// the least squares solution of `r_k ≈ Σ_j γ_j (r_{j+1} - r_j)` in the norm weighted by the target masses, in which
/// the derivative of Sinkhorn's map is symmetric. Near the fixed point that is GMRES on the semi-dual's Newton
/// equation, at the price of one sweep a step.
///
/// H. F. Walker and P. Ni, SIAM J. Numer. Anal. 49, 2011, equation 2.2 and section 4, doi 10.1137/10078356X; for
/// Sinkhorn: L. Chizat et al., NeurIPS 2020, arXiv:2006.08172, appendix.
pub(super) struct Anderson {
    memory: usize,
    /// The last image and residual.
    last: Option<(Vec<f64>, Vec<f64>)>,
    /// `(t_{j+1} - t_j, r_{j+1} - r_j)`, oldest first.
    changes: Vec<(Vec<f64>, Vec<f64>)>,
    /// Weighted inner products of the changes of r, rows and columns as in `changes`.
    gram: Vec<Vec<f64>>,
    /// The least error since the memory was empty, with the latest image of about that error.
    best: Option<(f64, Vec<f64>)>,
    /// Plain iterations still to make after a failure.
    pause: usize,
    /// Those of the last pause, twice as many after each failure in a row.
    penalty: usize,
    /// The error at the last success: half of the one before.
    success: f64,
}

/// An error so many times the best one so far ends a memory.
const GROWTH: f64 = 2.0;
/// Errors that differ by less are the same: on a plateau, where the potentials have far to go, the latest is the best.
const PLATEAU: f64 = 1.01;
/// The longest pause.
const LONGEST: usize = 1024;
/// Keeps the least squares problem regular: a share of the mean diagonal entry.
const RIDGE: f64 = 1e-12;

impl Anderson {
    pub(super) fn new(memory: usize) -> Self {
        Self {
            memory,
            last: None,
            changes: Vec::new(),
            gram: Vec::new(),
            best: None,
            pause: 0,
            penalty: 0,
            success: f64::INFINITY,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.memory);
    }

    /// The next iterate after `g` with image `image` and this error.
    pub(super) fn next(&mut self, g: &[f64], image: &[f64], error: f64, weights: &[f64]) -> Vec<f64> {
        if self.memory == 0 {
            return image.to_vec();
        }
        if error < 0.5 * self.success {
            (self.success, self.penalty) = (error, 0);
        }
        if self.pause > 0 {
            self.pause -= 1;
            return image.to_vec();
        }
        match self.best.take() {
            Some((least, best)) if error.is_nan() || error > GROWTH * least => {
                let (success, penalty) = (self.success, (2 * self.penalty).clamp(1, LONGEST));
                *self = Self { success, penalty, pause: penalty, ..Self::new(self.memory) };
                return best;
            }
            Some((least, best)) if error > PLATEAU * least => self.best = Some((least, best)),
            Some((least, _)) => self.best = Some((least.min(error), image.to_vec())),
            None => self.best = Some((error, image.to_vec())),
        }
        let residual: Vec<f64> = image.iter().zip(g).map(|(t, g)| t - g).collect();
        if let Some((t, r)) = self.last.take() {
            self.push(difference(image, &t), difference(&residual, &r), weights);
        }
        let next = self.combine(image, &residual, weights);
        self.last = Some((image.to_vec(), residual));
        next
    }

    fn push(&mut self, t: Vec<f64>, r: Vec<f64>, weights: &[f64]) {
        if self.changes.len() == self.memory {
            self.changes.remove(0);
            self.gram.remove(0);
            self.gram.iter_mut().for_each(|row| {
                row.remove(0);
            });
        }
        self.changes.push((t, r));
        let newest = self.changes.len() - 1;
        let products: Vec<f64> =
            self.changes.iter().map(|(_, r)| inner(r, &self.changes[newest].1, weights)).collect();
        self.gram.iter_mut().zip(&products).for_each(|(row, &p)| row.push(p));
        self.gram.push(products);
    }

    fn combine(&self, image: &[f64], residual: &[f64], weights: &[f64]) -> Vec<f64> {
        let mut next = image.to_vec();
        let right = self.changes.iter().map(|(_, r)| inner(r, residual, weights)).collect();
        if let Some(gamma) = solve(self.gram.clone(), right) {
            for ((t, _), gamma) in self.changes.iter().zip(gamma) {
                vectorise(Subtract { x: &mut next, gamma, y: t });
            }
        }
        next
    }
}

fn difference(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x - y).collect()
}

/// `Σ_j w_j x_j y_j`, in a fixed order.
fn inner(x: &[f64], y: &[f64], w: &[f64]) -> f64 {
    vectorise(Inner { x, y, w })
}

struct Inner<'i> {
    x: &'i [f64],
    y: &'i [f64],
    w: &'i [f64],
}

impl WithSimd for Inner<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0.0; WIDTH];
        let (x, y, w) = (self.x.chunks_exact(WIDTH), self.y.chunks_exact(WIDTH), self.w.chunks_exact(WIDTH));
        let rest = x.remainder().iter().zip(y.remainder()).zip(w.remainder());
        for ((x, y), w) in x.zip(y).zip(w) {
            for t in 0..WIDTH {
                sums[t] += w[t] * x[t] * y[t];
            }
        }
        rest.fold(sums.iter().sum(), |sum, ((x, y), w)| sum + w * x * y)
    }
}

/// `x_j -= γ y_j`.
struct Subtract<'s> {
    x: &'s mut [f64],
    gamma: f64,
    y: &'s [f64],
}

impl WithSimd for Subtract<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (x, y) in self.x.iter_mut().zip(self.y) {
            *x = fma::<S>(*y, -self.gamma, *x);
        }
    }
}

/// The solution of a symmetric positive definite system by Cholesky's factorisation, with a ridge; `None` where the
/// matrix is not positive definite in floating point.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    if n == 0 {
        return None;
    }
    let trace: f64 = (0..n).map(|i| matrix[i][i]).sum();
    for i in 0..n {
        matrix[i][i] += RIDGE * trace;
    }
    for j in 0..n {
        for k in 0..j {
            let l = matrix[j][k];
            for i in j..n {
                matrix[i][j] -= l * matrix[i][k];
            }
        }
        let pivot = matrix[j][j];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let root = pivot.sqrt();
        (j..n).for_each(|i| matrix[i][j] /= root);
    }
    for i in 0..n {
        let known: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right.iter().all(|x| x.is_finite()).then_some(right)
}

#[cfg(test)]
mod tests {
    use super::{Anderson, solve};

    #[test]
    fn a_small_system() {
        let x = solve(vec![vec![4.0, 2.0], vec![2.0, 3.0]], vec![10.0, 8.0]).unwrap();
        assert!((x[0] - 1.75).abs() < 1e-9 && (x[1] - 1.5).abs() < 1e-9);
        assert_eq!(solve(vec![vec![-1.0]], vec![1.0]), None);
    }

    #[test]
    fn a_plateau_is_left_behind() {
        // Steps of one size, as of an auction, until each coordinate is near its fixed point 100: there is nothing to
        // extrapolate, and every attempt is punished.
        let map = |x: &[f64]| -> Vec<f64> {
            x.iter().map(|x| x + (100.0 - x).clamp(-0.1, 0.1) * if *x < 99.0 { 1.0 } else { 0.5 }).collect()
        };
        let (mut anderson, mut x) = (Anderson::new(5), vec![0.0, 30.0, 7.0]);
        for step in 0..4000 {
            let image = map(&x);
            // Any extrapolation counts as a failure.
            let plain = x.iter().zip(&image).all(|(x, t)| (x - t).abs() <= 0.1 + 1e-9 && *x <= 100.0);
            let error = if plain && step % 7 != 6 { 0.4 } else { 2.0 };
            x = anderson.next(&x, &image, error, &[1.0; 3]);
        }
        assert!(x.iter().all(|x| (x - 100.0).abs() < 1.0), "{x:?}");
    }

    #[test]
    fn a_linear_map_is_solved_in_as_many_steps_as_it_has_dimensions() {
        // T(x) = A x + c with eigenvalues 0.9, 0.99 and 0.999 and the fixed point 1.
        let map = |x: &[f64]| -> Vec<f64> {
            [0.9, 0.99, 0.999].iter().zip(x).map(|(a, x)| a * (x - 1.0) + 1.0).collect()
        };
        let (mut anderson, mut x) = (Anderson::new(5), vec![0.0; 3]);
        for _ in 0..6 {
            let image = map(&x);
            let error = x.iter().zip(&image).map(|(x, t)| (x - t).abs()).sum();
            x = anderson.next(&x, &image, error, &[1.0; 3]);
        }
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-4), "{x:?}");
    }
}
