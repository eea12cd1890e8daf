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

    /// Shows `visit` the coordinates of several states of one shape side by side, in order. By default
    /// through copies; overridden where entries can be looked at in place.
    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        let size = states.first().map_or(0, |state| state.size());
        let copies = states.map(|state| {
            let mut copy = vec![0.0; size];
            state.read(&mut copy);
            copy
        });
        for i in 0..size {
            visit(std::array::from_fn(|k| copies[k][i]));
        }
    }

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
    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        for i in 0..N {
            visit(states.map(|state| state[i]));
        }
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

impl Coordinates for f64 {
    fn size(&self) -> usize {
        1
    }

    fn read(&self, out: &mut [f64]) {
        out[0] = *self;
    }

    fn write(&mut self, values: &[f64]) {
        *self = values[0];
    }

    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        visit(states.map(|state| *state));
    }

    fn as_doubles(&self) -> Option<&[f64]> {
        Some(std::slice::from_ref(self))
    }

    fn as_doubles_mut(&mut self) -> Option<&mut [f64]> {
        Some(std::slice::from_mut(self))
    }
}

impl<const N: usize> Coordinates for [f32; N] {
    fn size(&self) -> usize {
        N
    }

    fn read(&self, out: &mut [f64]) {
        for (out, value) in out.iter_mut().zip(self) {
            *out = f64::from(*value);
        }
    }

    fn write(&mut self, values: &[f64]) {
        for (entry, value) in self.iter_mut().zip(values) {
            *entry = *value as f32;
        }
    }

    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        for i in 0..N {
            visit(states.map(|state| f64::from(state[i])));
        }
    }
}

/// One state after the other.
impl<V: Coordinates> Coordinates for Vec<V> {
    fn size(&self) -> usize {
        self.iter().map(V::size).sum()
    }

    fn read(&self, mut out: &mut [f64]) {
        for state in self {
            let (first, rest) = out.split_at_mut(state.size());
            state.read(first);
            out = rest;
        }
    }

    fn write(&mut self, mut values: &[f64]) {
        for state in self {
            let (first, rest) = values.split_at(state.size());
            state.write(first);
            values = rest;
        }
    }

    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        for i in 0..states.first().map_or(0, |state| state.len()) {
            V::visit(states.map(|state| &state[i]), &mut visit);
        }
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

    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        let mut entries = states.map(|state| state.iter());
        for _ in 0..states.first().map_or(0, |state| state.len()) {
            visit(std::array::from_fn(|k| Real::to_f64(*entries[k].next().expect("states of one shape"))));
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

    fn visit<const K: usize>(states: [&Self; K], mut visit: impl FnMut([f64; K])) {
        A::visit(states.map(|state| &state.0), &mut visit);
        B::visit(states.map(|state| &state.1), &mut visit);
    }
}
