//! The stages that only an interpolant needs, computed when a step is interpolated.

use crate::Tableau;
use crate::combine::with_more_terms;
use chreode_core::{VectorField, VectorSpace};
use std::cell::{Cell, Ref, RefCell};

/// The extra stages of the present step; empty until a step is first interpolated.
pub(crate) struct ExtraStages<Y> {
    /// The stages, then scratch space.
    k: RefCell<Vec<Y>>,
    ready: Cell<bool>,
}

impl<Y> ExtraStages<Y> {
    pub(crate) fn new() -> Self {
        Self { k: RefCell::new(Vec::new()), ready: Cell::new(false) }
    }

    /// Another step was proposed.
    #[inline]
    pub(crate) fn stale(&self) {
        self.ready.set(false);
    }

    /// The first of them: f at the new state.
    pub(crate) fn first(&mut self) -> &mut Y {
        &mut self.k.get_mut()[0]
    }

    /// Whether they are those of the present step.
    #[inline]
    pub(crate) fn ready(&self) -> bool {
        self.ready.get()
    }

    /// Computes them, once a step, from the stages `k` of the step of `h` from `(t, y)`; returns the
    /// evaluations spent.
    pub(crate) fn prepare<P: VectorField<Y> + ?Sized>(
        &self,
        tableau: &Tableau,
        field: &P,
        (t, h): (f64, f64),
        y: &Y,
        k: &[Y],
    ) -> usize
    where
        Y: VectorSpace,
    {
        let extra = tableau.extra();
        if extra.c.is_empty() || self.ready.replace(true) {
            return 0;
        }
        let mut prepared = self.k.borrow_mut();
        if prepared.is_empty() {
            prepared.extend((0..=extra.c.len()).map(|_| y.zeros_like()));
        }
        for (i, (c, a)) in extra.c.iter().zip(extra.a).enumerate() {
            let (done, rest) = prepared.split_at_mut(i);
            let [stage, .., scratch] = rest else { unreachable!("a stage and the scratch space") };
            with_more_terms(h, a, k, done, |terms| y.plus_into(terms, scratch));
            field.eval_into(t + c * h, scratch, stage);
        }
        extra.c.len()
    }

    /// The stages, those of `tableau`.
    pub(crate) fn get(&self, tableau: &Tableau) -> Ref<'_, [Y]> {
        let n = tableau.extra().c.len();
        assert!(n == 0 || self.ready.get(), "a step is prepared before it is interpolated");
        Ref::map(self.k.borrow(), |k| &k[..n])
    }
}
