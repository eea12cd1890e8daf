//! A perceptron in plain loops, and networks and batches to hold the fast one against it.
#![allow(dead_code, reason = "each test file uses its part")]

mod case;

pub(crate) use case::{Case, matrix, random};

use chreode_core::{Network, Real, Seed};
use chreode_nn::{Activation, Element, Mlp, MlpConfig};
use ndarray::Array2;
use rand::RngExt;

/// φ and φ' as their definitions say, in `f64` by the standard library.
pub(crate) fn phi(activation: Activation, z: f64) -> (f64, f64) {
    const LAMBDA: f64 = 1.050_700_987_355_480_5;
    const ALPHA: f64 = 1.673_263_242_354_377_2;
    let sigmoid = 1.0 / (1.0 + (-z).exp());
    match activation {
        Activation::Selu if z > 0.0 => (LAMBDA * z, LAMBDA),
        Activation::Selu => (LAMBDA * ALPHA * z.exp_m1(), LAMBDA * ALPHA * z.exp()),
        Activation::Silu => (z * sigmoid, sigmoid * (1.0 + z * (1.0 - sigmoid))),
        Activation::Tanh => (z.tanh(), 1.0 - z.tanh().powi(2)),
        Activation::Softplus => (z.max(0.0) + (-z.abs()).exp().ln_1p(), sigmoid),
        Activation::Relu => (z.max(0.0), if z > 0.0 { 1.0 } else { 0.0 }),
        _ => unreachable!("every activation has its reference"),
    }
}

/// Output, state cotangent and parameter gradient, by triple loops over the flat parameters.
pub(crate) struct Reference {
    pub(crate) out: Array2<f64>,
    pub(crate) state: Array2<f64>,
    pub(crate) params: Vec<f64>,
}

pub(crate) fn reference(
    config: &MlpConfig,
    flat: &[f64],
    t: &[f64],
    x: &Array2<f64>,
    a: &Array2<f64>,
) -> Reference {
    let mut widths = vec![config.state + 1];
    widths.extend(&config.hidden);
    widths.push(config.output);
    let layers = widths.len() - 1;
    let mut offsets = vec![0];
    for pair in widths.windows(2) {
        offsets.push(offsets[offsets.len() - 1] + (pair[0] + 1) * pair[1]);
    }
    let mut out = Array2::zeros((t.len(), config.output));
    let mut state = Array2::zeros(x.raw_dim());
    let mut params = vec![0.0; flat.len()];
    for (row, &t) in t.iter().enumerate() {
        let mut h = vec![std::iter::once(t).chain(x.row(row).iter().copied()).collect::<Vec<f64>>()];
        let mut slopes = vec![];
        for l in 0..layers {
            let (n, m) = (widths[l], widths[l + 1]);
            let mut z = vec![0.0; m];
            let mut slope = vec![1.0; m];
            for j in 0..m {
                z[j] = flat[offsets[l] + n * m + j];
                for k in 0..n {
                    z[j] += flat[offsets[l] + j * n + k] * h[l][k];
                }
                if l + 1 < layers {
                    (z[j], slope[j]) = phi(config.activation, z[j]);
                }
            }
            h.push(z);
            slopes.push(slope);
        }
        out.row_mut(row).assign(&ndarray::ArrayView1::from(&h[layers]));
        let mut z = a.row(row).to_vec();
        for l in (0..layers).rev() {
            let (n, m) = (widths[l], widths[l + 1]);
            let mut below = vec![0.0; n];
            for j in 0..m {
                let zj = z[j] * slopes[l][j];
                params[offsets[l] + n * m + j] += zj;
                for k in 0..n {
                    params[offsets[l] + j * n + k] += zj * h[l][k];
                    below[k] += zj * flat[offsets[l] + j * n + k];
                }
            }
            z = below;
        }
        state.row_mut(row).assign(&ndarray::ArrayView1::from(&z[1..]));
    }
    Reference { out, state, params }
}

/// A network from seed 1.
pub(crate) fn network<A: Element>(config: MlpConfig) -> Mlp<A> {
    Mlp::new(config, &mut Seed(1).stream("network", 0)).expect("a valid configuration")
}

/// Times, states and cotangents of `rows` rows.
pub(crate) fn batch(config: &MlpConfig, rows: usize) -> (Vec<f64>, Array2<f64>, Array2<f64>) {
    let mut rng = Seed(2).stream("batch", rows as u64);
    let mut draw = |columns| Array2::from_shape_simple_fn((rows, columns), || rng.random_range(-2.0..2.0));
    let t = draw(1).into_raw_vec_and_offset().0;
    (t, draw(config.state), draw(config.output))
}

/// Output, state cotangent and parameter gradient of the network itself, converted to `f64`.
pub(crate) fn run<A: Element>(net: &Mlp<A>, t: &[f64], x: &Array2<f64>, a: &Array2<f64>) -> Reference {
    let t: Vec<A> = t.iter().map(|&t| A::from_f64(t)).collect();
    let (x, a) = (x.mapv(A::from_f64), a.mapv(A::from_f64));
    let mut out = Array2::from_elem((t.len(), net.width().1), A::nan());
    let mut state = Array2::from_elem(x.raw_dim(), A::nan());
    let mut params = vec![A::nan(); net.parameter_count()];
    let mut memory = Default::default();
    net.forward(&t, x.view(), out.view_mut(), &mut memory);
    net.pullback(a.view(), Some(state.view_mut()), Some(&mut params), &mut memory);
    Reference {
        out: out.mapv(Real::to_f64),
        state: state.mapv(Real::to_f64),
        params: params.into_iter().map(Real::to_f64).collect(),
    }
}

/// The parameters in `f64`.
pub(crate) fn flat<A: Element>(net: &Mlp<A>) -> Vec<f64> {
    net.parameters().into_iter().map(Real::to_f64).collect()
}

/// The largest difference over the largest size.
pub(crate) fn distance<'a>(
    a: impl IntoIterator<Item = &'a f64>,
    b: impl IntoIterator<Item = &'a f64>,
) -> f64 {
    let (mut difference, mut size) = (0.0_f64, 1e-300_f64);
    for (a, b) in a.into_iter().zip(b) {
        assert!(a.is_finite() && b.is_finite(), "{a} against {b}");
        difference = difference.max((a - b).abs());
        size = size.max(b.abs());
    }
    difference / size
}

/// The derivative at 0 by central differences of fourth order.
pub(crate) fn difference(mut f: impl FnMut(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}
