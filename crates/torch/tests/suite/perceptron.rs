//! The perceptron of chreode-nn on libtorch: values, pullbacks, tangents and divergences are those of the native one.

use crate::common::begin;
use chreode_core::{Network, NetworkJvp, Probes, TangentPullback};
use chreode_nn::{Activation, Connection, Mlp, MlpConfig, Normalisation, Shortcut, TimeInput};
use chreode_torch::{ModuleNetwork, SharedNetwork, device, mlp};
use ndarray::{Array, Array2, Array3, Dimension};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Device;

const ROWS: usize = 4;
const DIMS: usize = 3;

fn noise<D: Dimension, Sh: ndarray::ShapeBuilder<Dim = D>>(shape: Sh, seed: u64) -> Array<f64, D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array::from_shape_simple_fn(shape, || rng.random::<f64>() - 0.5)
}

fn shapes() -> Vec<MlpConfig> {
    let plain = Activation::ALL.map(|a| MlpConfig::new(DIMS).hidden([8, 8, 5]).activation(a));
    let smooth = MlpConfig::new(DIMS).hidden([8, 8]).activation(Activation::Tanh);
    let other = [
        smooth.clone().connection(Connection::Residual),
        smooth.clone().normalisation(Normalisation::Layer),
        smooth.clone().hidden([]),
        smooth.shortcut(Shortcut::Affine),
    ];
    plain.into_iter().chain(other).collect()
}

/// Everything a network says of itself at the same rows, in one vector.
fn said<N: NetworkJvp<Scalar = f64>>(network: &N) -> Vec<f64> {
    let (x, a) = (noise((ROWS, DIMS), 1), noise((ROWS, DIMS), 2));
    let (dx, b) = (noise((2, ROWS, DIMS), 3), noise((2, ROWS, DIMS), 4));
    let t: Vec<f64> = (0..ROWS).map(|i| 0.3 * i as f64).collect();
    let mut memory = N::Memory::default();
    let (mut value, mut state) = (Array2::zeros((ROWS, DIMS)), Array2::zeros((ROWS, DIMS)));
    let (mut out, mut directions) = (Array3::zeros((2, ROWS, DIMS)), Array3::zeros((2, ROWS, DIMS)));
    let mut params = vec![0.0; network.parameter_count()];
    let mut all = Vec::new();
    network.forward(&t, x.view(), value.view_mut(), &mut memory);
    all.extend(&value);
    network.tangent(dx.view(), out.view_mut(), &mut memory);
    all.extend(&out);
    for a in [None, Some(a.view())] {
        let into = TangentPullback {
            state: Some(state.view_mut()),
            directions: Some(directions.view_mut()),
            params: Some(&mut params),
        };
        network.pullback_tangent(dx.view(), b.view(), a, into, &mut memory);
        all.extend(state.iter().chain(&directions).chain(&params));
    }
    let mut trace = [0.0; ROWS];
    for probes in [Probes::Basis, Probes::Given(dx.view())] {
        network.divergence(probes, &mut trace, &mut memory);
        all.extend(trace);
        let (state, params) = (Some(state.view_mut()), Some(&mut params[..]));
        network.pullback_divergence(
            probes,
            &[0.3, -1.0, 2.0, 0.5],
            Some(a.view()),
            state,
            params,
            &mut memory,
        );
    }
    all.extend(state.iter().chain(&params));
    network.pullback(a.view(), Some(state.view_mut()), Some(&mut params), &mut memory);
    all.extend(state.iter().chain(&params));
    all
}

#[test]
fn both_say_the_same() {
    begin();
    for shape in shapes() {
        let native = Mlp::<f64>::new(shape.clone(), &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
        let mut module: ModuleNetwork<f64> = mlp(&shape, Device::Cpu).unwrap();
        assert_eq!(native.layout(), module.layout());
        module.write_parameters(&native.parameters());
        let (ours, theirs) = (said(&native), said(&SharedNetwork::new(module)));
        assert_eq!(ours.len(), theirs.len());
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-13, "{shape:?}: {worst:e}");
    }
}

#[test]
fn what_libtorch_does_not_have_is_refused() {
    begin();
    let waves = MlpConfig::new(DIMS).time(TimeInput::Sinusoidal { pairs: 2, period: 10.0 });
    let said = mlp::<f32>(&waves, Device::Cpu).unwrap_err().to_string();
    assert!(said.starts_with("a perceptron with waves of time is not built on libtorch"), "{said}");
    let said = device("tpu").unwrap_err().to_string();
    assert_eq!(said, "there is no device tpu: libtorch has cpu, cuda and cuda:N");
    if let Err(error) = device("cuda:0") {
        assert!(error.to_string().starts_with("there is no device cuda:0: "), "{error}");
    }
}
