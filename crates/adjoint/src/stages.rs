//! Stages of a Runge-Kutta step, the same bits whoever asks for them.

use crate::record::{Record, row, weighty};
use chreode_core::{Kept, VectorField, VectorSpace, Vjp};
use chreode_ode::Tableau;

/// Stages a method and its interpolant may have together.
const MOST: usize = 32;

/// Calls `f` with the terms `(h wᵢ, kᵢ)` whose weight is not zero.
pub(crate) fn with_terms<Y, R>(
    h: f64,
    weights: impl IntoIterator<Item = f64>,
    k: &[Y],
    f: impl FnOnce(&[(f64, &Y)]) -> R,
) -> R {
    let Some(first) = k.first() else { return f(&[]) };
    let mut terms = [(0.0, first); MOST];
    let mut count = 0;
    for (w, k) in weights.into_iter().zip(k) {
        if w != 0.0 {
            terms[count] = (h * w, k);
            count += 1;
        }
    }
    f(&terms[..count])
}

/// `out = y + h Σ wᵢ kᵢ`.
pub(crate) fn combine<Y: VectorSpace>(y: &Y, h: f64, weights: &[f64], k: &[Y], out: &mut Y) {
    with_terms(h, weights.iter().copied(), k, |terms| y.plus_into(terms, out));
}

/// Works out stage `i` of a step from `y` from those before.
pub(crate) fn stage<P: VectorField<Y> + ?Sized, Y: VectorSpace>(
    tableau: &Tableau,
    field: &P,
    step: &Record,
    y: &Y,
    i: usize,
    k: &mut [Y],
    scratch: &mut Y,
) {
    let (done, rest) = k.split_at_mut(i);
    if i == 0 {
        field.eval_into(step.first, y, &mut rest[0]);
    } else {
        combine(y, step.h, row(tableau, i), done, scratch);
        field.eval_into(step.time(tableau, i), scratch, &mut rest[0]);
    }
}

/// The same, with what the field keeps for the pullback.
#[allow(clippy::too_many_arguments, reason = "a stage has so many parts")]
pub(crate) fn stage_kept<P: Vjp<Y> + ?Sized, Y: VectorSpace>(
    tableau: &Tableau,
    field: &P,
    step: &Record,
    y: &Y,
    i: usize,
    k: &mut [Y],
    scratch: &mut Y,
    kept: &mut Kept,
) {
    let (done, rest) = k.split_at_mut(i);
    if i == 0 {
        field.eval_kept(step.first, y, &mut rest[0], kept);
    } else {
        combine(y, step.h, row(tableau, i), done, scratch);
        field.eval_kept(step.time(tableau, i), scratch, &mut rest[0], kept);
    }
}

/// The new state, from the stages that carry weight.
pub(crate) fn finish<Y: VectorSpace>(tableau: &Tableau, step: &Record, y: &Y, k: &[Y], next: &mut Y) {
    let n = weighty(tableau);
    combine(y, step.h, &tableau.coefficients().b[..n], &k[..n], next);
}

/// Scratch space for steps that are taken again.
pub(crate) struct Workspace<Y> {
    /// Stages, those of the interpolant included.
    pub(crate) k: Vec<Y>,
    pub(crate) scratch: Y,
    /// Cotangent of a stage.
    pub(crate) kappa: Y,
    /// Pullbacks of the stages, those of the interpolant included; made when first asked for.
    pub(crate) u: Vec<Y>,
    /// Whether anything depends on a stage.
    pub(crate) pulled: Vec<bool>,
    /// What the field kept of the stages of the step under way.
    pub(crate) memories: Vec<Kept>,
}

impl<Y: VectorSpace> Workspace<Y> {
    pub(crate) fn new(tableau: &Tableau, y: &Y) -> Self {
        let k = (0..tableau.dense_stages()).map(|_| y.zeros_like()).collect();
        Self {
            k,
            scratch: y.zeros_like(),
            kappa: y.zeros_like(),
            u: Vec::new(),
            pulled: Vec::new(),
            memories: Vec::new(),
        }
    }

    /// Takes `steps` again, one after the other, from `y`; costs one evaluation a stage that carries weight.
    pub(crate) fn advance<P: VectorField<Y> + ?Sized>(
        &mut self,
        tableau: &Tableau,
        field: &P,
        steps: &[Record],
        y: &Y,
    ) -> Y {
        let (mut now, mut next) = (y.duplicate(), y.zeros_like());
        for step in steps {
            for i in 0..weighty(tableau) {
                stage(tableau, field, step, &now, i, &mut self.k, &mut self.scratch);
            }
            finish(tableau, step, &now, &self.k, &mut next);
            std::mem::swap(&mut now, &mut next);
        }
        now
    }
}
