//! What every way to a gradient offers.

use crate::{AdjointError, Gradient, WithGradient};
use chreode_core::{VectorSpace, Vjp};
use chreode_ode::Solve;

/// A way to the gradient of a solve, chosen by value beside the [`Solve`] itself.
///
/// Two phases with a tape between them, which is what automatic differentiation elsewhere asks for:
/// [`forward`](Self::forward) solves and keeps what the way back needs,
/// [`backward`](Self::backward) turns cotangents of the states into a [`Gradient`], as often as asked.
/// [`gradient`](Self::gradient) is both in one call.
pub trait Adjoint<P: Vjp<Y> + ?Sized, Y: VectorSpace, S, C> {
    /// What the forward solve leaves for the way back.
    type Tape;

    /// The states at `times`, from `y0` at the first to the last, sorted in the direction of the solve; and
    /// the tape.
    ///
    /// # Errors
    /// Those of the solve, and settings of the adjoint that make no sense.
    fn forward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Self::Tape), AdjointError>;

    /// The gradient, from the cotangent ∂L/∂yᵢ of each state.
    ///
    /// `solve` and `problem` are those of the forward phase.
    ///
    /// # Errors
    /// When the cotangents do not fit, or something on the way back is not finite.
    fn backward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        tape: &Self::Tape,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError>;

    /// Both phases: `loss` is given the states and returns their cotangents, one for each.
    ///
    /// # Errors
    /// Those of both.
    fn gradient(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
        loss: impl FnOnce(&[Y]) -> Vec<Y>,
    ) -> Result<WithGradient<Y, P::Params>, AdjointError>
    where
        Self: Sized,
    {
        let (ys, tape) = self.forward(solve, problem, y0, times)?;
        let cotangents = loss(&ys);
        let gradient = self.backward(solve, problem, &tape, &cotangents)?;
        Ok((ys, gradient))
    }
}
