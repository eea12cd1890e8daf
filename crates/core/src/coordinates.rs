//! States whose entries can be listed, for methods that form a matrix.

use crate::{Real, VectorSpace};
use ndarray::{Array, Dimension};

/// A state with coordinates: what Jacobians, per-entry tolerances and reports of single entries need.
///
/// Explicit methods never ask for it, so a tensor on another device is a state without it.
pub trait Coordinates: VectorSpace {
    /// How many.
    fn size(&self) -> usize;

    /// Writes the coordinates to `out`, of length [`size`](Self::size).
    fn read(&self, out: &mut [f64]);

    /// Takes the coordinates from `values`, of length [`size`](Self::size).
    fn write(&mut self, values: &[f64]);

    /// The coordinates in place, for states that keep them as one slice of `f64`; spares copies.
    #[inline]
    fn as_doubles(&self) -> Option<&[f64]> {
        None
    }

    /// The same, to write.
    #[inline]
    fn as_doubles_mut(&mut self) -> Option<&mut [f64]> {
        None
    }
}

impl<const N: usize> Coordinates for [f64; N] {
    #[inline]
    fn size(&self) -> usize {
        N
    }

    #[inline]
    fn read(&self, out: &mut [f64]) {
        out.copy_from_slice(self);
    }

    #[inline]
    fn write(&mut self, values: &[f64]) {
        self.copy_from_slice(values);
    }

    #[inline]
    fn as_doubles(&self) -> Option<&[f64]> {
        Some(self)
    }

    #[inline]
    fn as_doubles_mut(&mut self) -> Option<&mut [f64]> {
        Some(self)
    }
}

/// In logical order, rows first.
impl<A: Real, D: Dimension> Coordinates for Array<A, D> {
    fn size(&self) -> usize {
        self.len()
    }

    fn read(&self, out: &mut [f64]) {
        for (out, value) in out.iter_mut().zip(self) {
            *out = Real::to_f64(*value);
        }
    }

    fn write(&mut self, values: &[f64]) {
        for (entry, value) in self.iter_mut().zip(values) {
            *entry = Real::from_f64(*value);
        }
    }

    #[inline]
    fn as_doubles(&self) -> Option<&[f64]> {
        A::as_doubles(self.as_slice()?)
    }

    #[inline]
    fn as_doubles_mut(&mut self) -> Option<&mut [f64]> {
        A::as_doubles_mut(self.as_slice_mut()?)
    }
}

impl<A: Coordinates, B: Coordinates> Coordinates for (A, B) {
    fn size(&self) -> usize {
        self.0.size() + self.1.size()
    }

    fn read(&self, out: &mut [f64]) {
        let (first, second) = out.split_at_mut(self.0.size());
        self.0.read(first);
        self.1.read(second);
    }

    fn write(&mut self, values: &[f64]) {
        let (first, second) = values.split_at(self.0.size());
        self.0.write(first);
        self.1.write(second);
    }
}
