//! An explicit Runge-Kutta method that notes the steps it takes.

use crate::record::{Record, weighty};
use crate::stages::{finish, stage, stage_kept, with_terms};
use chreode_core::{Kept, Norm, VectorSpace, Vjp};
use chreode_ode::{About, BadStage, Chord, ExplicitRk, Span, StepError, Stepper, first_step};
use std::cell::{Cell, RefCell};
use std::mem::swap;

/// Steps of `method`, in the arithmetic in which they are taken again on the way back.
pub(crate) struct Recorder<Y> {
    pub(crate) method: ExplicitRk,
    /// The step last proposed; the loop alone knows where it ends.
    pub(crate) last: Cell<Record>,
    /// States that may be kept.
    room: usize,
    /// The stages of every step, while there is room for them and the states.
    kept: RefCell<Option<Vec<Vec<Y>>>>,
    /// Bytes that what the field keeps may take, and what it kept of the stages of every step that carry weight.
    bytes: Cell<usize>,
    memories: RefCell<Option<Vec<Vec<Kept>>>>,
}

/// Stages, and at which time the first of them is known.
pub(crate) struct RecorderMemory<Y> {
    k: Vec<Y>,
    extra: RefCell<Extra<Y>>,
    next: Y,
    scratch: Y,
    first: Option<f64>,
    step: Record,
    /// What the field kept of each stage.
    memories: Vec<Kept>,
}

/// The stages of the interpolant, after a copy of the others.
struct Extra<Y> {
    k: Vec<Y>,
    state: Readiness,
}

#[derive(PartialEq)]
enum Readiness {
    Stale,
    Ready,
}

impl<Y: VectorSpace> Recorder<Y> {
    pub(crate) fn new(method: ExplicitRk, room: usize, bytes: usize) -> Self {
        let memories = (bytes > 0).then(Vec::new);
        Self {
            method,
            last: Cell::new(Record::default()),
            room,
            kept: RefCell::new(Some(Vec::new())),
            bytes: Cell::new(bytes),
            memories: RefCell::new(memories),
        }
    }

    /// What the field kept of every step; empty if it keeps nothing or there was no room for it.
    pub(crate) fn take_memories(&self) -> Vec<Vec<Kept>> {
        self.memories.take().unwrap_or_default()
    }

    /// Keeps what the field kept of the stages of a step that carry weight, or gives up.
    fn keep_memories(&self, stages: &mut [Kept]) {
        let mut all = self.memories.borrow_mut();
        let Some(memories) = &mut *all else { return };
        let bytes: usize = stages.iter().map(Kept::bytes).sum();
        if bytes == 0 || bytes > self.bytes.get() {
            *all = None;
            stages.iter_mut().for_each(Kept::clear);
            return;
        }
        self.bytes.set(self.bytes.get() - bytes);
        memories.push(stages.iter_mut().map(std::mem::take).collect());
    }

    /// The stages of every step; empty if there was no room for them.
    pub(crate) fn into_stages(self) -> Vec<Vec<Y>> {
        self.kept.into_inner().unwrap_or_default()
    }

    /// Keeps the stages of a step, or gives up.
    fn keep(&self, k: &[Y]) {
        let mut kept = self.kept.borrow_mut();
        let Some(stages) = &mut *kept else { return };
        if all_stages(stages.len() + 1, k.len()) <= self.room {
            stages.push(k.iter().map(Y::duplicate).collect());
        } else {
            *kept = None;
        }
    }
}

/// States that the starts and the stages of `steps` steps of `stages` stages are.
pub(crate) fn all_stages(steps: usize, stages: usize) -> usize {
    steps * (stages + 1)
}

impl<P: Vjp<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for Recorder<Y> {
    type Memory = RecorderMemory<Y>;
    type Dense = Chord<Y>;

    fn about(&self) -> About {
        Stepper::<P, Y>::about(&self.method)
    }

    fn init(&self, _field: &P, _t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(RecorderMemory {
            k: (0..self.method.tableau().stages()).map(|_| y.zeros_like()).collect(),
            extra: RefCell::new(Extra { k: Vec::new(), state: Readiness::Stale }),
            next: y.duplicate(),
            scratch: y.duplicate(),
            first: None,
            step: Record::default(),
            memories: (0..self.method.tableau().stages()).map(|_| Kept::default()).collect(),
        })
    }

    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let tableau = self.method.tableau();
        let RecorderMemory { k, extra, next, scratch, first, step, memories } = memory;
        extra.get_mut().state = Readiness::Stale;
        let known = first.is_some();
        *step = Record { t, h, first: *first.get_or_insert(t), to: t + h };
        self.last.set(*step);
        let keeps = self.memories.borrow().is_some();
        for i in usize::from(known)..weighty(tableau) {
            if keeps {
                stage_kept(tableau, field, step, y, i, k, scratch, &mut memories[i]);
            } else {
                stage(tableau, field, step, y, i, k, scratch);
            }
        }
        finish(tableau, step, y, k, next);
        if tableau.fsal() {
            let last = k.len() - 1;
            if keeps {
                field.eval_kept(t + h, next, &mut k[last], &mut memories[last]);
            } else {
                field.eval_into(t + h, next, &mut k[last]);
            }
        }
        Ok(k.len() - usize::from(known))
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Chord<Y> {
        Chord { t, h, y0: y.duplicate(), y1: memory.next.duplicate() }
    }

    fn prepare_dense(&self, field: &P, _t: f64, _h: f64, y: &Y, memory: &Self::Memory) -> usize {
        let tableau = self.method.tableau();
        let (s, n) = (tableau.stages(), tableau.dense_stages());
        let extra = &mut *memory.extra.borrow_mut();
        if n == s || extra.state == Readiness::Ready {
            return 0;
        }
        if extra.k.is_empty() {
            extra.k.extend((0..=n).map(|_| y.zeros_like()));
        }
        let (stages, scratch) = extra.k.split_at_mut(n);
        for (to, from) in stages.iter_mut().zip(&memory.k) {
            from.plus_into(&[], to);
        }
        for i in s..n {
            stage(tableau, field, &memory.step, y, i, stages, &mut scratch[0]);
        }
        extra.state = Readiness::Ready;
        n - s
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        let tableau = self.method.tableau();
        let theta = (at - t) / h;
        let extra = memory.extra.borrow();
        let k = if tableau.dense_stages() == tableau.stages() { &memory.k } else { &extra.k };
        let weights = (0..tableau.dense_stages()).map(|i| tableau.weight(i, theta));
        with_terms(h, weights, k, |terms| y.plus(terms))
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        self.keep(&memory.k);
        self.keep_memories(&mut memory.memories[..weighty(self.method.tableau())]);
        swap(y, &mut memory.next);
        memory.first = None;
        if self.method.tableau().fsal() {
            let last = memory.k.len() - 1;
            memory.k.swap(0, last);
            memory.memories.swap(0, last);
            memory.first = Some(memory.step.t + memory.step.h);
        }
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let tableau = self.method.tableau();
        let embedded = tableau.coefficients().embedded?;
        let RecorderMemory { k, next, scratch, .. } = memory;
        let mut measure = |weights: &[f64]| {
            with_terms(h, weights.iter().copied(), k, |terms| Y::sum_into(terms, scratch));
            norm.measure(scratch, y, next)
        };
        let size = measure(embedded.error);
        let Some(second) = tableau.second() else { return Some(size) };
        let both = (size * size + 0.01 * measure(second.error).powi(2)).sqrt();
        Some(if size == 0.0 { 0.0 } else { size * (size / both) })
    }

    fn first_step<N: Norm<Y>>(
        &self,
        field: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        field.eval_kept(span.t0, y, &mut memory.k[0], &mut memory.memories[0]);
        memory.first = Some(span.t0);
        let power = Stepper::<P, Y>::about(self)
            .error_power
            .unwrap_or(f64::from(self.method.tableau().coefficients().order) + 1.0);
        Ok((first_step(field, span, y, &memory.k[0], norm, power)?, 2))
    }

    fn restart(&self, _field: &P, _t: f64, _y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        memory.first = None;
        Ok(())
    }

    fn bad_stage(&self, t: f64, h: f64, memory: &Self::Memory) -> Option<BadStage> {
        let i = memory.k.iter().position(|k| !k.is_finite())?;
        let t = t + self.method.tableau().coefficients().c[i] * h;
        Some(BadStage { stage: i + 1, t, entry: memory.k[i].first_not_finite() })
    }
}
