//! The way back through the gradient of a solve.

use super::unstack;
use crate::ffi::{self, Backward};
use crate::{TapeAdjoint, TensorField, TorchError, TorchState};
use chreode_adjoint::Direction;
use chreode_core::VectorSpace;
use chreode_ode::Solve;
use std::sync::{Mutex, PoisonError};
use tch::Tensor;

/// Which inputs of the solve have a gradient among the outputs of the gradient's node, in order: 0 is y₀, 1
/// the times, then the parameters.
pub(super) struct Gradients(pub(super) Vec<usize>);

/// Everything that is needed to go back through one gradient.
///
/// With L = Σ λᵢ · yᵢ, the gradient is G(y₀, θ, λ) = (∂L/∂y₀, ∂L/∂θ), and u · G is the derivative of L in the
/// direction u = (u₀, u_θ). So its own derivative in λᵢ is that of yᵢ in the direction u, and in (y₀, θ) it is
/// the Hessian of L times u: both come out of one Hessian-vector product.
pub(super) struct SecondWayBack<A, S, C>(Mutex<Parts<A, S, C>>);

struct Parts<A, S, C> {
    solve: Solve<S, C>,
    adjoint: A,
    field: TensorField,
    instants: Vec<f64>,
    which: Gradients,
}

impl<A, S, C> SecondWayBack<A, S, C>
where
    A: TapeAdjoint<S, C>,
{
    pub(super) fn new(
        solve: Solve<S, C>,
        adjoint: A,
        field: TensorField,
        instants: Vec<f64>,
        which: Gradients,
    ) -> Self {
        Self(Mutex::new(Parts { solve, adjoint, field, instants, which }))
    }

    /// Gradients of y₀, the cotangent and each parameter.
    pub(super) fn pull(&self, given: &Backward) -> Result<Vec<Option<Tensor>>, TorchError> {
        if given.recording {
            return Err(TorchError::ThirdOrder);
        }
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Parts { solve, adjoint, field, instants, which } = &*parts;
        let [y0, cotangent, ..] = given.saved.as_slice() else { return Err(TorchError::FirstOrder) };
        let of_output = |input: usize| {
            let output = which.0.iter().position(|i| *i == input)?;
            given.cotangents[output].as_ref().map(Tensor::detach)
        };
        let y0 = TorchState::new(y0.detach());
        let direction = Direction {
            y0: of_output(0).map_or_else(|| y0.zeros_like(), TorchState::new),
            params: field.join((0..field.parameters().len()).map(|i| of_output(i + 2))),
        };
        let cotangents = unstack(cotangent);
        let (tangents, product) =
            ffi::unrecorded(|| adjoint.second(solve, field, y0, instants, &direction, cotangents))?;
        let tangents: Vec<&Tensor> = tangents.iter().map(TorchState::tensor).collect();
        let mut gradients = vec![Some(product.y0.into_tensor()), Some(Tensor::stack(&tangents, 0))];
        gradients.extend(field.split(&product.params).into_iter().map(Some));
        let wanted = gradients.into_iter().zip(&given.needed);
        Ok(wanted.map(|(gradient, needed)| gradient.filter(|_| *needed)).collect())
    }
}
