//! A solve as one node on libtorch's tape.

mod first;
mod second;

use crate::{TapeAdjoint, TensorField, TorchError, TorchState, ffi};
use chreode_ode::Solve;
use first::WayBack;
use tch::{Kind, Tensor};

/// A solve that is one node on libtorch's tape: `loss.backward()` goes through it by an adjoint of
/// `chreode-adjoint`, whatever the larger model does before and after.
///
/// Gradients reach y₀, the times, and the parameters of the field, which may be leaves or what the larger
/// model made of its own. The memory of the node is that of the adjoint, and goes with the graph.
///
/// With [`Discrete`](chreode_adjoint::Discrete) and [`Auto`](chreode_adjoint::Auto) the gradient can be put on
/// the tape again (`create_graph`), for gradient penalties and Hessian-vector products of the whole model: the
/// second derivative is exact for the steps taken and has bounded memory too. With other adjoints that is an
/// error, as are second derivatives with respect to times and third derivatives.
///
/// ```
/// use chreode_adjoint::Discrete;
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// use chreode_torch::{TapeSolve, TensorField};
/// use tch::{Kind, Tensor};
///
/// // The sine of y(1), where y′ = k y and y(0) = e^a.
/// let (a, k) = (Tensor::from_slice(&[0.3]), Tensor::from_slice(&[-0.5]));
/// let (a, k) = (a.set_requires_grad(true), k.set_requires_grad(true));
/// let rate = k.shallow_clone();
/// let field = TensorField::new(move |_t, y| y * &rate, vec![k.shallow_clone()]);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-10)));
/// let times = Tensor::from_slice(&[0.0, 1.0]);
/// let ys = TapeSolve::new(solve, Discrete::default()).run(&field, &a.exp(), &times)?;
/// ys.get(1).sin().sum(Kind::Double).backward();
///
/// let y1 = (0.3f64 - 0.5).exp();
/// assert!((a.grad().double_value(&[0]) - y1.cos() * y1).abs() < 1e-8);
/// assert!((k.grad().double_value(&[0]) - y1.cos() * y1).abs() < 1e-8);
/// # Ok::<(), chreode_torch::TorchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TapeSolve<A, S, C> {
    /// The method and the controller.
    pub solve: Solve<S, C>,
    /// The way to the gradient.
    pub adjoint: A,
}

impl<A, S, C> TapeSolve<A, S, C> {
    /// Solves by `solve`, goes back by `adjoint`.
    pub const fn new(solve: Solve<S, C>, adjoint: A) -> Self {
        Self { solve, adjoint }
    }
}

impl<A, S, C> TapeSolve<A, S, C>
where
    A: TapeAdjoint<S, C>,
    S: Clone + Send + 'static,
    C: Clone + Send + 'static,
{
    /// The states at `times`, from `y0` at the first to the last: a tensor of shape `[times, …]`, with y₀'s
    /// shape behind it.
    ///
    /// `times` is a tensor of one dimension, sorted up or down. Its values are read on the host, so keep it
    /// there.
    ///
    /// # Errors
    /// Those of the solve and the adjoint; [`TorchError::Panic`] where the field panics;
    /// [`TorchError::Shape`] and [`TorchError::Kind`] for a y₀ that holds no numbers and times that are no
    /// list of them. Errors on the way back come from libtorch's `backward`, which tch turns into a panic and
    /// `f_backward` and `f_run_backward` return.
    pub fn run(&self, field: &TensorField, y0: &Tensor, times: &Tensor) -> Result<Tensor, TorchError> {
        let instants = instants(times)?;
        floating("y0", y0)?;
        // What nobody asks for costs nothing.
        let adjoint =
            if times.requires_grad() { self.adjoint.clone() } else { self.adjoint.with_constant_times() };
        let start = TorchState::new(y0.detach());
        let forward = || ffi::unrecorded(|| adjoint.forward(&self.solve, field, start, &instants));
        let (ys, tape) = ffi::caught(forward).map_err(|message| TorchError::Panic { message })??;
        let ys: Vec<&Tensor> = ys.iter().map(TorchState::tensor).collect();
        let stacked = ffi::unrecorded(|| Tensor::f_stack(&ys, 0));
        let stacked = stacked.map_err(|e| TorchError::torch("put the states together", &e))?;

        let parameters = field.parameters();
        let inputs: Vec<&Tensor> = [y0, times].into_iter().chain(parameters).collect();
        let saved: Vec<&Tensor> = std::iter::once(y0).chain(parameters).collect();
        let way_back = WayBack::new(self.solve.clone(), adjoint, field.clone(), times, instants, tape);
        let backward = Box::new(move |given| way_back.pull(given).map_err(|e| e.to_string()));
        ffi::node(&inputs, &[&stacked], &saved, backward)
            .map_err(|message| TorchError::Torch { what: "put the solve on its tape", message })?;
        Ok(stacked)
    }
}

/// The values of a list of times.
fn instants(times: &Tensor) -> Result<Vec<f64>, TorchError> {
    floating("times", times)?;
    if times.dim() != 1 {
        return Err(TorchError::Shape { what: "times", found: times.size(), expected: "one dimension" });
    }
    let list = times.detach().to_device(tch::Device::Cpu).to_kind(Kind::Double).contiguous();
    Vec::try_from(&list).map_err(|e| TorchError::torch("read the times", &e))
}

fn floating(what: &'static str, t: &Tensor) -> Result<(), TorchError> {
    match t.f_kind() {
        Ok(Kind::Double | Kind::Float | Kind::BFloat16 | Kind::Half) => Ok(()),
        Ok(kind) => Err(TorchError::Kind {
            what,
            found: format!("{kind:?}"),
            expected: "Double, Float or BFloat16".into(),
        }),
        Err(error) => Err(TorchError::torch("tell the kind of a tensor", &error)),
    }
}

/// The cotangent of the stacked states as one for each.
fn unstack(cotangent: &Tensor) -> Vec<TorchState> {
    cotangent.detach().unbind(0).into_iter().map(TorchState::new).collect()
}
