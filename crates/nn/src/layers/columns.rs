//! Some of the columns.

use crate::Formula;
use crate::kernel::Element;
use crate::layer::{Along, At, Cotangent, Layer};
use crate::rows::{Rows, RowsMut};
use std::ops::Range;

/// y = the columns of a range of x.
#[derive(Clone, Debug)]
pub struct Columns {
    width: usize,
    range: Range<usize>,
}

impl Columns {
    /// The columns `range` of rows of `width` columns.
    ///
    /// # Panics
    /// If the range ends beyond `width`.
    pub fn new(width: usize, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= width, "{range:?} is no range of {width} columns");
        Self { width, range }
    }

    fn take<A: Element>(&self, from: Rows<'_, A>, mut to: RowsMut<'_, A>) {
        for (i, row) in from.iter().enumerate() {
            to.row_mut(i).copy_from_slice(&row[self.range.clone()]);
        }
    }

    fn put<A: Element>(&self, from: Rows<'_, A>, to: Option<RowsMut<'_, A>>) {
        let Some(mut to) = to else { return };
        to.fill(A::zero());
        for (i, row) in from.iter().enumerate() {
            to.row_mut(i)[self.range.clone()].copy_from_slice(row);
        }
    }
}

impl<A: Element> Layer<A> for Columns {
    fn width(&self) -> (usize, usize) {
        (self.width, self.range.len())
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Columns(self.range.clone()))
    }

    fn forward(&self, x: Rows<'_, A>, y: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.take(x, y);
    }

    fn pullback(&self, _: At<'_, A>, a: Cotangent<'_, A>, x: Option<RowsMut<'_, A>>, _: Option<&mut [A]>) {
        self.put(a.y.view(), x);
    }

    fn tangent(&self, _: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.take(dx, dy);
    }

    fn pullback_tangent(
        &self,
        _: At<'_, A>,
        _: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        _: RowsMut<'_, A>,
        _: Option<&mut [A]>,
    ) {
        self.put(b.view(), dx);
    }
}
