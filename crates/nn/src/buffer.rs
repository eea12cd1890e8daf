//! Memory that starts on a cache line.

use chreode_core::simd::LINE_BYTES;

/// A zeroed slice whose first entry starts a cache line, so that no vector load straddles two.
#[derive(Debug, Default)]
pub(crate) struct Buffer<A> {
    entries: Vec<A>,
    start: usize,
    len: usize,
}

impl<A: Copy + Default> Buffer<A> {
    pub(crate) fn zeros(len: usize) -> Self {
        let slack = LINE_BYTES / size_of::<A>();
        let entries = vec![A::default(); len + slack];
        let start = entries.as_ptr().align_offset(LINE_BYTES).min(slack);
        Self { entries, start, len }
    }

    /// Makes room for `len` entries; their values are then unspecified. Never shrinks.
    pub(crate) fn reserve(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }

    /// Bytes of its allocation.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<A>()
    }

    pub(crate) fn as_slice(&self) -> &[A] {
        &self.entries[self.start..self.start + self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [A] {
        &mut self.entries[self.start..self.start + self.len]
    }
}

impl<A: Clone> Clone for Buffer<A> {
    fn clone(&self) -> Self {
        // A new allocation has an alignment of its own: turn the entries round to it.
        let mut entries = self.entries.clone();
        let slack = entries.len() - self.len;
        let start = entries.as_ptr().align_offset(LINE_BYTES).min(slack);
        if start > self.start {
            entries.rotate_right(start - self.start);
        } else {
            entries.rotate_left(self.start - start);
        }
        Self { entries, start, len: self.len }
    }
}
