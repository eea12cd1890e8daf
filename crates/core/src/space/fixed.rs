//! `[f64; N]` and `[f32; N]`: small systems on the stack.

use super::{Tolerance, VectorSpace};
use crate::Real;

macro_rules! fixed {
    ($($real:ty)*) => {$(
        impl<const N: usize> VectorSpace for [$real; N] {
            const SMALL: bool = N <= 8;

            #[inline]
            fn plus(&self, terms: &[(f64, &Self)]) -> Self {
                let mut out = *self;
                for (c, x) in terms {
                    for i in 0..N {
                        out[i] += <$real>::from_f64(*c) * x[i];
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
                self.iter().zip(other).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
            }

            #[inline]
            fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
                let mut sum = 0.0;
                for i in 0..N {
                    let r = self[i].to_f64() / tolerance.scale(a[i].to_f64(), b[i].to_f64());
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
                    [(c, x), rest @ ..] => x.map(|v| <$real>::from_f64(*c) * v).plus(rest),
                };
            }
        }
    )*};
}

fixed!(f32 f64);
