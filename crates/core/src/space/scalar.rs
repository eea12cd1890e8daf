//! Numbers as states: one equation, or the entries of a `Vec`.

use super::{Tolerance, VectorSpace, kernel};
use crate::Real;

macro_rules! scalar {
    ($($real:ty)*) => {$(
        impl VectorSpace for $real {
            const SMALL: bool = true;

            #[inline]
            fn plus(&self, terms: &[(f64, &Self)]) -> Self {
                terms.iter().fold(*self, |sum, (c, x)| sum + Self::from_f64(*c) * **x)
            }

            #[inline]
            fn zeros_like(&self) -> Self {
                0.0
            }

            #[inline]
            fn dot(&self, other: &Self) -> f64 {
                self.to_f64() * other.to_f64()
            }

            #[inline]
            fn is_finite(&self) -> bool {
                <$real>::is_finite(*self)
            }

            fn first_not_finite(&self) -> Option<usize> {
                (!<$real>::is_finite(*self)).then_some(0)
            }

            fn entries(&self) -> usize {
                1
            }

            #[inline]
            fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
                let r = self.to_f64() / tolerance.scale(a.to_f64(), b.to_f64());
                (r * r, 1)
            }

            #[inline(always)]
            fn list_into(base: Option<&[Self]>, terms: &[(f64, &Vec<Self>)], out: &mut [Self]) {
                let slice = |i: usize| Some(terms[i].1.as_slice());
                kernel::combine(base, terms.len(), |i| terms[i].0, slice, out).expect("slices all");
            }

            #[inline(always)]
            fn list_scaled_square_sum(
                list: &[Self],
                a: &[Self],
                b: &[Self],
                tolerance: Tolerance,
            ) -> (f64, usize) {
                (kernel::scaled_square_sum(list, a, b, tolerance), list.len())
            }
        }
    )*};
}

scalar!(f32 f64);
