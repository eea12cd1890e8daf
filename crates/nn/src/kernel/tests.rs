//! Activations to a few units in the last place, on every instruction set, against the standard library.

use super::{Element, Gemm, Kept, Left, Machine, Right, Start, activate, pull_activation};
use crate::Activation;
use crate::buffer::Buffer;
use chreode_core::Real;

/// φ and φ' from the standard library's functions, in `f64`.
fn exact(activation: Activation, z: f64) -> (f64, f64) {
    let (lambda, alpha) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_3);
    let u = (-z.abs()).exp();
    let (large, small) = (1.0 / (1.0 + u), u / (1.0 + u));
    let (sigmoid, rest) = if z < 0.0 { (small, large) } else { (large, small) };
    match activation {
        Activation::Selu if z > 0.0 => (lambda * z, lambda),
        Activation::Selu => (lambda * alpha * z.exp_m1(), lambda * alpha * z.exp()),
        Activation::Silu => (z * sigmoid, sigmoid + z * sigmoid * rest),
        Activation::Tanh => (z.tanh(), z.cosh().powi(-2)),
        Activation::Softplus => (z.max(0.0) + u.ln_1p(), sigmoid),
        Activation::Relu => (z.max(0.0), f64::from(u8::from(z > 0.0))),
    }
}

/// Arguments of every size, with both ends and both zeros.
fn arguments<A: Element>(reach: f64) -> Vec<A> {
    let steps = 20_000;
    let even = (0..=steps).map(|i| reach * (2.0 * f64::from(i) / f64::from(steps) - 1.0));
    let small = (0..200).map(|i| 0.9_f64.powi(i) * if i % 2 == 0 { 1.0 } else { -1.0 });
    let mut z: Vec<A> = even.chain(small).chain([0.0, -0.0, -1e30, 1e30]).map(A::from_f64).collect();
    z.resize(z.len().next_multiple_of(A::LINE), A::one());
    z
}

fn values<A: Element>(machine: Machine, activation: Activation, z: &[A]) -> (Vec<A>, Vec<A>) {
    let (mut h, mut kept) = (z.to_vec(), z.to_vec());
    activate(machine, activation.into(), &mut h, Some(&mut kept));
    let kept = if activation.keeps_slope() { kept } else { h.clone() };
    let mut slopes = vec![A::one(); z.len()];
    pull_activation(machine, activation.into(), &mut slopes, Kept { h: &h, kept: &kept });
    (h, slopes)
}

fn accurate<A: Element>(reach: f64, ulps: f64, smallest: f64) {
    let epsilon = Real::to_f64(A::epsilon());
    let z = arguments::<A>(reach);
    for machine in Machine::all() {
        for activation in Activation::ALL {
            let (h, slopes) = values(machine, activation, &z);
            for ((&z, &h), &slope) in z.iter().zip(&h).zip(&slopes) {
                let (z, h, slope) = (Real::to_f64(z), Real::to_f64(h), Real::to_f64(slope));
                let (h0, slope0) = exact(activation, z);
                let error = (h - h0).abs() / epsilon;
                let context = format!("{activation}({z}) on {machine:?}");
                assert!(error <= ulps * h0.abs() + smallest / epsilon, "{context}: {h} is not {h0}");
                // Slopes are of the order of 1, and had from the value where that is cheap.
                let error = (slope - slope0).abs() / epsilon;
                assert!(error <= 4.0, "slope of {context}: {slope} is not {slope0}");
            }
        }
    }
}

#[test]
fn activations_are_accurate_in_single_precision() {
    accurate::<f32>(100.0, 2.5, 1e-36);
}

#[test]
fn activations_are_accurate_in_double_precision() {
    accurate::<f64>(800.0, 4.0, 1e-300);
}

#[test]
fn what_is_not_a_number_stays_so_on_every_instruction_set() {
    for machine in Machine::all() {
        for activation in Activation::ALL {
            let (h, slopes) = values(machine, activation, &[f32::NAN; 16]);
            assert!(h.iter().chain(&slopes).all(|v| v.is_nan()), "{activation} on {machine:?}");
            let (h, slopes) = values(machine, activation, &[f64::NAN; 8]);
            assert!(h.iter().chain(&slopes).all(|v| v.is_nan()), "{activation} on {machine:?}");
        }
    }
}

/// Products of small integers are exact: every block size, start and layout must give them all.
fn products<A: Element>(machine: Machine) {
    let entry = |i: usize| ((i * 7919) % 17) as f64 - 8.0;
    for (rows, lines, depth) in [(1, 1, 1), (5, 3, 7), (13, 4, 3), (2, 9, 5), (6, 6, 64)] {
        let columns = lines * A::LINE;
        let fill = |len: usize, seed: usize| {
            let mut buffer = Buffer::zeros(len);
            buffer.as_mut_slice().iter_mut().enumerate().for_each(|(i, v)| *v = A::from_f64(entry(i + seed)));
            buffer
        };
        let (a, b, c0) = (fill(rows * depth, 1), fill(depth * columns, 2), fill(rows * columns, 3));
        for (left, start) in (0..2).flat_map(|left| (0..3).map(move |start| (left, start))) {
            let mut c = c0.clone();
            let left = [Left::Rows { stride: depth }, Left::Columns { stride: rows }][left];
            let a_at = |i, k| match left {
                Left::Rows { stride } => i * stride + k,
                Left::Columns { stride } => k * stride + i,
            };
            let start = [Start::Zero, Start::Keep, Start::Row(&c0.as_slice()[..columns])][start];
            let gemm = Gemm {
                rows,
                lines,
                depth,
                a: a.as_slice(),
                left,
                b: b.as_slice(),
                right: Right::Rows { stride: columns },
                start,
                c: c.as_mut_slice(),
                stride: columns,
            };
            gemm.run(machine);
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let mut sum = match start {
                    Start::Zero => A::zero(),
                    Start::Keep => c0.as_slice()[i * columns + j],
                    Start::Row(row) => row[j],
                };
                for k in 0..depth {
                    sum += a.as_slice()[a_at(i, k)] * b.as_slice()[k * columns + j];
                }
                assert_eq!(c.as_slice()[i * columns + j], sum, "({i}, {j}) of {rows}x{columns}x{depth}");
            }
        }
    }
}

#[test]
fn products_of_integers_are_exact_on_every_instruction_set() {
    for machine in Machine::all() {
        products::<f32>(machine);
        products::<f64>(machine);
    }
}
