//! How rows of arrays become the input level, and its cotangent rows of arrays.

use crate::kernel::Element;
use crate::rows::{Rows, RowsMut};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};

/// The columns of the input level: a time, where there is one, a state, and a condition, where there is one.
#[derive(Clone, Debug)]
pub(crate) struct Inputs<'a, A> {
    pub(crate) t: Option<&'a [A]>,
    pub(crate) x: ArrayView2<'a, A>,
    pub(crate) condition: Option<ArrayView2<'a, A>>,
}

impl<'a, A: Element> Inputs<'a, A> {
    pub(crate) fn width(&self) -> usize {
        usize::from(self.t.is_some()) + self.x.ncols() + self.condition.as_ref().map_or(0, |c| c.ncols())
    }

    pub(super) fn rows(&self) -> usize {
        self.x.nrows()
    }

    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let (t0, t1) = self.t.map(|t| t.split_at(at)).unzip();
        let (x0, x1) = self.x.split_at(Axis(0), at);
        let (c0, c1) = self.condition.map(|c| c.split_at(Axis(0), at)).unzip();
        (Self { t: t0, x: x0, condition: c0 }, Self { t: t1, x: x1, condition: c1 })
    }

    /// Writes the rows from `first` on, as many as `to` has.
    pub(super) fn load(&self, first: usize, to: &mut RowsMut<'_, A>) {
        for i in 0..to.count() {
            let mut rest = to.row_mut(i);
            if let Some(t) = self.t {
                rest[0] = t[first + i];
                rest = &mut rest[1..];
            }
            let (x, rest) = rest.split_at_mut(self.x.ncols());
            load_row(self.x.row(first + i), x);
            if let Some(condition) = &self.condition {
                load_row(condition.row(first + i), rest);
            }
        }
    }
}

/// Where cotangents of the input level go; the column of the time is dropped.
#[derive(Debug)]
pub(crate) struct InputCotangents<'a, A> {
    pub(crate) offset: usize,
    pub(crate) x: Option<ArrayViewMut2<'a, A>>,
    pub(crate) condition: Option<ArrayViewMut2<'a, A>>,
}

impl<'a, A: Element> InputCotangents<'a, A> {
    pub(super) fn wanted(&self) -> bool {
        self.x.is_some() || self.condition.is_some()
    }

    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let (x0, x1) = self.x.map(|x| x.split_at(Axis(0), at)).unzip();
        let (c0, c1) = self.condition.map(|c| c.split_at(Axis(0), at)).unzip();
        let offset = self.offset;
        (Self { offset, x: x0, condition: c0 }, Self { offset, x: x1, condition: c1 })
    }

    /// Reads rows into the rows from `first` on.
    pub(super) fn store(&mut self, first: usize, from: Rows<'_, A>) {
        let offset = self.offset;
        if let Some(x) = &mut self.x {
            for (i, row) in from.iter().enumerate() {
                let to = x.row_mut(first + i);
                let end = offset + to.len();
                store_row(&row[offset..end], to);
            }
        }
        if let Some(condition) = &mut self.condition {
            for (i, row) in from.iter().enumerate() {
                let to = condition.row_mut(first + i);
                let start = row.len() - to.len();
                store_row(&row[start..], to);
            }
        }
    }
}

/// Copies a row of an array: at once where it is contiguous.
pub(super) fn load_row<A: Element>(from: ArrayView1<'_, A>, to: &mut [A]) {
    match from.as_slice() {
        Some(from) => to.copy_from_slice(from),
        None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

/// Copies to a row of an array: at once where it is contiguous.
pub(super) fn store_row<A: Element>(from: &[A], mut to: ArrayViewMut1<'_, A>) {
    match to.as_slice_mut() {
        Some(to) => to.copy_from_slice(from),
        None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}
