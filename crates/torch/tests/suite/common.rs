//! Tensors, networks and distances.

use chreode_core::Tolerance;
use chreode_ode::{DOPRI5, ExplicitRk, Fixed, Pi, Solve};
use chreode_torch::TensorField;
use tch::nn::{self, Module, VarStore};
use tch::{Device, Kind, Tensor};

pub(crate) const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);

/// One thread for libtorch: two tests at a time would wait for each other's.
pub(crate) fn begin() {
    tch::set_num_threads(1);
}

/// A tensor of numbers without a pattern, the same for the same `seed`.
pub(crate) fn noise(shape: &[i64], seed: i64) -> Tensor {
    let count: i64 = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|i| ((i * 37 + seed * 101 + 1) as f64 * 12.9898).sin()).collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Largest difference of two tensors, relative to the larger of 1 and the second's largest entry.
pub(crate) fn apart(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    let (a, b) = (a.detach().to_kind(Kind::Double), b.detach().to_kind(Kind::Double));
    let size = b.abs().max().double_value(&[]).max(1.0);
    (a - b).abs().max().double_value(&[]) / size
}

/// A network (t, y) -> velocity with tanh, in f64, and its field.
pub(crate) fn network(dims: i64, seed: i64) -> (VarStore, TensorField) {
    let mut store = VarStore::new(Device::Cpu);
    let root = store.root();
    let net = nn::seq()
        .add(nn::linear(&root / "layers" / 0, dims + 1, 8, Default::default()))
        .add_fn(|x| x.tanh())
        .add(nn::linear(&root / "layers" / 1, 8, dims, Default::default()));
    store.set_kind(Kind::Double);
    for (i, mut v) in store.trainable_variables().into_iter().enumerate() {
        tch::no_grad(|| v.copy_(&(noise(&v.size(), seed + i as i64) * 0.5)));
    }
    let field = TensorField::with_store(&store, move |t, y| {
        let column = t.expand([y.size()[0], 1], false);
        net.forward(&Tensor::cat(&[column, y.shallow_clone()], 1))
    });
    (store, field)
}

/// y′ = sin(t) A y − y³ with the parameter A, a square matrix.
pub(crate) fn cubic(a: &Tensor) -> TensorField {
    let matrix = a.shallow_clone();
    let f = move |t: &Tensor, y: &Tensor| y.matmul(&matrix) * t.sin() - y.pow_tensor_scalar(3);
    TensorField::new(f, vec![a.shallow_clone()])
}

pub(crate) fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(tolerance)))
}

pub(crate) fn fixed(steps: usize) -> Solve<ExplicitRk, Fixed> {
    Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(steps))
}

/// The derivative of `f` at `x` by central differences, entry by entry.
pub(crate) fn differences(x: &Tensor, step: f64, f: impl Fn(&Tensor) -> f64) -> Tensor {
    let base = x.detach();
    let at = |i: usize, e: f64| {
        let moved = base.copy();
        _ = moved.view(-1).get(i as i64).g_add_scalar_(e);
        f(&moved)
    };
    let slopes: Vec<f64> = (0..base.numel()).map(|i| (at(i, step) - at(i, -step)) / (2.0 * step)).collect();
    Tensor::from_slice(&slopes).reshape(base.size())
}
