//! Tensors as states: the same numbers as arrays, and memory that is nobody else's.

use crate::common::{adaptive, apart, begin, noise};
use chreode_core::{Tolerance, VectorSpace};
use chreode_ode::Span;
use chreode_torch::{TorchState, array};
use ndarray::{Array2, Zip};
use tch::{Kind, Tensor};

const TERMS: [f64; 3] = [0.5, -1.25, 3.0];

fn states(kind: Kind) -> Vec<TorchState> {
    // More entries than one stretch of the kernel, and no multiple of it.
    (0..4).map(|i| TorchState::new(noise(&[7, 211], i).to_kind(kind))).collect()
}

/// The same as arrays of doubles.
fn arrays(states: &[TorchState]) -> Vec<Array2<f64>> {
    states.iter().map(|s| array(s.tensor()).expect("two dimensions")).collect()
}

fn close(a: &TorchState, b: &Array2<f64>, tolerance: f64) {
    let a: Array2<f64> = array(a.tensor()).expect("two dimensions");
    Zip::from(&a).and(b).for_each(|a, b| assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{a} {b}"));
}

#[test]
fn operations_are_those_of_arrays() {
    begin();
    for (kind, digits) in [(Kind::Double, 1e-15), (Kind::Float, 1e-6), (Kind::BFloat16, 4e-3)] {
        let x = states(kind);
        let a = arrays(&x);
        let terms: Vec<_> = TERMS.into_iter().zip(&x[1..]).collect();
        let as_arrays: Vec<_> = TERMS.into_iter().zip(&a[1..]).collect();
        let expected = a[0].plus(&as_arrays);
        close(&x[0].plus(&terms), &expected, digits);
        let mut out = x[0].zeros_like();
        x[0].plus_into(&terms, &mut out);
        close(&out, &expected, digits);
        TorchState::sum_into(&terms, &mut out);
        close(&out, &(&expected - &a[0]), 2.0 * digits);
        TorchState::sum_into(&[], &mut out);
        close(&out, &(&expected * 0.0), 0.0);

        // Sums are in double whatever the kind, so that the kinds differ by their entries alone.
        assert!((x[0].dot(&x[1]) - a[0].dot(&a[1])).abs() < 1e-10);
        let tolerance = Tolerance { rtol: 1e-2, atol: 1e-3 };
        let (sum, count) = x[0].scaled_square_sum(&x[1], &x[2], tolerance);
        let (expected, entries) = a[0].scaled_square_sum(&a[1], &a[2], tolerance);
        assert!((sum / expected - 1.0).abs() < 1e-12 && count == entries);
        assert_eq!(x[0].entries(), 7 * 211);
    }
}

#[test]
fn bf16_is_rounded_once() {
    begin();
    let one = || TorchState::new(Tensor::from_slice(&[1.0]).to_kind(Kind::BFloat16));
    // Each of the terms alone would be rounded away.
    let small = 1.0 / 512.0;
    let x = one().plus(&[(small, &one()), (small, &one()), (small, &one())]);
    assert_eq!(x.tensor().double_value(&[0]), 1.0078125);
}

#[test]
fn operations_elsewhere_give_the_same_as_those_of_the_host() {
    begin();
    // Strided states are not what the kernels of the host take.
    let x = states(Kind::Double);
    let recorded: Vec<_> =
        x.iter().map(|x| TorchState::new(x.tensor().copy().set_requires_grad(true))).collect();
    let pairs = |x: &[TorchState]| {
        let terms: Vec<_> = TERMS.into_iter().zip(&x[1..]).collect();
        let scaled = x[0].scaled_square_sum(&x[1], &x[2], Tolerance::both(1e-3)).0;
        (x[0].plus(&terms), x[0].dot(&x[1]), scaled)
    };
    let ((a, dot_a, scaled_a), (b, dot_b, scaled_b)) = (pairs(&x), pairs(&recorded));
    close(&b, &array(a.tensor()).unwrap(), 1e-15);
    assert!((dot_a - dot_b).abs() < 1e-11 && (scaled_a / scaled_b - 1.0).abs() < 1e-12);
    // And they are on the tape.
    b.tensor().sum(Kind::Double).backward();
    assert_eq!(recorded[2].tensor().grad().double_value(&[3, 5]), TERMS[1]);
}

#[test]
fn memory_that_others_hold_is_not_written_over() {
    begin();
    let mine = noise(&[2, 3], 0);
    let before = mine.copy();
    let view = mine.narrow(0, 0, 1);
    let field = |_t: f64, y: &TorchState| TorchState::new(y.tensor().shallow_clone());
    for y0 in [mine.shallow_clone(), view] {
        let span = Span { t0: 0.0, t1: 1.0 };
        let found = adaptive(1e-6).end(&field, span, TorchState::new(y0.shallow_clone())).unwrap();
        assert!(apart(found.tensor(), &(y0 * 1f64.exp())) < 1e-5);
    }
    assert_eq!(mine, before);
}

#[test]
fn entries_that_are_no_numbers_are_found() {
    begin();
    let mut state = TorchState::new(noise(&[4, 5], 1));
    assert!(state.is_finite() && state.first_not_finite().is_none());
    for (entry, bad) in [(13, f64::NAN), (7, f64::INFINITY)] {
        let t = state.into_tensor();
        _ = t.view(-1).get(entry).fill_(bad);
        state = TorchState::new(t);
        assert!(!state.is_finite());
        assert_eq!(state.first_not_finite(), Some(entry as usize));
    }
}

#[test]
#[should_panic(expected = "do not add; a field must return what it is given the shape")]
fn shapes_that_do_not_fit_are_said() {
    begin();
    let (a, b) = (TorchState::new(noise(&[2, 3], 0)), TorchState::new(noise(&[3], 0)));
    a.plus(&[(1.0, &b)]);
}
