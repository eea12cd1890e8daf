//! A list of states is a state: numbers, the layers of a network, the parts of a model.

use super::{Tolerance, VectorSpace};

/// Of numbers, as fast as an array.
impl<V: VectorSpace> VectorSpace for Vec<V> {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let mut out: Self = self.iter().map(V::duplicate).collect();
        self.plus_into(terms, &mut out);
        out
    }

    fn zeros_like(&self) -> Self {
        self.iter().map(V::zeros_like).collect()
    }

    fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(a, b)| a.dot(b)).sum()
    }

    #[inline]
    fn is_finite(&self) -> bool {
        self.iter().fold(true, |finite, v| finite & v.is_finite())
    }

    fn first_not_finite(&self) -> Option<usize> {
        let i = self.iter().position(|v| !v.is_finite())?;
        Some(self[..i].iter().map(V::entries).sum::<usize>() + self[i].first_not_finite()?)
    }

    fn entries(&self) -> usize {
        self.iter().map(V::entries).sum()
    }

    #[inline(always)]
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        V::list_scaled_square_sum(self, a, b, tolerance)
    }

    #[inline(always)]
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        if out.len() != self.len() {
            *out = self.iter().map(V::duplicate).collect();
        }
        V::list_into(Some(self), terms, out);
    }

    #[inline(always)]
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        V::list_into(None, terms, out);
    }
}
