//! `ndarray` arrays of any dimension as states.

use super::{Tolerance, VectorSpace};
use crate::Real;
use ndarray::{Array, Dimension, Zip};

/// Entries handled between two visits of the same memory: a block of the output stays in L1 while
/// every term is added to it.
const BLOCK: usize = 1024;

/// `out += Σ cᵢ xᵢ`, one pass over memory when everything is contiguous in the same order. Terms with
/// `c = 0`, of which the tables of solvers are full, are not read.
fn accumulate<A: Real, D: Dimension>(out: &mut Array<A, D>, terms: &[(f64, &Array<A, D>)]) {
    let same_order = terms.iter().all(|(_, x)| x.shape() == out.shape() && x.strides() == out.strides());
    if !same_order || out.as_slice_memory_order().is_none() {
        for (c, x) in terms.iter().filter(|(c, _)| *c != 0.0) {
            let c = A::from_f64(*c);
            Zip::from(&mut *out).and(*x).for_each(|o, &x| *o += c * x);
        }
        return;
    }
    let total = out.len();
    let memory = out.as_slice_memory_order_mut().expect("checked contiguous above");
    for start in (0..total).step_by(BLOCK) {
        let block = start..(start + BLOCK).min(total);
        for (c, x) in terms.iter().filter(|(c, _)| *c != 0.0) {
            let c = A::from_f64(*c);
            let x = &x.as_slice_memory_order().expect("same strides as a contiguous array")[block.clone()];
            for (o, &x) in memory[block.clone()].iter_mut().zip(x) {
                *o += c * x;
            }
        }
    }
}

impl<A: Real, D: Dimension> VectorSpace for Array<A, D> {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let mut out = self.clone();
        accumulate(&mut out, terms);
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

    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        let term = |e: A, a: A, b: A| {
            let r = e.to_f64() / tolerance.scale(a.to_f64(), b.to_f64());
            r * r
        };
        let mut sum = 0.0;
        if let (Some(e), Some(a), Some(b)) = (self.as_slice(), a.as_slice(), b.as_slice()) {
            // Eight sums side by side, so that the divisions need not wait for one another.
            let mut lanes = [0.0; 8];
            assert!(e.len() == a.len() && e.len() == b.len(), "states of one space have one size");
            let (e, e_rest) = e.as_chunks::<8>();
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
            for ((e, a), b) in e.iter().zip(a).zip(b) {
                for (i, lane) in lanes.iter_mut().enumerate() {
                    *lane += term(e[i], a[i], b[i]);
                }
            }
            let rest = e_rest.iter().zip(a_rest).zip(b_rest).map(|((e, a), b)| term(*e, *a, *b));
            sum = lanes.iter().sum::<f64>() + rest.sum::<f64>();
        } else {
            Zip::from(self).and(a).and(b).for_each(|&e, &a, &b| sum += term(e, a, b));
        }
        (sum, self.len())
    }

    fn is_finite(&self) -> bool {
        match self.as_slice_memory_order() {
            // Without an early exit the fold is done in SIMD lanes.
            Some(memory) => memory.iter().fold(true, |finite, v| finite & v.is_finite()),
            None => self.iter().all(|v| v.is_finite()),
        }
    }

    fn first_not_finite(&self) -> Option<usize> {
        self.iter().position(|v| !v.is_finite())
    }

    fn entries(&self) -> usize {
        self.len()
    }

    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        if out.shape() == self.shape() {
            out.assign(self);
            accumulate(out, terms);
        } else {
            *out = self.plus(terms);
        }
    }

    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        out.fill(A::zero());
        accumulate(out, terms);
    }
}
