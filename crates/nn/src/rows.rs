//! Views of the rows of a tile.

use crate::kernel::Element;

/// Lines that hold `width` entries.
pub(crate) fn lines<A: Element>(width: usize) -> usize {
    width.div_ceil(A::LINE)
}

/// Entries of the whole lines that hold `width` entries.
pub(crate) fn padded<A: Element>(width: usize) -> usize {
    lines::<A>(width) * A::LINE
}

/// Entries from one row to the next: whole lines, and not a multiple of a page, where rows would
/// compete for the same few places of the first-level cache.
pub(crate) fn stride<A: Element>(width: usize) -> usize {
    let page = 4096 / size_of::<A>();
    let entries = padded::<A>(width);
    if entries > 0 && entries.is_multiple_of(page) { entries + A::LINE } else { entries }
}

/// Rows of a tile, to read. Each starts a cache line and is followed by padding of no meaning.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, A> {
    pub(crate) entries: &'a [A],
    pub(crate) count: usize,
    pub(crate) width: usize,
}

impl<'a, A: Element> Rows<'a, A> {
    /// The number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &'a [A] {
        &self.entries[i * self.stride()..][..self.width]
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [A]> + use<'a, A> {
        let (entries, stride, width) = (self.entries, self.stride(), self.width);
        (0..self.count).map(move |i| &entries[i * stride..][..width])
    }

    pub(crate) fn stride(&self) -> usize {
        stride::<A>(self.width)
    }
}

/// Rows of a tile, to write. Padding may be overwritten.
#[derive(Debug)]
pub struct RowsMut<'a, A> {
    pub(crate) entries: &'a mut [A],
    pub(crate) count: usize,
    pub(crate) width: usize,
}

impl<A: Element> RowsMut<'_, A> {
    /// The number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[A] {
        &self.entries[i * self.stride()..][..self.width]
    }

    /// Row `i`, to write.
    pub fn row_mut(&mut self, i: usize) -> &mut [A] {
        let stride = self.stride();
        &mut self.entries[i * stride..][..self.width]
    }

    /// The same rows, to read.
    pub fn view(&self) -> Rows<'_, A> {
        Rows { entries: self.entries, count: self.count, width: self.width }
    }

    /// The same rows for a shorter while.
    pub fn reborrow(&mut self) -> RowsMut<'_, A> {
        RowsMut { entries: self.entries, count: self.count, width: self.width }
    }

    /// Sets all entries.
    pub fn fill(&mut self, value: A) {
        let end = self.count * self.stride();
        self.entries[..end].fill(value);
    }

    /// Copies rows of the same shape.
    pub fn copy_from(&mut self, from: Rows<'_, A>) {
        let end = self.count * self.stride();
        self.entries[..end].copy_from_slice(&from.entries[..end]);
    }

    /// Adds rows of the same shape.
    pub fn add(&mut self, from: Rows<'_, A>) {
        let end = self.count * self.stride();
        self.entries[..end].iter_mut().zip(&from.entries[..end]).for_each(|(to, &from)| *to += from);
    }

    pub(crate) fn stride(&self) -> usize {
        stride::<A>(self.width)
    }
}
