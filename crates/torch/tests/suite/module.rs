//! One network on both back ends, from one file: the same numbers to rounding.

use crate::common::{adaptive, begin, fixed, noise};
use chreode_adjoint::{Discrete, gradient};
use chreode_core::{Network, NetworkField, Real, VectorSpace};
use chreode_nn::{Activation, Element, Mlp, MlpConfig};
use chreode_torch::{
    ModuleNetwork, TapeSolve, TorchState, array, network, read_safetensors, tensor, to_safetensors,
};
use ndarray::{Array1, Array2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::nn::{self, Module, VarStore};
use tch::{Device, Kind, Tensor};

const DIMS: usize = 3;
const ROWS: usize = 5;

/// Both back ends, the module with the native network's parameters.
fn pair<A: Element + Real + tch::kind::Element>(activation: Activation) -> (Mlp<A>, ModuleNetwork<A>) {
    let config = MlpConfig::new(DIMS).hidden([16, 11]).activation(activation);
    let native = Mlp::new(config.clone(), &mut ChaCha8Rng::seed_from_u64(3)).expect("they fit");
    let zeros = Mlp::<A>::zeros(config).expect("they fit").into();
    let mut module = network(&zeros, Device::Cpu).expect("they fit");
    read_safetensors(&mut module, "model.", &to_safetensors(&native, "model.").expect("they fit"))
        .expect("they fit");
    (native, module)
}

/// Values, gradients of the state, and those of the parameters by name.
type Pass<N> = (Array2<<N as Network>::Scalar>, Array2<<N as Network>::Scalar>, Vec<(String, Vec<f64>)>);

/// A flat vector as one tensor a name, which both back ends have in orders of their own.
fn by_name<N: Network>(network: &N, flat: &[N::Scalar]) -> Vec<(String, Vec<f64>)> {
    let entries = |v: &chreode_core::ParameterView| {
        flat[v.offset..v.offset + v.size()].iter().map(|x| x.to_f64()).collect()
    };
    let mut parts: Vec<_> = network.layout().iter().map(|v| (v.name.clone(), entries(v))).collect();
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts
}

fn close<A: Real>(a: &Array2<A>, b: &Array2<A>, tolerance: f64) {
    let size = b.iter().fold(1.0, |m: f64, x| m.max(Real::to_f64(*x).abs()));
    let distance = |(a, b): (&A, &A)| (Real::to_f64(*a) - Real::to_f64(*b)).abs();
    let worst = a.iter().zip(b).map(distance).fold(0.0, f64::max);
    assert!(worst <= tolerance * size, "{worst:e} of {size:e}");
}

fn close_by_name(a: &[(String, Vec<f64>)], b: &[(String, Vec<f64>)], tolerance: f64) {
    for ((name, a), (other, b)) in a.iter().zip(b) {
        assert_eq!(name, other);
        let row = |x: &[f64]| Array1::from(x.to_vec()).insert_axis(ndarray::Axis(0));
        close(&row(a), &row(b), tolerance);
    }
    assert_eq!(a.len(), b.len());
}

fn agree<A: Element + Real + tch::kind::Element>(activation: Activation, digits: f64) {
    let (native, module) = pair::<A>(activation);
    assert_eq!(native.parameter_count(), module.parameter_count());
    assert_eq!(
        by_name(&native, &native.parameters()),
        by_name(&module, &module.parameters()),
        "the file carries every bit"
    );
    let rows = |seed| -> Array2<A> { array(&noise(&[ROWS as i64, DIMS as i64], seed)).expect("they fit") };
    let times: Vec<A> = (0..ROWS).map(|i| A::from_f64(0.3 * i as f64)).collect();
    let (x, a) = (rows(1), rows(2));

    fn pass<N: Network>(
        network: &N,
        t: &[N::Scalar],
        x: &Array2<N::Scalar>,
        a: &Array2<N::Scalar>,
    ) -> Pass<N> {
        let (mut value, mut state) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
        let mut memory = N::Memory::default();
        network.velocity(t, x.view(), value.view_mut(), &mut memory);
        let without = value.clone();
        network.forward(t, x.view(), value.view_mut(), &mut memory);
        assert_eq!(without, value);
        let mut flat = vec![N::Scalar::default(); network.parameter_count()];
        network.pullback(a.view(), Some(state.view_mut()), Some(&mut flat), &mut memory);
        (value, state, by_name(network, &flat))
    }
    let (ours, theirs) = (pass(&native, &times, &x, &a), pass(&module, &times, &x, &a));
    close(&theirs.0, &ours.0, digits);
    close(&theirs.1, &ours.1, digits);
    close_by_name(&theirs.2, &ours.2, digits);

    // The gradient of a solve, by the same adjoint.
    fn through<N: Network>(network: &N, x: &Array2<N::Scalar>, a: &Array2<N::Scalar>) -> Pass<N> {
        let field = NetworkField::new(network);
        let loss = |ys: &[Array2<N::Scalar>]| vec![ys[0].zeros_like(), a.clone()];
        let (ys, g) = gradient(&fixed(4), &field, x.clone(), &[0.0, 1.0], loss).expect("they fit");
        let flat: Array1<N::Scalar> = g.params;
        (ys[1].clone(), g.y0, by_name(network, flat.as_slice().expect("they fit")))
    }
    let (ours, theirs) = (through(&native, &x, &a), through(&module, &x, &a));
    close(&theirs.0, &ours.0, 4.0 * digits);
    close(&theirs.1, &ours.1, 4.0 * digits);
    close_by_name(&theirs.2, &ours.2, 4.0 * digits);
    // And as tensors, by the field that never leaves the device, in a node of the tape.
    let y0 = tensor(&x, Device::Cpu).set_requires_grad(true);
    let field = module.field();
    let node = TapeSolve::new(fixed(4), Discrete::default());
    let ys = node.run(&field, &y0, &Tensor::from_slice(&[0.0, 1.0])).expect("they fit");
    let l = (ys.get(1) * tensor(&a, Device::Cpu)).sum(Kind::Double);
    let inputs: Vec<&Tensor> = std::iter::once(&y0).chain(field.parameters()).collect();
    let grads = Tensor::run_backward(&[l], &inputs, false, false);
    close(&array(&grads[0]).expect("they fit"), &ours.1, 4.0 * digits);
    let flat: Vec<A> = grads[1..]
        .iter()
        .flat_map(|g| array::<A, ndarray::IxDyn>(g).expect("they fit").into_iter())
        .collect();
    close_by_name(&by_name(&module, &flat), &ours.2, 4.0 * digits);
}

#[test]
fn both_back_ends_agree() {
    begin();
    for activation in Activation::ALL {
        agree::<f64>(activation, 1e-14);
        agree::<f32>(activation, 3e-6);
    }
}

#[test]
fn an_adaptive_solve_takes_the_same_steps() {
    begin();
    let (native, module) = pair::<f64>(Activation::Tanh);
    let x: Array2<f64> = array(&noise(&[ROWS as i64, DIMS as i64], 1)).unwrap();
    let times = [0.0, 0.5, 2.0];
    let ours = adaptive(1e-7).at(&NetworkField::new(&native), x.clone(), &times).unwrap();
    let theirs = adaptive(1e-7).at(&NetworkField::new(&module), x.clone(), &times).unwrap();
    let start = TorchState::new(tensor(&x, Device::Cpu));
    let tensors = adaptive(1e-7).at(&module.field(), start, &times).unwrap();
    for ((a, b), c) in ours.iter().zip(&theirs).zip(&tensors) {
        close(b, a, 1e-13);
        close(&array(c.tensor()).unwrap(), a, 1e-13);
    }
}

#[test]
fn a_module_in_bf16_is_a_network_in_f32() {
    begin();
    let (native, _) = pair::<f32>(Activation::Tanh);
    let mut store = VarStore::new(Device::Cpu);
    let layers = store.root() / "layers";
    let dims = DIMS as i64;
    let net = nn::seq()
        .add(nn::linear(&layers / 0, dims + 1, 16, Default::default()))
        .add_fn(Tensor::tanh)
        .add(nn::linear(&layers / 1, 16, 11, Default::default()))
        .add_fn(Tensor::tanh)
        .add(nn::linear(&layers / 2, 11, dims, Default::default()));
    store.set_kind(Kind::BFloat16);
    let v = move |t: &Tensor, x: &Tensor| net.forward(&Tensor::cat(&[t.unsqueeze(1), x.shallow_clone()], 1));
    let mut module = ModuleNetwork::<f32>::new(store, (DIMS, DIMS), v).unwrap();
    let bytes = to_safetensors(&native, "").unwrap();
    read_safetensors(&mut module, "", &bytes).unwrap();
    let x: Array2<f32> = array(&noise(&[ROWS as i64, DIMS as i64], 1)).unwrap();
    let times = [0.5; ROWS];
    let (mut a, mut b) = (x.clone(), x.clone());
    native.velocity(&times, x.view(), a.view_mut(), &mut Default::default());
    module.velocity(&times, x.view(), b.view_mut(), &mut Default::default());
    close(&b, &a, 2e-2);
    assert_ne!(a, b);
}

#[test]
fn a_pullback_may_ask_for_a_part_and_again() {
    begin();
    let (_, module) = pair::<f64>(Activation::Tanh);
    let x: Array2<f64> = array(&noise(&[ROWS as i64, DIMS as i64], 1)).unwrap();
    let (mut value, mut memory) = (x.clone(), Default::default());
    module.forward(&[0.5; ROWS], x.view(), value.view_mut(), &mut memory);
    let mut state = x.clone();
    module.pullback(x.view(), Some(state.view_mut()), None, &mut memory);
    let mut flat = vec![0.0; module.parameter_count()];
    let mut again = x.t().to_owned();
    module.pullback(x.view(), Some(again.view_mut().reversed_axes()), Some(&mut flat), &mut memory);
    assert_eq!(state, again.t());
    assert!(flat.iter().any(|x| *x != 0.0));
}

#[test]
fn frozen_variables_are_no_parameters() {
    begin();
    let store = VarStore::new(Device::Cpu);
    let net = nn::linear(store.root() / "a", 2, 2, Default::default());
    let _frozen = net.ws.set_requires_grad(false);
    let network = ModuleNetwork::<f32>::new(store, (2, 2), move |_t, x| net.forward(x)).unwrap();
    let names: Vec<_> = network.layout().iter().map(|v| v.name.as_str()).collect();
    assert_eq!((names, network.parameter_count()), (vec!["a.bias"], 2));
}

#[test]
fn kinds_may_not_be_mixed() {
    begin();
    let store = VarStore::new(Device::Cpu);
    let net = nn::linear(store.root() / "a", 2, 2, Default::default());
    let mut part = store.root() / "b";
    _ = part.var_copy("c", &Tensor::from_slice(&[1.0f32]));
    part.set_kind(Kind::Double);
    let error = ModuleNetwork::<f32>::new(store, (2, 2), move |_t, x| net.forward(x)).unwrap_err();
    assert!(error.to_string().contains("is of kind Double where Float, the kind of the others, is wanted"));
}
