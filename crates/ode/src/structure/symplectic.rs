//! Symplectic methods: one stepper for every splitting.

use super::cubic::cubic;
use super::splitting::Flow;
use super::{Reversible, Separable, Splitting};
use crate::{About, Dense, StepError, Stepper};
use chreode_core::VectorSpace;
use std::mem::swap;

/// The method of a [`Splitting`] on a [`Separable`] problem q′ = v(t, p), p′ = f(t, q), with the pair
/// `(q, p)` as its state.
///
/// For Hamiltonian problems over long times: the energy error stays bounded, over times exponentially
/// long in 1/h, where that of other methods grows. The steps should then be equal: there is no error
/// estimate, and steps chosen by the state would lose the property. A force known at the end of a step
/// is not evaluated again; [`Stats::evals`](crate::Stats::evals) counts forces. Dense output is the
/// cubic of both ends and their slopes, O(h⁴).
///
/// E. Hairer, C. Lubich and G. Wanner, Geometric Numerical Integration, 2nd ed. 2006, chapters VI and
/// IX, doi:10.1007/3-540-30666-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Symplectic {
    splitting: Splitting,
}

impl Symplectic {
    /// The method of `splitting`.
    pub const fn new(splitting: Splitting) -> Self {
        Self { splitting }
    }

    /// Its splitting.
    pub const fn splitting(&self) -> &Splitting {
        &self.splitting
    }
}

/// The slopes at both ends of a step, and scratch space.
pub struct SymplecticMemory<Q, P> {
    next: (Q, P),
    scratch: (Q, P),
    /// `(v, f)` at the start.
    before: (Q, P),
    /// `(v, f)` at the end of what was proposed.
    after: (Q, P),
    start: Slopes,
}

/// Whether `before` belongs to the current state.
#[derive(Clone, Copy, PartialEq)]
enum Slopes {
    Known,
    Due,
}

impl<Q: VectorSpace, P: VectorSpace> SymplecticMemory<Q, P> {
    fn new(y: &(Q, P)) -> Self {
        let copy = || (y.0.duplicate(), y.1.duplicate());
        let zeros = || (y.0.zeros_like(), y.1.zeros_like());
        Self { next: copy(), scratch: copy(), before: zeros(), after: zeros(), start: Slopes::Due }
    }

    /// Applies `flows` from `y` at `t`; returns the forces evaluated.
    #[inline]
    fn sweep<F: Separable<Q, P> + ?Sized>(
        &mut self,
        problem: &F,
        t: f64,
        h: f64,
        y: &(Q, P),
        flows: impl Iterator<Item = Flow>,
    ) -> usize {
        let Self { next, scratch, before, after, start } = self;
        let mut forces = 0;
        if *start == Slopes::Due {
            problem.velocity_into(t, &y.1, &mut before.0);
            problem.force_into(t, &y.0, &mut before.1);
            (*start, forces) = (Slopes::Known, 1);
        }
        before.0.plus_into(&[], &mut after.0);
        before.1.plus_into(&[], &mut after.1);
        y.0.plus_into(&[], &mut next.0);
        y.1.plus_into(&[], &mut next.1);
        // The fraction of the step that each half has made; whether its slope in `after` is stale.
        let (mut drifted, mut kicked) = (0.0, 0.0);
        let (mut old_velocity, mut old_force) = (Slopes::Known, Slopes::Known);
        let velocity = |p: &P, kicked: f64, state: &mut Slopes, out: &mut Q| {
            if *state == Slopes::Due {
                problem.velocity_into(moment(t, h, kicked), p, out);
                *state = Slopes::Known;
            }
        };
        let mut force = |q: &Q, drifted: f64, state: &mut Slopes, out: &mut P| {
            if *state == Slopes::Due {
                problem.force_into(moment(t, h, drifted), q, out);
                *state = Slopes::Known;
                forces += 1;
            }
        };
        for flow in flows {
            match flow {
                Flow::Drift(a) => {
                    velocity(&next.1, kicked, &mut old_velocity, &mut after.0);
                    next.0.plus_into(&[(a * h, &after.0)], &mut scratch.0);
                    swap(&mut next.0, &mut scratch.0);
                    drifted += a;
                    old_force = Slopes::Due;
                }
                Flow::Kick(b) => {
                    force(&next.0, drifted, &mut old_force, &mut after.1);
                    next.1.plus_into(&[(b * h, &after.1)], &mut scratch.1);
                    swap(&mut next.1, &mut scratch.1);
                    kicked += b;
                    old_velocity = Slopes::Due;
                }
            }
        }
        velocity(&next.1, kicked, &mut old_velocity, &mut after.0);
        force(&next.0, drifted, &mut old_force, &mut after.1);
        forces
    }

    fn commit(&mut self, y: &mut (Q, P)) {
        swap(y, &mut self.next);
        swap(&mut self.before, &mut self.after);
    }
}

/// The time a fraction `done` into a step; coefficients sum to 1 only up to rounding.
#[inline]
fn moment(t: f64, h: f64, done: f64) -> f64 {
    if (done - 1.0).abs() < 1e-12 { t + h } else { t + done * h }
}

impl<F, Q, P> Stepper<F, (Q, P)> for Symplectic
where
    F: Separable<Q, P> + ?Sized,
    Q: VectorSpace,
    P: VectorSpace,
{
    type Memory = SymplecticMemory<Q, P>;
    type Dense = SymplecticPiece<Q, P>;

    fn about(&self) -> About {
        About { name: self.splitting.name(), order: f64::from(self.splitting.order()), error_power: None }
    }

    fn init(&self, _problem: &F, _t: f64, y: &(Q, P)) -> Result<Self::Memory, StepError> {
        Ok(SymplecticMemory::new(y))
    }

    fn propose(
        &self,
        problem: &F,
        t: f64,
        h: f64,
        y: &(Q, P),
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        Ok(memory.sweep(problem, t, h, y, self.splitting.flows()))
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m (Q, P) {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &(Q, P), memory: &Self::Memory) -> Self::Dense {
        let copy = |y: &(Q, P)| (y.0.duplicate(), y.1.duplicate());
        SymplecticPiece {
            t,
            h,
            ends: [copy(y), copy(&memory.next)],
            slopes: [copy(&memory.before), copy(&memory.after)],
        }
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &(Q, P), memory: &Self::Memory) -> (Q, P) {
        halves((at - t) / h, h, [y, &memory.next], [&memory.before, &memory.after])
    }

    fn commit(&self, y: &mut (Q, P), memory: &mut Self::Memory) {
        memory.commit(y);
    }
}

/// Exact inverse for every splitting, symmetric or not: its flows in reverse, each with −h. Nothing but
/// the state is carried.
impl<F, Q, P> Reversible<F, (Q, P)> for Symplectic
where
    F: Separable<Q, P> + ?Sized,
    Q: VectorSpace,
    P: VectorSpace,
{
    type Auxiliary = ();

    fn auxiliary<'m>(&self, _memory: &'m Self::Memory) -> &'m () {
        &()
    }

    fn proposed_auxiliary<'m>(&self, _memory: &'m Self::Memory) -> &'m () {
        &()
    }

    fn resume(&self, _problem: &F, _t: f64, y: &(Q, P), _auxiliary: &()) -> Result<Self::Memory, StepError> {
        Ok(SymplecticMemory::new(y))
    }

    fn retrace(
        &self,
        problem: &F,
        t: f64,
        h: f64,
        y: &mut (Q, P),
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let forces = memory.sweep(problem, t + h, -h, y, self.splitting.flows().rev());
        memory.commit(y);
        Ok(forces)
    }
}

/// The interpolant of one step of a [`Symplectic`] method: a cubic in each half.
#[derive(Clone, Debug, PartialEq)]
pub struct SymplecticPiece<Q, P> {
    t: f64,
    h: f64,
    ends: [(Q, P); 2],
    slopes: [(Q, P); 2],
}

impl<Q: VectorSpace, P: VectorSpace> Dense<(Q, P)> for SymplecticPiece<Q, P> {
    fn at(&self, t: f64) -> (Q, P) {
        halves((t - self.t) / self.h, self.h, self.ends.each_ref(), self.slopes.each_ref())
    }
}

fn halves<Q: VectorSpace, P: VectorSpace>(
    theta: f64,
    h: f64,
    ends: [&(Q, P); 2],
    slopes: [&(Q, P); 2],
) -> (Q, P) {
    (
        cubic(theta, h, ends.map(|y| &y.0), slopes.map(|f| &f.0)),
        cubic(theta, h, ends.map(|y| &y.1), slopes.map(|f| &f.1)),
    )
}
