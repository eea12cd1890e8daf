//! A solve inside a larger model: every adjoint, against libtorch's own tape and finite differences.

use crate::common::{DOUBLE, adaptive, apart, begin, cubic, differences, fixed, network, noise};
use chreode_adjoint::{Auto, Backsolve, Discrete, Interpolating, Quadrature, Retracing, Times};
use chreode_core::VectorField;
use chreode_ode::{DOPRI5, Fixed, ReversibleHeun, ReversibleRk, Solve};
use chreode_torch::{Recorded, TapeAdjoint, TapeSolve, TensorField, TorchError, TorchState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tch::{Kind, Tensor};

const TIMES: [f64; 4] = [0.1, 0.6, 0.65, 1.4];

fn leaf(t: Tensor) -> Tensor {
    t.detach().copy().set_requires_grad(true)
}

/// What comes before and after the solve: y₀ = e^b, and a loss that weighs all times.
fn loss(ys: &Tensor) -> Tensor {
    (ys.sin() * noise(&ys.size(), 77)).sum(Kind::Double)
}

/// Gradients of b, the times and the matrix, by a solve as one node.
fn through<A, S, C>(node: &TapeSolve<A, S, C>, b: &Tensor, matrix: &Tensor) -> (f64, Vec<Tensor>)
where
    A: TapeAdjoint<S, C>,
    S: Clone + Send + 'static,
    C: Clone + Send + 'static,
{
    let (b, matrix, times) = (leaf(b.copy()), leaf(matrix.copy()), leaf(Tensor::from_slice(&TIMES)));
    let l = loss(&node.run(&cubic(&matrix), &b.exp(), &times).expect("a solve"));
    l.backward();
    (l.double_value(&[]), vec![b.grad(), times.grad(), matrix.grad()])
}

#[test]
fn the_discrete_adjoint_is_the_derivative_of_the_steps() {
    begin();
    let (b, matrix) = (noise(&[3, 2], 1), noise(&[2, 2], 2));
    let node = TapeSolve::new(fixed(9), Discrete::checkpoints(3));
    let (_, found) = through(&node, &b, &matrix);
    let value = |b: &Tensor, matrix: &Tensor, times: &Tensor| {
        loss(&node.run(&cubic(matrix), &b.exp(), times).unwrap()).double_value(&[])
    };
    let times = Tensor::from_slice(&TIMES);
    assert!(apart(&found[0], &differences(&b, 1e-6, |b| value(b, &matrix, &times))) < 1e-8);
    assert!(apart(&found[2], &differences(&matrix, 1e-6, |m| value(&b, m, &times))) < 1e-8);
    // Times: of the solution rather than the steps, so a fine solve.
    let fine = TapeSolve::new(adaptive(1e-11), Discrete::default());
    let (_, found) = through(&fine, &b, &matrix);
    let by_times = differences(&times, 1e-5, |times| {
        loss(&fine.run(&cubic(&matrix), &b.exp(), times).unwrap()).double_value(&[])
    });
    assert!(apart(&found[1], &by_times) < 1e-8, "{} {by_times}", found[1]);
}

#[test]
fn the_node_agrees_with_libtorchs_own_tape_through_the_solver() {
    begin();
    let (store, field) = network(2, 4);
    let variables = store.trainable_variables();
    let y0 = leaf(noise(&[4, 2], 3));
    let times = [0.0, 0.3, 1.0];
    let inputs: Vec<&Tensor> = std::iter::once(&y0).chain(&variables).collect();
    let grads = |l: Tensor| Tensor::run_backward(&[l], &inputs, false, false);

    let node = TapeSolve::new(fixed(6), Discrete::default());
    let ours = node.run(&field, &y0, &Tensor::from_slice(&times)).unwrap();
    let start = TorchState::new(y0.shallow_clone());
    let recorded = fixed(6).at(&Recorded(&field), start, &times).unwrap();
    let recorded: Vec<_> = recorded.iter().map(TorchState::tensor).collect();
    let recorded = Tensor::stack(&recorded, 0);
    assert!(apart(&ours, &recorded) < 1e-15);
    for (a, b) in grads(loss(&ours)).iter().zip(grads(loss(&recorded))) {
        assert!(apart(a, &b) < 1e-13);
    }
}

#[test]
fn every_adjoint_reaches_all_inputs() {
    begin();
    let (b, matrix) = (noise(&[3, 2], 1), noise(&[2, 2], 2));
    let fine = || adaptive(1e-10);
    let (value, expected) = through(&TapeSolve::new(adaptive(1e-12), Discrete::default()), &b, &matrix);
    let hold = |name: &str, (found, grads): (f64, Vec<Tensor>), tolerance: f64| {
        assert!((found - value).abs() < tolerance, "{name}: {found} {value}");
        for (g, e) in grads.iter().zip(&expected) {
            assert!(apart(g, e) < tolerance, "{name}: {}", apart(g, e));
        }
    };
    hold("discrete", through(&TapeSolve::new(fine(), Discrete::checkpoints(2)), &b, &matrix), 1e-7);
    hold("auto", through(&TapeSolve::new(fine(), Auto { memory: 1000 }), &b, &matrix), 1e-7);
    hold("backsolve", through(&TapeSolve::new(fine(), Backsolve::new(fine())), &b, &matrix), 1e-6);
    hold("interpolating", through(&TapeSolve::new(fine(), Interpolating::new(fine())), &b, &matrix), 1e-6);
    hold("quadrature", through(&TapeSolve::new(fine(), Quadrature::new(fine())), &b, &matrix), 1e-6);
    let heun = Solve::new(ReversibleHeun, Fixed::steps(1500));
    hold("retracing", through(&TapeSolve::new(heun, Retracing), &b, &matrix), 1e-4);
    let rk = Solve::new(ReversibleRk::new(DOPRI5), Fixed::steps(200));
    hold("retracing rk", through(&TapeSolve::new(rk, Retracing), &b, &matrix), 1e-6);
}

#[test]
fn parameters_may_be_made_by_the_larger_model() {
    begin();
    // The matrix is an outer product of a leaf: gradients go on through it.
    let node = TapeSolve::new(adaptive(1e-8), Discrete::default());
    let times = Tensor::from_slice(&[0.0, 1.0]);
    let y0 = noise(&[3, 2], 1);
    let value = |u: &Tensor| {
        let field = cubic(&u.outer(u));
        loss(&node.run(&field, &y0, &times).unwrap())
    };
    let u = leaf(noise(&[2], 6));
    value(&u).backward();
    assert!(apart(&u.grad(), &differences(&u, 1e-6, |u| value(u).double_value(&[]))) < 1e-6);
}

#[test]
fn errors_and_panics_come_back() {
    begin();
    let times = Tensor::from_slice(&[0.0, 1.0]);
    let y0 = leaf(noise(&[2, 2], 1));
    let node = TapeSolve::new(fixed(4), Discrete::default());
    // A panic of the field on the way there.
    let wrong = TensorField::new(|_t, y| y.matmul(&Tensor::zeros([3, 3], DOUBLE)), vec![]);
    let error = node.run(&wrong, &y0, &times).unwrap_err();
    assert!(matches!(&error, TorchError::Panic { message } if message.contains("shapes")), "{error}");
    let short = TensorField::new(|_t, y| y.sum_dim_intlist(1i64, false, Kind::Double), vec![]);
    let error = node.run(&short, &y0, &times).unwrap_err().to_string();
    assert!(error.contains("a field must return what it is given the shape"), "{error}");
    // A solve that ends in no numbers.
    let burst = TensorField::new(|_t, y| y / 0.0, vec![]);
    let error = node.run(&burst, &y0, &times).unwrap_err();
    assert!(matches!(error, TorchError::Adjoint(_)) && error.to_string().contains("finite"), "{error}");
    // A panic leaves the tape recording as it was.
    assert!((&y0 * 2.0).requires_grad());
    // A panic on the way back.
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let tired = TensorField::new(
        move |_t, y| {
            assert!(counter.fetch_add(1, Ordering::Relaxed) < 26, "the field is tired");
            -y
        },
        vec![],
    );
    let ys = node.run(&tired, &y0, &times).unwrap();
    calls.store(25, Ordering::Relaxed);
    let l = loss(&ys);
    let error = Tensor::f_run_backward(&[&l], &[&y0], false, false).unwrap_err().to_string();
    assert!(error.contains("the field is tired"), "{error}");
    // A cotangent that is no number.
    let ys = node.run(&cubic(&noise(&[2, 2], 2)), &y0, &times).unwrap();
    let l = (ys * f64::NAN).sum(Kind::Double);
    let error = Tensor::f_run_backward(&[&l], &[&y0], false, false).unwrap_err().to_string();
    assert!(error.contains("the cotangent at index 0"), "{error}");
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    begin();
    let node = TapeSolve::new(fixed(4), Discrete::default().times(Times::Constant));
    let (field, y0) = (cubic(&noise(&[2, 2], 2)), noise(&[2, 2], 1));
    let error = |times: &Tensor| node.run(&field, &y0, times).unwrap_err().to_string();
    assert!(error(&noise(&[2, 2], 1)).contains("times has shape [2, 2] where one dimension is wanted"));
    assert!(error(&Tensor::from_slice(&[0i64, 1])).contains("times is of kind Int64"));
    assert!(error(&Tensor::from_slice(&[f64::NAN, 1.0])).contains("NaN"));
    let times = leaf(Tensor::from_slice(&[0.0, 1.0]));
    let ys = node.run(&field, &y0, &times).unwrap();
    let refused = Tensor::f_run_backward(&[loss(&ys)], &[&times], false, false).unwrap_err();
    assert!(refused.to_string().contains("its adjoint takes them as constants"), "{refused}");
}

#[test]
fn a_parameter_that_changed_before_the_way_back_is_noticed() {
    begin();
    let matrix = leaf(noise(&[2, 2], 2));
    let times = Tensor::from_slice(&[0.0, 1.0]);
    let node = TapeSolve::new(fixed(4), Discrete::default());
    let ys = node.run(&cubic(&matrix), &noise(&[2, 2], 1), &times).unwrap();
    tch::no_grad(|| _ = matrix.shallow_clone().g_add_scalar_(1.0));
    let error = Tensor::f_run_backward(&[loss(&ys)], &[&matrix], false, false).unwrap_err().to_string();
    assert!(error.contains("modified by an inplace operation"), "{error}");
}

#[test]
fn threads_may_share_a_field_and_its_parameters() {
    begin();
    let (_store, field) = network(2, 4);
    let gradient = move |field: TensorField, seed: i64| {
        let y0 = leaf(noise(&[2, 2], seed));
        let node = TapeSolve::new(fixed(5), Discrete::default());
        let ys = node.run(&field, &y0, &Tensor::from_slice(&[0.0, 1.0])).unwrap();
        let inputs: Vec<&Tensor> = std::iter::once(&y0).chain(field.parameters()).collect();
        Tensor::run_backward(&[loss(&ys)], &inputs, false, false)
    };
    let expected: Vec<_> = (0..3).map(|seed| gradient(field.clone(), seed)).collect();
    let workers: Vec<_> = (0..3)
        .map(|seed| {
            let field = field.clone();
            std::thread::spawn(move || gradient(field, seed))
        })
        .collect();
    for (worker, expected) in workers.into_iter().zip(&expected) {
        for (a, b) in worker.join().unwrap().iter().zip(expected) {
            assert_eq!(apart(a, b), 0.0);
        }
    }
    // Evaluations outside a gradient are not recorded.
    assert!(!field.eval(0.0, &TorchState::new(noise(&[1, 2], 0))).tensor().requires_grad());
}
