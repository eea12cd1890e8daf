//! A field that counts what it is asked.

use chreode_core::{Pullback, VectorField, VectorSpace, Vjp};
use std::cell::Cell;

/// Counts evaluations and pullbacks.
pub(crate) struct Counted<'p, P: ?Sized> {
    field: &'p P,
    evals: Cell<usize>,
    pulls: Cell<usize>,
}

impl<'p, P: ?Sized> Counted<'p, P> {
    pub(crate) fn new(field: &'p P) -> Self {
        Self { field, evals: Cell::new(0), pulls: Cell::new(0) }
    }

    /// Evaluations and pullbacks so far.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.evals.get(), self.pulls.get())
    }
}

impl<Y, P: VectorField<Y> + ?Sized> VectorField<Y> for Counted<'_, P> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.evals.set(self.evals.get() + 1);
        self.field.eval(t, y)
    }

    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        self.evals.set(self.evals.get() + 1);
        self.field.eval_into(t, y, dy);
    }
}

impl<Y, P: Vjp<Y> + ?Sized> Vjp<Y> for Counted<'_, P> {
    type Params = P::Params;

    fn vjp(&self, t: f64, y: &Y, a: &Y) -> Pullback<Y, P::Params> {
        self.pulls.set(self.pulls.get() + 1);
        self.field.vjp(t, y, a)
    }

    fn vjp_time(&self, t: f64, y: &Y, a: &Y) -> f64
    where
        Y: VectorSpace,
    {
        self.field.vjp_time(t, y, a)
    }
}
