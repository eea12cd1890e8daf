//! A reversible method with all it carries in the open.

use super::Reversible;
use crate::{About, Dense, Span, StepError, Stepper};
use chreode_core::{Norm, Passenger, VectorSpace};

/// A [`Reversible`] method on the pair `(y, Passenger(z))`: the solve begins from a given z, hands it out
/// with every state, and returns it at the end, where a way back begins.
///
/// z does not count in the error of a step. [`start`](Self::start) gives the pair a plain solve begins
/// with. Costs two copies of the state a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired<S>(pub S);

impl<S> Paired<S> {
    /// The pair at the start of a solve from `(t, y)`.
    ///
    /// # Errors
    /// When the problem cannot be started there.
    pub fn start<P, Y>(&self, problem: &P, t: f64, y: Y) -> Result<(Y, Passenger<S::Auxiliary>), StepError>
    where
        P: ?Sized,
        S: Reversible<P, Y, Auxiliary: VectorSpace>,
    {
        let memory = self.0.init(problem, t, &y)?;
        let z = self.0.auxiliary(&memory).duplicate();
        Ok((y, Passenger(z)))
    }
}

/// The memory of the method, and the pair last proposed.
pub struct PairedMemory<M, Y, Z> {
    inner: M,
    next: (Y, Passenger<Z>),
}

impl<P, Y, Z, S> Stepper<P, (Y, Passenger<Z>)> for Paired<S>
where
    P: ?Sized,
    Y: VectorSpace,
    Z: VectorSpace,
    S: Reversible<P, Y, Auxiliary = Z>,
{
    type Memory = PairedMemory<S::Memory, Y, Z>;
    type Dense = PairedPiece<S::Dense, Z>;

    fn about(&self) -> About {
        self.0.about()
    }

    fn init(&self, problem: &P, t: f64, y: &(Y, Passenger<Z>)) -> Result<Self::Memory, StepError> {
        Ok(PairedMemory {
            inner: self.0.resume(problem, t, &y.0, &y.1.0)?,
            next: (y.0.duplicate(), Passenger(y.1.0.duplicate())),
        })
    }

    fn propose(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &(Y, Passenger<Z>),
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let evals = self.0.propose(problem, t, h, &y.0, &mut memory.inner)?;
        self.0.proposed(&memory.inner).plus_into(&[], &mut memory.next.0);
        self.0.proposed_auxiliary(&memory.inner).plus_into(&[], &mut memory.next.1.0);
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m (Y, Passenger<Z>) {
        &memory.next
    }

    fn prepare_dense(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &(Y, Passenger<Z>),
        memory: &Self::Memory,
    ) -> usize {
        self.0.prepare_dense(problem, t, h, &y.0, &memory.inner)
    }

    fn dense(&self, t: f64, h: f64, y: &(Y, Passenger<Z>), memory: &Self::Memory) -> Self::Dense {
        PairedPiece {
            inner: self.0.dense(t, h, &y.0, &memory.inner),
            t,
            h,
            z: [y.1.0.duplicate(), memory.next.1.0.duplicate()],
        }
    }

    fn commit(&self, y: &mut (Y, Passenger<Z>), memory: &mut Self::Memory) {
        self.0.commit(&mut y.0, &mut memory.inner);
        std::mem::swap(&mut y.1, &mut memory.next.1);
    }

    fn error<N: Norm<(Y, Passenger<Z>)>>(
        &self,
        h: f64,
        y: &(Y, Passenger<Z>),
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Option<f64> {
        self.0.error(h, &y.0, &lifted(norm, &y.1.0), &mut memory.inner)
    }

    fn first_step<N: Norm<(Y, Passenger<Z>)>>(
        &self,
        problem: &P,
        span: Span,
        y: &(Y, Passenger<Z>),
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        self.0.first_step(problem, span, &y.0, &lifted(norm, &y.1.0), &mut memory.inner)
    }
}

/// A norm of pairs as a norm of states: the passenger's error is 0.
fn lifted<Y: VectorSpace, Z: VectorSpace, N: Norm<(Y, Passenger<Z>)>>(
    norm: &N,
    z: &Z,
) -> impl Fn(&Y, &Y, &Y) -> f64 {
    let pair = |y: &Y, z: &Z| (y.duplicate(), Passenger(z.duplicate()));
    move |error, a, b| norm.measure(&(error.duplicate(), Passenger(z.zeros_like())), &pair(a, z), &pair(b, z))
}

/// The interpolant of one step: that of the method for y, the chord for z.
pub struct PairedPiece<D, Z> {
    inner: D,
    t: f64,
    h: f64,
    z: [Z; 2],
}

impl<Y, Z: VectorSpace, D: Dense<Y>> Dense<(Y, Passenger<Z>)> for PairedPiece<D, Z> {
    fn at(&self, t: f64) -> (Y, Passenger<Z>) {
        let theta = (t - self.t) / self.h;
        let z = self.z[0].plus(&[(-theta, &self.z[0]), (theta, &self.z[1])]);
        (self.inner.at(t), Passenger(z))
    }
}
