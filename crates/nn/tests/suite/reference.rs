//! The fast network against plain loops, against finite differences, and `f32` against `f64`.

use crate::common;

use chreode_core::{Network, Real};
use chreode_nn::{Activation, Element, Mlp, MlpConfig};
use common::{Reference, batch, distance, flat, network, reference, run};
use ndarray::Array2;

/// Widths on both sides of a vector, a line and a panel, in both precisions.
fn shapes() -> Vec<MlpConfig> {
    vec![
        MlpConfig::new(2).hidden([7, 5]),
        MlpConfig::new(1).hidden([1]),
        MlpConfig::new(3).hidden([]),
        MlpConfig::new(2),
        MlpConfig::new(5).hidden([16, 17, 33]).output(1),
        MlpConfig::new(40).hidden([65, 100]).output(70),
        MlpConfig::new(15).hidden([48, 80]).output(31),
        MlpConfig::new(1).hidden([1024, 3]),
    ]
}

fn agree<A: Element>(config: &MlpConfig, rows: usize, tolerance: f64) {
    let net = network::<A>(config.clone());
    let (t, x, a) = batch(config, rows);
    let round = |v: &Array2<f64>| v.mapv(|v| Real::to_f64(A::from_f64(v)));
    let t: Vec<f64> = t.iter().map(|&t| Real::to_f64(A::from_f64(t))).collect();
    let (x, a) = (round(&x), round(&a));
    let exact = reference(config, &flat(&net), &t, &x, &a);
    let fast = run(&net, &t, &x, &a);
    let errors = [
        distance(&fast.out, &exact.out),
        distance(&fast.state, &exact.state),
        distance(&fast.params, &exact.params),
    ];
    assert!(errors.iter().all(|&e| e < tolerance), "{config:?}, {rows} rows: {errors:?}");
}

#[test]
fn agrees_with_plain_loops_for_every_activation_and_shape() {
    for activation in Activation::ALL {
        for config in shapes() {
            let config = config.activation(activation);
            agree::<f64>(&config, 9, 1e-13);
            agree::<f32>(&config, 9, 1e-5);
        }
    }
}

#[test]
fn agrees_with_plain_loops_at_the_borders_of_tiles() {
    for rows in [1, 2, 3, 5, 6, 7, 63, 64, 65, 127, 128, 200] {
        for activation in [Activation::Selu, Activation::Softplus] {
            let config = MlpConfig::new(3).hidden([7, 20]).activation(activation);
            agree::<f64>(&config, rows, 1e-13);
            agree::<f32>(&config, rows, 1e-5);
        }
    }
}

#[test]
fn pullback_is_the_derivative_by_central_differences() {
    for activation in Activation::ALL {
        for config in [MlpConfig::new(2).hidden([7, 5]), MlpConfig::new(1).hidden([9]).output(2)] {
            let mut net = network::<f64>(config.clone().activation(activation));
            let (t, mut x, a) = batch(&config, 70);
            let exact = run(&net, &t, &x, &a);
            let value = |net: &Mlp<f64>, x: &Array2<f64>| {
                let mut out = Array2::zeros(a.raw_dim());
                net.forward(&t, x.view(), out.view_mut(), &mut Default::default());
                (&out * &a).sum()
            };
            let h = 1e-6;
            let tolerance = 1e-7;
            let p = net.parameters();
            for i in 0..p.len() {
                let mut side = |h: f64| {
                    let mut p = p.clone();
                    p[i] += h;
                    net.write_parameters(&p);
                    value(&net, &x)
                };
                let slope = (side(h) - side(-h)) / (2.0 * h);
                let error = (slope - exact.params[i]).abs();
                assert!(error < tolerance * (1.0 + slope.abs()), "{activation}, parameter {i}: {error}");
            }
            net.write_parameters(&p);
            for row in [0, 63, 64, 69] {
                for column in 0..config.state {
                    let mut side = |h: f64| {
                        let kept = x[[row, column]];
                        x[[row, column]] += h;
                        let value = value(&net, &x);
                        x[[row, column]] = kept;
                        value
                    };
                    let slope = (side(h) - side(-h)) / (2.0 * h);
                    let error = (slope - exact.state[[row, column]]).abs();
                    assert!(error < tolerance * (1.0 + slope.abs()), "{activation}, state {row}: {error}");
                }
            }
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for activation in Activation::ALL {
        let config = MlpConfig::new(5).activation(activation);
        let double = network::<f64>(config.clone());
        let mut single = network::<f32>(config.clone());
        single.write_parameters(&double.parameters().iter().map(|&p| p as f32).collect::<Vec<_>>());
        let (t, x, a) = batch(&config, 130);
        let (d, s) = (run(&double, &t, &x, &a), run(&single, &t, &x, &a));
        let errors = [distance(&s.out, &d.out), distance(&s.state, &d.state), distance(&s.params, &d.params)];
        assert!(errors.iter().all(|&e| e < 1e-5), "{activation}: {errors:?}");
    }
}

/// A pullback may be asked for either part alone, and again, with another cotangent.
#[test]
fn parts_of_a_pullback_agree_with_the_whole() {
    let config = MlpConfig::new(4).hidden([20, 30]);
    let net = network::<f64>(config.clone());
    let (t, x, a) = batch(&config, 100);
    let whole = run(&net, &t, &x, &a);
    let mut memory = Default::default();
    let mut out = Array2::zeros(a.raw_dim());
    net.forward(&t, x.view(), out.view_mut(), &mut memory);
    let mut params = vec![f64::NAN; net.parameter_count()];
    net.pullback((&a * 3.0).view(), None, Some(&mut params), &mut memory);
    net.pullback(a.view(), None, Some(&mut params), &mut memory);
    assert_eq!(params, whole.params);
    let mut state = Array2::zeros(x.raw_dim());
    net.pullback(a.view(), Some(state.view_mut()), None, &mut memory);
    assert_eq!(state, whole.state);
}

#[test]
fn arrays_in_any_memory_order_give_the_same_bits() {
    let config = MlpConfig::new(4).hidden([20, 30]).output(3);
    let net = network::<f64>(config.clone());
    let (t, x, a) = batch(&config, 100);
    let Reference { out, state, params } = run(&net, &t, &x, &a);
    let columns = |v: &Array2<f64>| v.t().as_standard_layout().into_owned().reversed_axes();
    let (x, a) = (columns(&x), columns(&a));
    assert!(!x.is_standard_layout());
    let (mut out2, mut state2) = (columns(&out) * 0.0, columns(&state) * 0.0);
    let mut params2 = vec![0.0; params.len()];
    let mut memory = Default::default();
    net.forward(&t, x.view(), out2.view_mut(), &mut memory);
    net.pullback(a.view(), Some(state2.view_mut()), Some(&mut params2), &mut memory);
    assert_eq!((out2, state2, params2), (out, state, params));
}
