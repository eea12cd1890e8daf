//! Vector fields on tensors, and everything libtorch can say of their derivatives.

use crate::TorchState;
use crate::callback::Callback;
use crate::ffi::{self, Graph};
use chreode_adjoint::VjpAlong;
use chreode_core::{Jvp, Pullback, VectorField, VectorSpace, Vjp};
use std::fmt;
use tch::nn::VarStore;
use tch::{Kind, Tensor};

/// A function of a time and a tensor as the right-hand side of dy/dt = f(t, y), with its parameters.
///
/// The time is a tensor without dimensions, on the state's device and of its kind (`f32` for a state of
/// `bf16`). libtorch's tape gives all derivatives: pullbacks in state, parameters and time, tangents, and
/// second derivatives. Evaluations outside a gradient are not recorded.
///
/// A copy is cheap and shares the function and the parameters.
///
/// ```
/// use chreode_adjoint::gradient;
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// use chreode_torch::{TensorField, TorchState};
/// use tch::{Kind, Tensor};
///
/// // dy/dt = k y, and the gradient of the sum of y(1).
/// let k = Tensor::from_slice(&[0.5]).set_requires_grad(true);
/// let rate = k.shallow_clone();
/// let field = TensorField::new(move |_t, y| y * &rate, vec![k]);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-9)));
/// let y0 = TorchState::new(Tensor::from_slice(&[1.0, 3.0]));
/// let one = || Tensor::ones([2], (Kind::Double, tch::Device::Cpu));
/// let cotangents = |_: &[TorchState]| vec![TorchState::new(one() * 0.0), TorchState::new(one())];
/// let (_, g) = gradient(&solve, &field, y0, &[0.0, 1.0], cotangents)?;
/// assert!((g.params.tensor().double_value(&[0]) - 4.0 * 0.5f64.exp()).abs() < 1e-7);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
///
/// # Panics
/// A trait of `chreode-core` has no room for an error, so what the function panics with, as tch's operations do
/// when shapes do not fit, goes on to the caller of the solve; a [`TapeSolve`](crate::TapeSolve) makes an
/// error of it.
#[derive(Clone)]
pub struct TensorField {
    function: Callback,
    parameters: Parameters,
}

impl fmt::Debug for TensorField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TensorField").field("parameters", &self.parameters.0).finish_non_exhaustive()
    }
}

impl TensorField {
    /// The field `f(t, y)`, whose `parameters` are tensors it uses that want a gradient: leaves, or what a
    /// larger model made of its own.
    pub fn new(f: impl Fn(&Tensor, &Tensor) -> Tensor + Send + 'static, parameters: Vec<Tensor>) -> Self {
        Self::of(Callback::new(f), parameters)
    }

    /// The field `f(t, y)` of a module whose parameters are those in `store` that are trained.
    pub fn with_store(store: &VarStore, f: impl Fn(&Tensor, &Tensor) -> Tensor + Send + 'static) -> Self {
        Self::new(f, trained(store))
    }

    pub(crate) fn of(function: Callback, parameters: Vec<Tensor>) -> Self {
        Self { function, parameters: Parameters(parameters) }
    }

    /// The parameters, in the order of the flat vector that gradients come in.
    pub fn parameters(&self) -> &[Tensor] {
        &self.parameters.0
    }

    /// A gradient with respect to the parameters, as a tensor for each.
    pub fn split(&self, flat: &TorchState) -> Vec<Tensor> {
        self.parameters.split(flat.tensor())
    }

    /// A tensor for each parameter, or zero, as a flat one.
    pub(crate) fn join(&self, parts: impl Iterator<Item = Option<Tensor>>) -> TorchState {
        self.parameters.join(&parts.collect::<Vec<_>>())
    }

    /// The time as the function gets it.
    fn time(t: f64, y: &Tensor) -> Tensor {
        let kind = match y.kind() {
            Kind::BFloat16 | Kind::Half => Kind::Float,
            kind => kind,
        };
        Tensor::full([0i64; 0], t, (kind, y.device()))
    }

    /// f(t, y) with its graph, and the y to differentiate with respect to.
    fn record(&self, t: f64, y: &TorchState) -> (Tensor, Tensor) {
        let y = y.tensor().detach().set_requires_grad(true);
        (self.function.call(&Self::time(t, &y), &y), y)
    }

    /// Σ cotangent · ∂ output / ∂ each of `first` and the parameters; `None` where nothing depends on it.
    fn pull(&self, output: &Tensor, a: &Tensor, first: &[&Tensor], graph: Graph) -> Vec<Option<Tensor>> {
        let inputs: Vec<&Tensor> = first.iter().copied().chain(&self.parameters.0).collect();
        if !output.requires_grad() {
            return inputs.iter().map(|_| None).collect();
        }
        // Parameters that are frozen have the gradient zero.
        let wanted: Vec<&Tensor> = inputs.iter().copied().filter(|t| t.requires_grad()).collect();
        let grads = ffi::grad(&[(output, a)], &wanted, graph).unwrap_or_else(|message| panic!("{message}"));
        let mut grads = grads.into_iter();
        inputs.iter().map(|t| if t.requires_grad() { grads.next().flatten() } else { None }).collect()
    }
}

impl VectorField<TorchState> for TensorField {
    fn eval(&self, t: f64, y: &TorchState) -> TorchState {
        let y = y.tensor();
        TorchState::new(ffi::unrecorded(|| self.function.call(&Self::time(t, y), y)))
    }
}

impl Vjp<TorchState> for TensorField {
    /// All parameters in one flat tensor: a gradient is added up by one operation.
    type Params = TorchState;

    fn vjp(&self, t: f64, y: &TorchState, a: &TorchState) -> Pullback<TorchState, TorchState> {
        ffi::recorded(|| {
            let (value, y) = self.record(t, y);
            let mut grads = self.pull(&value, a.tensor(), &[&y], Graph::Free);
            let state = grads[0].take();
            Pullback {
                value: TorchState::new(value.detach()),
                state: or_zero(state, &y),
                params: self.parameters.join(&grads[1..]),
            }
        })
    }

    /// Exact, by libtorch's tape.
    fn vjp_time(&self, t: f64, y: &TorchState, a: &TorchState) -> f64 {
        ffi::recorded(|| {
            let y = y.tensor().detach();
            let t = Self::time(t, &y).set_requires_grad(true);
            let value = self.function.call(&t, &y);
            if !value.requires_grad() {
                return 0.0;
            }
            let grads = ffi::grad(&[(&value, a.tensor())], &[&t], Graph::Free);
            let grads = grads.unwrap_or_else(|message| panic!("{message}"));
            grads[0].as_ref().map_or(0.0, |g| g.double_value(&[]))
        })
    }
}

impl Jvp<TorchState> for TensorField {
    /// By two pullbacks, the second of which goes back through the first.
    fn jvp(&self, t: f64, y: &TorchState, v: &TorchState) -> TorchState {
        self.vjp_along(t, y, &y.zeros_like(), v, &self.parameters.join(&[])).value
    }
}

impl VjpAlong<TorchState> for TensorField {
    /// The pullback goes on the tape, and the product h(a) = aᵀ (∂f/∂y · dy + ∂f/∂θ · dθ) is pulled back: its
    /// derivative in a is that of f in the direction, and those in y and θ are of the pullback.
    fn vjp_along(
        &self,
        t: f64,
        y: &TorchState,
        a: &TorchState,
        dy: &TorchState,
        dparams: &TorchState,
    ) -> Pullback<TorchState, TorchState> {
        ffi::recorded(|| {
            let (value, y) = self.record(t, y);
            let a = a.tensor().detach().set_requires_grad(true);
            let grads = self.pull(&value, &a, &[&y], Graph::Record);
            let directions = std::iter::once(dy.tensor().shallow_clone()).chain(self.split(dparams));
            let products =
                grads.iter().zip(directions).filter_map(|(g, d)| Some((g.as_ref()? * d).sum(None)));
            let Some(h) = products.reduce(|a, b| a + b) else {
                return Pullback {
                    value: TorchState::new(a.zeros_like()),
                    state: or_zero(None, &y),
                    params: self.parameters.join(&[]),
                };
            };
            let mut grads = self.pull(&h, &h.ones_like(), &[&a, &y], Graph::Free);
            let (by_a, by_y) = (grads[0].take(), grads[1].take());
            Pullback {
                value: or_zero(by_a, &a),
                state: or_zero(by_y, &y),
                params: self.parameters.join(&grads[2..]),
            }
        })
    }
}

/// A field whose evaluations stay on libtorch's tape, for a solve that libtorch differentiates itself.
///
/// Exact, of any order, through any method whose state is only combined linearly; its memory grows with the
/// number of evaluations, which is what a [`TapeSolve`](crate::TapeSolve) is there to avoid.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'f>(pub &'f TensorField);

impl VectorField<TorchState> for Recorded<'_> {
    fn eval(&self, t: f64, y: &TorchState) -> TorchState {
        let y = y.tensor();
        TorchState::new(ffi::recorded(|| self.0.function.call(&TensorField::time(t, y), y)))
    }
}

/// Tensors that are differentiated with respect to, and their flat form.
struct Parameters(Vec<Tensor>);

impl Clone for Parameters {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(Tensor::shallow_clone).collect())
    }
}

impl Parameters {
    /// One flat tensor of a gradient each; zeros where there is none. Sums of `bf16` are kept in `f32`.
    fn join(&self, grads: &[Option<Tensor>]) -> TorchState {
        let kind = if self.0.iter().any(|p| p.kind() == Kind::Double) { Kind::Double } else { Kind::Float };
        let device = self.0.first().map_or(tch::Device::Cpu, Tensor::device);
        let part = |(i, p): (usize, &Tensor)| match grads.get(i).and_then(Option::as_ref) {
            Some(grad) => grad.to_kind(kind).reshape([-1]),
            None => Tensor::zeros([entries(p)], (kind, device)),
        };
        let parts: Vec<Tensor> = ffi::unrecorded(|| self.0.iter().enumerate().map(part).collect());
        TorchState::new(match parts.as_slice() {
            [] => Tensor::zeros([0], (kind, device)),
            parts => ffi::unrecorded(|| Tensor::cat(parts, 0)),
        })
    }

    /// The parts of a flat tensor, each with its parameter's shape and kind.
    fn split(&self, flat: &Tensor) -> Vec<Tensor> {
        let mut from = 0;
        let part = |p: &Tensor| {
            let size = entries(p);
            from += size;
            flat.narrow(0, from - size, size).reshape(p.size()).to_kind(p.kind())
        };
        self.0.iter().map(part).collect()
    }
}

fn entries(t: &Tensor) -> i64 {
    t.size().iter().product()
}

fn or_zero(grad: Option<Tensor>, like: &Tensor) -> TorchState {
    TorchState::new(grad.unwrap_or_else(|| ffi::unrecorded(|| like.detach().zeros_like())))
}

/// The variables of a store that want a gradient, in the order in which they were made.
pub(crate) fn trained(store: &VarStore) -> Vec<Tensor> {
    store.trainable_variables().into_iter().filter(Tensor::requires_grad).collect()
}
