//! What noise looks like: one number, a few, or an array of them.

use chreode_core::Real;
use ndarray::{Array, Dimension, Zip};

/// Values of Brownian motions: `f64` for one, `[f64; N]`, or an array of any shape.
///
/// Every entry is a Brownian motion of its own, independent of the others.
pub trait Noise: Clone {
    /// Its shape: empty for a number, one entry an axis otherwise.
    fn shape(&self) -> Vec<usize>;

    /// Takes the entries from `values`, as many as the shape says, rows first.
    fn write(&mut self, values: &[f64]);

    /// `selfᵢ = f(selfᵢ, otherᵢ)` for every entry; both have one shape.
    fn update(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64);

    /// The number of entries.
    fn size(&self) -> usize {
        self.shape().iter().product()
    }
}

impl Noise for f64 {
    fn shape(&self) -> Vec<usize> {
        Vec::new()
    }

    #[inline]
    fn write(&mut self, values: &[f64]) {
        *self = values[0];
    }

    #[inline]
    fn update(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        *self = f(*self, *other);
    }
}

impl<const N: usize> Noise for [f64; N] {
    fn shape(&self) -> Vec<usize> {
        vec![N]
    }

    #[inline]
    fn write(&mut self, values: &[f64]) {
        self.copy_from_slice(values);
    }

    #[inline]
    fn update(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        for (a, b) in self.iter_mut().zip(other) {
            *a = f(*a, *b);
        }
    }
}

impl<A: Real, D: Dimension> Noise for Array<A, D> {
    fn shape(&self) -> Vec<usize> {
        Self::shape(self).to_vec()
    }

    fn write(&mut self, values: &[f64]) {
        for (entry, value) in self.iter_mut().zip(values) {
            *entry = A::from_f64(*value);
        }
    }

    fn update(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        Zip::from(self).and(other).for_each(|a, b| *a = A::from_f64(f(Real::to_f64(*a), Real::to_f64(*b))));
    }
}
