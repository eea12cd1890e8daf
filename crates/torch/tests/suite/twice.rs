//! Second derivatives through a solve: against libtorch's own tape and finite differences.

use crate::common::{adaptive, apart, begin, cubic, differences, fixed, network, noise};
use chreode_adjoint::{Auto, Backsolve, Discrete};
use chreode_torch::{Recorded, TapeSolve, TorchState};
use tch::{Kind, Tensor};

fn leaf(t: Tensor) -> Tensor {
    t.detach().copy().set_requires_grad(true)
}

fn loss(ys: &Tensor) -> Tensor {
    (ys.sin() * noise(&ys.size(), 77)).sum(Kind::Double)
}

/// The gradient of a penalty |∂L/∂(y₀, θ)|², where the loss is made of `ys`.
fn penalty(ys: &Tensor, inputs: &[&Tensor]) -> Vec<Tensor> {
    let grads = Tensor::run_backward(&[loss(ys)], inputs, true, true);
    let sum =
        grads.iter().map(|g| g.square().sum(Kind::Double)).reduce(|a, b| a + b).expect("an input at least");
    Tensor::run_backward(&[sum], inputs, false, false)
}

#[test]
fn a_gradient_penalty_agrees_with_libtorchs_own_tape() {
    begin();
    let (store, field) = network(2, 4);
    let variables = store.trainable_variables();
    let y0 = leaf(noise(&[3, 2], 3));
    let inputs: Vec<&Tensor> = std::iter::once(&y0).chain(&variables).collect();
    let times = [0.0, 0.4, 1.0];
    let start = TorchState::new(y0.shallow_clone());
    let recorded = fixed(5).at(&Recorded(&field), start, &times).unwrap();
    let recorded: Vec<_> = recorded.iter().map(TorchState::tensor).collect();
    let expected = penalty(&Tensor::stack(&recorded, 0), &inputs);
    let times = Tensor::from_slice(&times);
    let hold = |ys: Tensor| {
        for (a, b) in penalty(&ys, &inputs).iter().zip(&expected) {
            assert!(apart(a, b) < 1e-12, "{a} {b}");
        }
    };
    hold(TapeSolve::new(fixed(5), Discrete::stored()).run(&field, &y0, &times).unwrap());
    hold(TapeSolve::new(fixed(5), Discrete::checkpoints(2)).run(&field, &y0, &times).unwrap());
    hold(TapeSolve::new(fixed(5), Auto { memory: 200 }).run(&field, &y0, &times).unwrap());
}

#[test]
fn a_penalty_on_some_inputs_is_the_derivative_of_the_penalty() {
    begin();
    // Only the gradient of y₀ is penalised, only the matrix learns.
    let node = TapeSolve::new(fixed(7), Discrete::default());
    let times = Tensor::from_slice(&[0.0, 1.5]);
    let value = |matrix: &Tensor| {
        let y0 = leaf(noise(&[2, 2], 3));
        let ys = node.run(&cubic(matrix), &y0.exp(), &times).unwrap();
        let g = Tensor::run_backward(&[loss(&ys)], &[&y0], true, true).remove(0);
        g.square().sum(Kind::Double)
    };
    let matrix = leaf(noise(&[2, 2], 5));
    value(&matrix).backward();
    let by_differences = differences(&matrix, 1e-6, |m| value(&leaf(m.copy())).double_value(&[]));
    assert!(apart(&matrix.grad(), &by_differences) < 1e-8, "{} {by_differences}", matrix.grad());
}

#[test]
fn what_has_no_second_derivative_says_so() {
    begin();
    let y0 = leaf(noise(&[2, 2], 3));
    let (field, fixed_times) = (cubic(&noise(&[2, 2], 5)), Tensor::from_slice(&[0.0, 1.0]));
    let refused = |ys: Tensor, to: &Tensor| {
        Tensor::f_run_backward(&[loss(&ys)], &[to], true, true).unwrap_err().to_string()
    };
    let backsolve = TapeSolve::new(adaptive(1e-6), Backsolve::new(adaptive(1e-6)));
    let error = refused(backsolve.run(&field, &y0, &fixed_times).unwrap(), &y0);
    assert!(error.contains("this adjoint has no second derivatives; take Discrete"), "{error}");

    let discrete = TapeSolve::new(fixed(4), Discrete::default());
    let times = leaf(fixed_times.copy());
    let error = refused(discrete.run(&field, &y0, &times).unwrap(), &times);
    assert!(error.contains("second derivatives with respect to the times"), "{error}");

    let ys = discrete.run(&field, &y0, &fixed_times).unwrap();
    let g = Tensor::run_backward(&[loss(&ys)], &[&y0], true, true).remove(0);
    let l = g.square().sum(Kind::Double);
    let error = Tensor::f_run_backward(&[l], &[&y0], true, true).unwrap_err().to_string();
    assert!(error.contains("third derivatives through a solve"), "{error}");
}
