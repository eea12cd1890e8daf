//! `ndarray` arrays of any dimension as states.

use super::{Tolerance, VectorSpace, kernel};
use crate::Real;
use ndarray::{Array, Dimension, Zip};

/// The entries, when they lie in standard order and the array has the shape `like`.
#[inline(always)]
fn plain<'a, A: Real, D: Dimension>(x: &'a Array<A, D>, like: &D) -> Option<&'a [A]> {
    if x.raw_dim() == *like { x.as_slice() } else { None }
}

/// `out += Σ cᵢ xᵢ` for arrays in any order: one pass over memory when the order is the same, else
/// index by index.
#[inline(never)]
fn accumulate<A: Real, D: Dimension>(out: &mut Array<A, D>, terms: &[(f64, &Array<A, D>)]) {
    let same = terms.iter().all(|(_, x)| x.shape() == out.shape() && x.strides() == out.strides());
    match out.as_slice_memory_order_mut() {
        Some(out) if same => {
            let entries = |i: usize| terms[i].1.as_slice_memory_order().expect("aligned with one that is");
            kernel::accumulate(terms.len(), |i| (terms[i].0, entries(i)), out);
        }
        _ => {
            for (c, x) in terms.iter().filter(|(c, _)| *c != 0.0) {
                let c = A::from_f64(*c);
                Zip::from(&mut *out).and(*x).for_each(|o, &x| *o += c * x);
            }
        }
    }
}

impl<A: Real, D: Dimension> VectorSpace for Array<A, D> {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let mut out = self.clone();
        self.plus_into(terms, &mut out);
        out
    }

    fn zeros_like(&self) -> Self {
        Self::zeros(self.raw_dim())
    }

    fn dot(&self, other: &Self) -> f64 {
        let mut sum = 0.0;
        Zip::from(self).and(other).for_each(|&a, &b| sum += a.to_f64() * b.to_f64());
        sum
    }

    #[inline(always)]
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        if let (Some(e), Some(a), Some(b)) = (self.as_slice(), a.as_slice(), b.as_slice()) {
            return (kernel::scaled_square_sum(e, a, b, tolerance), self.len());
        }
        let mut sum = 0.0;
        Zip::from(self).and(a).and(b).for_each(|&e, &a, &b| {
            let r = e.to_f64() / tolerance.scale(a.to_f64(), b.to_f64());
            sum += r * r;
        });
        (sum, self.len())
    }

    #[inline]
    fn is_finite(&self) -> bool {
        match self.as_slice().or_else(|| self.as_slice_memory_order()) {
            Some(entries) => kernel::is_finite(entries),
            None => self.iter().all(|v| v.is_finite()),
        }
    }

    fn first_not_finite(&self) -> Option<usize> {
        self.iter().position(|v| !v.is_finite())
    }

    fn entries(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        let shape = out.raw_dim();
        let done = plain(self, &shape).zip(out.as_slice_mut()).and_then(|(base, out)| {
            let slice = |i: usize| plain(terms[i].1, &shape);
            kernel::combine(Some(base), terms.len(), |i| terms[i].0, slice, out)
        });
        if done.is_none() {
            out.clone_from(self);
            accumulate(out, terms);
        }
    }

    #[inline(always)]
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        let shape = out.raw_dim();
        let done = out.as_slice_mut().and_then(|out| {
            let slice = |i: usize| plain(terms[i].1, &shape);
            kernel::combine(None, terms.len(), |i| terms[i].0, slice, out)
        });
        if done.is_none() {
            out.fill(A::zero());
            accumulate(out, terms);
        }
    }
}
