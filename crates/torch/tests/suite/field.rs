//! Derivatives of fields by libtorch's tape, against finite differences.

use crate::common::{apart, begin, cubic, differences, network, noise};
use chreode_adjoint::VjpAlong;
use chreode_core::{Jvp, VectorField, VectorSpace, Vjp};
use chreode_torch::{TensorField, TorchState};
use tch::{Kind, Tensor};

fn state(seed: i64) -> TorchState {
    TorchState::new(noise(&[3, 2], seed))
}

#[test]
fn pullbacks_and_tangents_are_derivatives() {
    begin();
    let (store, field) = network(2, 5);
    let (t, y, a, v) = (0.4, state(1), state(2), state(3));
    let back = field.vjp(t, &y, &a);
    assert_eq!(apart(back.value.tensor(), field.eval(t, &y).tensor()), 0.0);
    let by_state =
        differences(y.tensor(), 1e-6, |y| a.dot(&field.eval(t, &TorchState::new(y.shallow_clone()))));
    assert!(apart(back.state.tensor(), &by_state) < 1e-8);
    let parts = field.split(&back.params);
    for (variable, part) in store.trainable_variables().iter().zip(&parts) {
        let kept = variable.detach().copy();
        let set = |to: &Tensor| tch::no_grad(|| variable.shallow_clone().copy_(to));
        let by_parameter = differences(&kept, 1e-6, |p| {
            set(p);
            a.dot(&field.eval(t, &y))
        });
        set(&kept);
        assert!(apart(part, &by_parameter) < 1e-8);
    }
    let (ahead, behind) = (field.eval(t + 1e-6, &y), field.eval(t - 1e-6, &y));
    assert!((field.vjp_time(t, &y, &a) - (a.dot(&ahead) - a.dot(&behind)) / 2e-6).abs() < 1e-8);
    let jvp = field.jvp(t, &y, &v);
    assert!((a.dot(&jvp) - back.state.dot(&v)).abs() < 1e-12);
}

#[test]
fn the_pullback_along_a_direction_is_its_derivative() {
    begin();
    let a_matrix = noise(&[2, 2], 9).set_requires_grad(true);
    let field = cubic(&a_matrix);
    let (t, y, a, dy) = (0.7, state(1), state(2), state(3));
    let dparams = TorchState::new(noise(&[4], 4));
    let along = field.vjp_along(t, &y, &a, &dy, &dparams);
    let at = |e: f64| {
        let moved = a_matrix.detach() + dparams.tensor().view([2, 2]) * e;
        cubic(&moved.set_requires_grad(true)).vjp(t, &y.plus(&[(e, &dy)]), &a)
    };
    let (ahead, behind) = (at(1e-5), at(-1e-5));
    let slope = |a: &TorchState, b: &TorchState| (a.tensor() - b.tensor()) / 2e-5;
    assert!(apart(along.value.tensor(), &slope(&ahead.value, &behind.value)) < 1e-8);
    assert!(apart(along.state.tensor(), &slope(&ahead.state, &behind.state)) < 1e-8);
    assert!(apart(along.params.tensor(), &slope(&ahead.params, &behind.params)) < 1e-8);
}

#[test]
fn what_nothing_depends_on_has_gradient_zero() {
    begin();
    let (used, unused) = (noise(&[2], 1), noise(&[3], 2));
    let (used, unused) = (used.set_requires_grad(true), unused.set_requires_grad(true));
    let rate = used.shallow_clone();
    // Neither the state nor `unused` enters.
    let field = TensorField::new(move |_t, y| rate.expand_as(y), vec![used, unused]);
    let (y, a) = (state(1), state(2));
    let back = field.vjp(0.0, &y, &a);
    assert_eq!(back.state.dot(&back.state), 0.0);
    let parts = field.split(&back.params);
    assert!(apart(&parts[0], &a.tensor().sum_dim_intlist(0i64, false, Kind::Double)) < 1e-15);
    assert_eq!(parts[1], Tensor::zeros([3], (Kind::Double, tch::Device::Cpu)));
    assert_eq!(field.vjp_time(0.0, &y, &a), 0.0);
    // No parameter at all, and a constant.
    let constant = TensorField::new(|_t, y| y.ones_like(), vec![]);
    let back = constant.vjp(0.0, &y, &a);
    assert_eq!((back.state.dot(&back.state), back.params.entries()), (0.0, 0));
    assert_eq!(constant.jvp(0.0, &y, &a).dot(&a), 0.0);
}

#[test]
fn bf16_parameters_add_up_in_f32() {
    begin();
    let weight = noise(&[2, 2], 3).to_kind(Kind::BFloat16).set_requires_grad(true);
    let matrix = weight.shallow_clone();
    let field = TensorField::new(move |_t, y| y.matmul(&matrix), vec![weight]);
    let y = TorchState::new(noise(&[3, 2], 1).to_kind(Kind::BFloat16));
    let back = field.vjp(0.0, &y, &y);
    assert_eq!((back.value.tensor().kind(), back.params.tensor().kind()), (Kind::BFloat16, Kind::Float));
    assert_eq!(field.split(&back.params)[0].kind(), Kind::BFloat16);
    let exact = y.tensor().to_kind(Kind::Double).tr().matmul(&y.tensor().to_kind(Kind::Double));
    assert!(apart(&field.split(&back.params)[0], &exact) < 1e-2);
}
