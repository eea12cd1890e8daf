//! `[f64; N]`: small systems on the stack.

use super::{Tolerance, VectorSpace};

impl<const N: usize> VectorSpace for [f64; N] {
    #[inline]
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let mut out = *self;
        for (c, x) in terms {
            for i in 0..N {
                out[i] += c * x[i];
            }
        }
        out
    }

    #[inline]
    fn zeros_like(&self) -> Self {
        [0.0; N]
    }

    #[inline]
    fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(a, b)| a * b).sum()
    }

    #[inline]
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        let mut sum = 0.0;
        for i in 0..N {
            let r = self[i] / tolerance.scale(a[i], b[i]);
            sum += r * r;
        }
        (sum, N)
    }

    #[inline]
    fn is_finite(&self) -> bool {
        self.iter().fold(true, |finite, v| finite & v.is_finite())
    }

    fn first_not_finite(&self) -> Option<usize> {
        self.iter().position(|v| !v.is_finite())
    }

    fn entries(&self) -> usize {
        N
    }

    #[inline]
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        *out = self.plus(terms);
    }

    #[inline]
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        *out = match terms {
            [] => [0.0; N],
            [(c, x), rest @ ..] => x.map(|v| c * v).plus(rest),
        };
    }
}
