//! A whole network on every instruction set.

use super::Mlp;
use crate::kernel::{Element, Machine};
use crate::{Activation, Connection, GraphMemory, MlpConfig, Normalisation, Shortcut};
use chreode_core::{Network, NetworkJvp, Probes, Real, Seed};
use ndarray::Array2;

fn run<A: Element>(net: &Mlp<A>) -> Vec<f64> {
    let entry = |i: usize| A::from_f64((i as f64 * 0.7).sin());
    let (state, output) = net.width();
    let t: Vec<A> = (0..70).map(entry).collect();
    let x = Array2::from_shape_fn((70, state), |(i, j)| entry(3 * i + j));
    let mut out = Array2::zeros((70, output));
    let mut grad = Array2::zeros((70, state));
    let mut params = vec![A::zero(); net.parameter_count()];
    let mut memory = Default::default();
    net.forward(&t, x.view(), out.view_mut(), &mut memory);
    net.pullback(out.view(), Some(grad.view_mut()), Some(&mut params), &mut memory);
    let mut all: Vec<f64> = out.iter().chain(&grad).chain(&params).map(|&v| Real::to_f64(v)).collect();
    if state == output {
        let mut div = vec![A::zero(); 70];
        net.divergence(Probes::Basis, &mut div, &mut memory);
        let (a, state) = (Some(out.view()), Some(grad.view_mut()));
        net.pullback_divergence(Probes::Basis, &t, a, state, Some(&mut params), &mut memory);
        all.extend(div.iter().chain(&grad).chain(&params).map(|&v| Real::to_f64(v)));
    }
    all
}

fn agree<A: Element>(config: &MlpConfig, tolerance: f64) {
    let net = Mlp::<A>::new(config.clone(), &mut Seed(5).stream("net", 0)).expect("a valid configuration");
    let baseline = run(&net.clone().on(Machine::all()[0]));
    for machine in Machine::all() {
        for (a, b) in baseline.iter().zip(run(&net.clone().on(machine))) {
            assert!((a - b).abs() < tolerance * (1.0 + a.abs()), "{config:?} on {machine:?}: {a} {b}");
        }
    }
}

#[test]
fn instruction_sets_agree_to_rounding() {
    for activation in Activation::ALL {
        let config = MlpConfig::new(5).hidden([64, 100, 33]).output(3).activation(activation);
        agree::<f32>(&config, 2e-5);
        agree::<f64>(&config, 1e-13);
        let config = MlpConfig::new(5).hidden([17, 17]).activation(activation);
        let config = config.connection(Connection::Residual).normalisation(Normalisation::Layer);
        agree::<f32>(&config, 1e-4);
        agree::<f64>(&config, 1e-12);
    }
}

#[test]
fn a_velocity_has_the_bits_of_a_forward_pass_and_a_pass_after_it_is_whole() {
    // Enough rows for many tiles and for a second thread.
    let rows = 3000;
    let net = Mlp::<f32>::new(MlpConfig::new(5), &mut Seed(3).stream("velocity", 0)).unwrap();
    let t: Vec<f32> = (0..rows).map(|i| i as f32 / rows as f32).collect();
    let x = Array2::from_shape_fn((rows, 5), |(i, j)| ((i * 5 + j) as f32 * 0.37).sin());
    let mut memory = GraphMemory::default();
    let mut velocity = Array2::zeros((rows, 5));
    net.velocity(&t, x.view(), velocity.view_mut(), &mut memory);
    let pass = |memory: &mut GraphMemory<f32>| {
        let (mut out, mut params) = (Array2::zeros((rows, 5)), vec![0.0; net.parameter_count()]);
        net.forward(&t, x.view(), out.view_mut(), memory);
        net.pullback(x.view(), None, Some(&mut params), memory);
        (out, params)
    };
    let (out, params) = pass(&mut memory);
    assert_eq!(velocity, out);
    assert_eq!(params, pass(&mut GraphMemory::default()).1);
}

#[test]
fn a_shortcut_is_nothing_at_first_and_an_affine_map_of_time_and_state() {
    let shape = MlpConfig::new(2).hidden([1]);
    let plain = Mlp::<f64>::new(shape.clone(), &mut Seed(1).stream("net", 0)).unwrap();
    let mut with = Mlp::<f64>::new(shape.shortcut(Shortcut::Affine), &mut Seed(1).stream("net", 0)).unwrap();
    let (t, x) = ([0.5], ndarray::array![[2.0, -1.0]]);
    let value = |net: &Mlp<f64>| {
        let mut out = Array2::zeros((1, 2));
        net.forward(&t, x.view(), out.view_mut(), &mut Default::default());
        out
    };
    assert_eq!(value(&with), value(&plain));
    let place = with.layout().iter().find(|view| view.name == "shortcut.weight").expect("it is named").offset;
    let mut flat = vec![0.0; with.parameter_count()];
    // [t, x] = [0.5, 2, -1] by rows (2, 0, 3) and (0, 1, 0), and a bias of 0 and 10.
    flat[place..place + 6].copy_from_slice(&[2.0, 0.0, 3.0, 0.0, 1.0, 0.0]);
    flat[place + 7] = 10.0;
    with.write_parameters(&flat);
    assert_eq!(value(&with), ndarray::array![[-2.0, 12.0]]);
}
