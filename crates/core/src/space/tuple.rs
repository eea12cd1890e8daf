//! Pairs of states, for augmented systems, and passengers that do not steer the step size.

use super::{Tolerance, VectorSpace, terms};

/// An augmented state: both halves move under one step and share one error norm.
impl<A: VectorSpace, B: VectorSpace> VectorSpace for (A, B) {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let first = terms::map(terms, |x| &x.0, |terms| self.0.plus(terms));
        let second = terms::map(terms, |x| &x.1, |terms| self.1.plus(terms));
        (first, second)
    }

    fn zeros_like(&self) -> Self {
        (self.0.zeros_like(), self.1.zeros_like())
    }

    fn dot(&self, other: &Self) -> f64 {
        self.0.dot(&other.0) + self.1.dot(&other.1)
    }

    fn is_finite(&self) -> bool {
        self.0.is_finite() && self.1.is_finite()
    }

    fn first_not_finite(&self) -> Option<usize> {
        if self.0.is_finite() {
            self.1.first_not_finite().map(|i| self.0.entries() + i)
        } else {
            self.0.first_not_finite()
        }
    }

    fn entries(&self) -> usize {
        self.0.entries() + self.1.entries()
    }

    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        let (s0, n0) = self.0.scaled_square_sum(&a.0, &b.0, tolerance);
        let (s1, n1) = self.1.scaled_square_sum(&a.1, &b.1, tolerance);
        (s0 + s1, n0 + n1)
    }

    #[inline]
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        terms::map(terms, |x| &x.0, |terms| self.0.plus_into(terms, &mut out.0));
        terms::map(terms, |x| &x.1, |terms| self.1.plus_into(terms, &mut out.1));
    }

    #[inline]
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        terms::map(terms, |x| &x.0, |terms| A::sum_into(terms, &mut out.0));
        terms::map(terms, |x| &x.1, |terms| B::sum_into(terms, &mut out.1));
    }
}

/// Rides along, and does not steer the step size: contributes no entry to the error norm.
///
/// The parameter half of an adjoint state is one; so is an integral one only reads at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Passenger<V>(pub V);

impl<V: VectorSpace> VectorSpace for Passenger<V> {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        Self(terms::map(terms, |x| &x.0, |terms| self.0.plus(terms)))
    }

    fn zeros_like(&self) -> Self {
        Self(self.0.zeros_like())
    }

    fn dot(&self, other: &Self) -> f64 {
        self.0.dot(&other.0)
    }

    fn is_finite(&self) -> bool {
        self.0.is_finite()
    }

    fn first_not_finite(&self) -> Option<usize> {
        self.0.first_not_finite()
    }

    fn entries(&self) -> usize {
        self.0.entries()
    }

    fn scaled_square_sum(&self, _: &Self, _: &Self, _: Tolerance) -> (f64, usize) {
        (0.0, 0)
    }

    #[inline]
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        terms::map(terms, |x| &x.0, |terms| self.0.plus_into(terms, &mut out.0));
    }

    #[inline]
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        terms::map(terms, |x| &x.0, |terms| V::sum_into(terms, &mut out.0));
    }
}
