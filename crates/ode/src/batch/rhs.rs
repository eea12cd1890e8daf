//! The two kinds of field that lanes can be stepped with.

use super::engine::Rhs;
use super::field::LaneField;
use super::pack::Pack;
use chreode_core::simd::Element;
use pulp::{Scalar, Simd};

/// A field written for lanes.
pub(crate) struct Vectorised<'f, F>(pub(crate) &'f F);

impl<A: Element, S: Simd, const M: usize, F: LaneField> Rhs<A, S, M> for Vectorised<'_, F> {
    #[inline(always)]
    fn eval(
        &mut self,
        _rows: &[usize],
        t: Pack<A, S, M>,
        y: &[Pack<A, S, M>],
        p: &[Pack<A, S, M>],
        dy: &mut [Pack<A, S, M>],
    ) {
        self.0.eval(t, y, p, dy);
    }
}

/// A field of one row of numbers.
pub(crate) struct OneByOne<'f, A, F> {
    field: &'f F,
    y: Vec<A>,
    dy: Vec<A>,
}

impl<'f, A: Element, F> OneByOne<'f, A, F> {
    pub(crate) fn new(field: &'f F, width: usize) -> Self {
        Self { field, y: vec![A::default(); width], dy: vec![A::default(); width] }
    }
}

impl<A: Element, F: Fn(usize, f64, &[A], &mut [A])> Rhs<A, Scalar, 1> for OneByOne<'_, A, F> {
    fn eval(
        &mut self,
        rows: &[usize],
        t: Pack<A, Scalar, 1>,
        y: &[Pack<A, Scalar, 1>],
        _p: &[Pack<A, Scalar, 1>],
        dy: &mut [Pack<A, Scalar, 1>],
    ) {
        for (to, from) in self.y.iter_mut().zip(y) {
            *to = from.get(0);
        }
        (self.field)(rows[0], t.get(0).to_f64(), &self.y, &mut self.dy);
        for (to, from) in dy.iter_mut().zip(&self.dy) {
            to.set(0, *from);
        }
    }
}
