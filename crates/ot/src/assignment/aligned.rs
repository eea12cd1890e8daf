//! Buffers whose first element lies on a cache line, so that no vector load straddles two.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// A reusable buffer that starts on a cache line; growing it loses what it held.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    data: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy> Aligned<T> {
    /// `len` copies of `value`.
    pub(crate) fn reset(&mut self, len: usize, value: T) {
        self.resize(len, value);
        self.fill(value);
    }

    /// Makes room for `len` elements, whose values are unspecified.
    pub(crate) fn resize(&mut self, len: usize, value: T) {
        let room = len + LINE / size_of::<T>().max(1);
        if self.data.len() < room {
            // The old memory goes first; zeros come from the system as they are.
            self.data = Vec::new();
            self.data = vec![value; room];
        }
        self.start = self.data.as_ptr().align_offset(LINE).min(room - len);
        self.len = len;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.data[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.data[self.start..self.start + self.len]
    }
}
