//! Explicit Runge-Kutta methods: one stepper for every tableau.

use crate::combine::with_terms;
use crate::extra::ExtraStages;
use crate::{About, BadStage, Coefficients, Embedded, Piece, Span, StepError, Stepper, Tableau, first_step};
use chreode_core::{Norm, VectorField, VectorSpace};
use std::array::from_fn;
use std::mem::swap;

/// The explicit Runge-Kutta method of a [`Tableau`]:
/// kᵢ = f(t + cᵢh, y + h Σⱼ aᵢⱼ kⱼ), y₁ = y + h Σ bᵢ kᵢ.
///
/// A step of an s-stage method costs s evaluations, s − 1 if it is FSAL; a rejected step gives its
/// first stage to the next trial. Interpolants with stages of their own work them out in the steps that
/// are interpolated, and only there. After `init`, and the first such step, nothing is allocated for a state whose in-place forms
/// do not.
///
/// Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, 2nd ed. 1993, ch. II,
/// doi:10.1007/978-3-540-78862-1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExplicitRk {
    tableau: Tableau,
}

impl ExplicitRk {
    /// The method of `tableau`.
    pub const fn new(tableau: Tableau) -> Self {
        Self { tableau }
    }

    /// Its tableau.
    pub const fn tableau(&self) -> &Tableau {
        &self.tableau
    }

    /// The stages after the first, and the new state, for any number of stages.
    fn looped<P: VectorField<Y> + ?Sized, Y: VectorSpace>(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut RkMemory<Y>,
    ) {
        let RkMemory { k, next, scratch, .. } = memory;
        let Coefficients { a, b, c, .. } = *self.tableau.coefficients();
        let stages = c.len();
        let inner = if self.tableau.fsal() { stages - 1 } else { stages };
        for i in 1..inner {
            let (done, rest) = k.split_at_mut(i);
            with_terms(h, a[i], done, |terms| y.plus_into(terms, scratch));
            field.eval_into(t + c[i] * h, scratch, &mut rest[0]);
        }
        with_terms(h, b, k, |terms| y.plus_into(terms, next));
        if self.tableau.fsal() {
            field.eval_into(t + h, next, &mut k[stages - 1]);
        }
    }

    /// The same for a small state.
    #[inline(never)]
    fn small<P: VectorField<Y> + ?Sized, Y: VectorSpace>(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut RkMemory<Y>,
    ) {
        macro_rules! arms {
            ($($s:literal)*) => {
                match self.tableau.stages() {
                    $($s => self.unrolled::<$s, P, Y>(field, t, h, y, memory),)*
                    _ => self.looped(field, t, h, y, memory),
                }
            };
        }
        arms!(1 2 3 6 9 10 13 16);
    }

    /// The same, straight on: with the stage numbers known, a small state stays in registers.
    #[inline(always)]
    fn unrolled<const S: usize, P: VectorField<Y> + ?Sized, Y: VectorSpace>(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut RkMemory<Y>,
    ) {
        let RkMemory { k, next, scratch, .. } = memory;
        let it = self.tableau.coefficients();
        let inner = if self.tableau.fsal() { S - 1 } else { S };
        let k: &mut [Y; S] = k.as_mut_slice().try_into().expect("one entry a stage");
        let c: &[f64; S] = it.c.try_into().expect("one node a stage");
        let a: &[&[f64]; S] = it.a.try_into().expect("one row a stage");
        macro_rules! stages {
            ($($i:literal)*) => {
                $(if $i < S && $i < inner {
                    let (done, rest) = k.split_at_mut($i);
                    let row: &[f64; $i] = a[$i].try_into().expect("a triangle");
                    let terms: [(f64, &Y); $i] = from_fn(|j| (h * row[j], &done[j]));
                    y.plus_into(&terms, scratch);
                    field.eval_into(t + c[$i] * h, scratch, &mut rest[0]);
                })*
            };
        }
        stages!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        let b: &[f64; S] = it.b.try_into().expect("one weight a stage");
        if self.tableau.fsal() {
            let terms: [(f64, &Y); S] = from_fn(|j| (h * b[j], &k[j]));
            y.plus_into(&terms[..S - 1], next);
            field.eval_into(t + h, next, &mut k[S - 1]);
        } else {
            let terms: [(f64, &Y); S] = from_fn(|j| (h * b[j], &k[j]));
            y.plus_into(&terms, next);
        }
    }
}

/// Stages and scratch space of an [`ExplicitRk`].
pub struct RkMemory<Y> {
    k: Vec<Y>,
    next: Y,
    scratch: Y,
    first: Stage,
    extra: ExtraStages<Y>,
}

/// Whether `k[0]` is f at the current `(t, y)`.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Known,
    Due,
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for ExplicitRk {
    type Memory = RkMemory<Y>;
    type Dense = Piece<Y>;

    fn about(&self) -> About {
        let it = self.tableau.coefficients();
        About {
            name: it.name,
            order: f64::from(it.order),
            error_power: it.embedded.map(|e| {
                let power = |e: Embedded| f64::from(e.order.min(it.order)) + 1.0;
                self.tableau.second().map_or(power(e), |second| 2.0 * power(e) - power(second))
            }),
        }
    }

    fn init(&self, _problem: &P, _t: f64, y: &Y) -> Result<RkMemory<Y>, StepError> {
        let it = self.tableau.coefficients();
        Ok(RkMemory {
            k: it.b.iter().map(|_| y.zeros_like()).collect(),
            next: y.duplicate(),
            scratch: y.duplicate(),
            first: Stage::Due,
            extra: ExtraStages::new(),
        })
    }

    #[inline(always)]
    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut RkMemory<Y>,
    ) -> Result<usize, StepError> {
        let stages = self.tableau.stages();
        let evals = stages - 1 + memory.start(field, t, y);
        memory.extra.stale();
        // The methods most in use, and for small states all.
        match stages {
            4 => self.unrolled::<4, P, Y>(field, t, h, y, memory),
            7 => self.unrolled::<7, P, Y>(field, t, h, y, memory),
            _ if Y::SMALL => self.small(field, t, h, y, memory),
            _ => self.looped(field, t, h, y, memory),
        }
        Ok(evals)
    }

    #[inline]
    fn proposed<'m>(&self, memory: &'m RkMemory<Y>) -> &'m Y {
        &memory.next
    }

    #[inline(always)]
    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut RkMemory<Y>) -> Option<f64> {
        let embedded = self.tableau.coefficients().embedded?;
        let RkMemory { k, next, scratch, .. } = memory;
        with_terms(h, embedded.error, k, |terms| Y::sum_into(terms, scratch));
        let size = norm.measure(scratch, y, next);
        let Some(second) = self.tableau.second() else { return Some(size) };
        with_terms(h, second.error, k, |terms| Y::sum_into(terms, scratch));
        let both = (size * size + 0.01 * norm.measure(scratch, y, next).powi(2)).sqrt();
        Some(if size == 0.0 { 0.0 } else { size * (size / both) })
    }

    fn prepare_dense(&self, field: &P, t: f64, h: f64, y: &Y, memory: &RkMemory<Y>) -> usize {
        memory.extra.prepare(&self.tableau, field, (t, h), y, &memory.k)
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &RkMemory<Y>) -> Piece<Y> {
        Piece::new(self.tableau, t, h, y, &memory.k, &memory.extra.get(&self.tableau))
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &RkMemory<Y>) -> Y {
        let extra = memory.extra.get(&self.tableau);
        self.tableau.interpolate((at - t) / h, h, y, &memory.k, &extra)
    }

    #[inline]
    fn commit(&self, y: &mut Y, memory: &mut RkMemory<Y>) {
        swap(y, &mut memory.next);
        memory.first = Stage::Due;
        if self.tableau.fsal() {
            let last = memory.k.len() - 1;
            memory.k.swap(0, last);
            memory.first = Stage::Known;
        } else if memory.extra.ready() {
            // The first stage of the interpolant is f at the new state.
            swap(&mut memory.k[0], memory.extra.first());
            memory.first = Stage::Known;
        }
    }

    fn first_step<N: Norm<Y>>(
        &self,
        field: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut RkMemory<Y>,
    ) -> Result<(f64, usize), StepError> {
        let evals = memory.start(field, span.t0, y);
        let power = Stepper::<P, Y>::about(self)
            .error_power
            .unwrap_or(f64::from(self.tableau.coefficients().order) + 1.0);
        let h = first_step(field, span, y, &memory.k[0], norm, power)?;
        Ok((h, evals + 1))
    }

    fn restart(&self, _field: &P, _t: f64, _y: &Y, memory: &mut RkMemory<Y>) -> Result<(), StepError> {
        memory.first = Stage::Due;
        Ok(())
    }

    fn bad_stage(&self, t: f64, h: f64, memory: &RkMemory<Y>) -> Option<BadStage> {
        let i = memory.k.iter().position(|k| !k.is_finite())?;
        let t = t + self.tableau.coefficients().c[i] * h;
        Some(BadStage { stage: i + 1, t, entry: memory.k[i].first_not_finite() })
    }

    /// `|h| |kᵢ − kⱼ| / |gᵢ − gⱼ|` over the last two stages taken at one time but in different states g.
    /// Hairer & Wanner, Solving ODEs II, IV.2.
    fn stiffness(&self, h: f64, memory: &RkMemory<Y>) -> Option<f64> {
        let Coefficients { a, c, .. } = *self.tableau.coefficients();
        let pair = |i: usize| (1..i).rev().find(|j| c[*j] == c[i] && a[i] != a[*j]).map(|j| (i, j));
        let (i, j) = (2..c.len()).rev().find_map(pair)?;
        let k = &memory.k;
        let mut change = k[0].zeros_like();
        for l in 0..i {
            let below = a[j].get(l).copied().unwrap_or(0.0);
            change = change.plus(&[(h * (a[i][l] - below), &k[l])]);
        }
        let slope = k[i].plus(&[(-1.0, &k[j])]);
        let estimate = h.abs() * (slope.dot(&slope) / change.dot(&change)).sqrt();
        estimate.is_finite().then_some(estimate)
    }
}

impl<Y> RkMemory<Y> {
    /// Sees to it that `k[0]` is f(t, y); returns the evaluations spent.
    #[inline]
    fn start<P: VectorField<Y> + ?Sized>(&mut self, field: &P, t: f64, y: &Y) -> usize {
        if self.first == Stage::Known {
            return 0;
        }
        field.eval_into(t, y, &mut self.k[0]);
        self.first = Stage::Known;
        1
    }
}
