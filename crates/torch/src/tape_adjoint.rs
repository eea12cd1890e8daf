//! Which adjoints a node on the tape may go back by.

use crate::{TensorField, TorchError, TorchState};
use chreode_adjoint::{
    Adjoint, Auto, Backsolve, Direction, Discrete, Interpolating, Quadrature, Retracing, Times,
};
use chreode_core::{Norm, Passenger, VectorSpace};
use chreode_ode::{ExplicitRk, Solve, StepControl};

/// States' derivatives in a direction, and a Hessian times it.
pub type Second = (Vec<TorchState>, Direction<TorchState, TorchState>);

/// An [`Adjoint`] that a [`TapeSolve`](crate::TapeSolve) can go back by.
///
/// An adjoint of your own needs no more than `impl<S, C> TapeAdjoint<S, C> for Mine`, with the bounds of its
/// [`Adjoint`]; it then has first derivatives.
pub trait TapeAdjoint<S, C>:
    Adjoint<TensorField, TorchState, S, C, Tape: Send + 'static> + Clone + Send + 'static
{
    /// Whether there are second derivatives.
    const TWICE: bool = false;

    /// The same for a solve whose times are constants, where that costs less.
    fn with_constant_times(&self) -> Self {
        self.clone()
    }

    /// For L = Σ λᵢ · yᵢ with constant cotangents λ: the derivatives of the states in `direction`, and the
    /// Hessian of L times it.
    ///
    /// # Errors
    /// [`TorchError::FirstOrder`] unless it is overridden, and then those of a gradient.
    fn second(
        &self,
        _solve: &Solve<S, C>,
        _field: &TensorField,
        _y0: TorchState,
        _times: &[f64],
        _direction: &Direction<TorchState, TorchState>,
        _cotangents: Vec<TorchState>,
    ) -> Result<Second, TorchError> {
        Err(TorchError::FirstOrder)
    }
}

impl<C> TapeAdjoint<ExplicitRk, C> for Discrete
where
    C: StepControl<Norm: Norm<TorchState> + Norm<(TorchState, Passenger<TorchState>)>> + Clone,
{
    const TWICE: bool = true;

    fn with_constant_times(&self) -> Self {
        self.times(Times::Constant)
    }

    fn second(
        &self,
        solve: &Solve<ExplicitRk, C>,
        field: &TensorField,
        y0: TorchState,
        times: &[f64],
        direction: &Direction<TorchState, TorchState>,
        cotangents: Vec<TorchState>,
    ) -> Result<Second, TorchError> {
        let mut derivatives = Vec::new();
        let loss = |_: &[TorchState], tangents: &[TorchState]| {
            derivatives = tangents.iter().map(VectorSpace::duplicate).collect();
            (cotangents, tangents.iter().map(VectorSpace::zeros_like).collect())
        };
        let (_, curvature) = self.hessian_product(solve, field, y0, times, direction, loss)?;
        Ok((derivatives, curvature.product))
    }
}

impl<C> TapeAdjoint<ExplicitRk, C> for Auto
where
    C: StepControl<Norm: Norm<TorchState> + Norm<(TorchState, Passenger<TorchState>)>> + Clone,
{
    const TWICE: bool = true;

    /// By [`Discrete`], with as many checkpoints of pairs as the memory holds, one at least.
    fn second(
        &self,
        solve: &Solve<ExplicitRk, C>,
        field: &TensorField,
        y0: TorchState,
        times: &[f64],
        direction: &Direction<TorchState, TorchState>,
        cotangents: Vec<TorchState>,
    ) -> Result<Second, TorchError> {
        let pair = 2 * size_of::<f64>() * y0.entries().max(1);
        let discrete = Discrete::checkpoints((self.memory / pair).max(1));
        discrete.second(solve, field, y0, times, direction, cotangents)
    }
}

impl<S, C, S2, C2> TapeAdjoint<S, C> for Backsolve<S2, C2> where
    Self: Adjoint<TensorField, TorchState, S, C, Tape: Send + 'static> + Clone + Send + 'static
{
}

impl<S, C, S2, C2> TapeAdjoint<S, C> for Interpolating<S2, C2> where
    Self: Adjoint<TensorField, TorchState, S, C, Tape: Send + 'static> + Clone + Send + 'static
{
}

impl<S, C, S2, C2> TapeAdjoint<S, C> for Quadrature<S2, C2> where
    Self: Adjoint<TensorField, TorchState, S, C, Tape: Send + 'static> + Clone + Send + 'static
{
}

impl<S, C> TapeAdjoint<S, C> for Retracing where
    Self: Adjoint<TensorField, TorchState, S, C, Tape: Send + 'static> + Clone + Send + 'static
{
}
