//! Same inputs, same bits: for any number of threads, in any batch, with any memory.

use crate::common;

use chreode_core::{Network, NetworkJvp, Probes};
use chreode_nn::{Activation, Connection, Mlp, MlpConfig, Normalisation, TimeInput};
use common::{batch, network, run};
use ndarray::{Array2, s};

fn bits(values: impl IntoIterator<Item = f64>) -> Vec<u64> {
    values.into_iter().map(f64::to_bits).collect()
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Large enough that every pass is split.
    let config = MlpConfig::new(10).hidden([128, 100]).activation(Activation::Silu);
    let net = network::<f32>(config.clone());
    let (t, x, a) = batch(&config, 1000);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        let r = pool.install(|| run(&net, &t, &x, &a));
        [bits(r.out), bits(r.state), bits(r.params)]
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

#[test]
fn a_row_gives_the_same_bits_in_any_batch() {
    let config = MlpConfig::new(6).hidden([40, 70]);
    let net = network::<f32>(config.clone());
    let (t, x, a) = batch(&config, 150);
    let all = run(&net, &t, &x, &a);
    for rows in [0..1, 3..10, 64..65, 60..150] {
        let part = |v: &Array2<f64>| v.slice(s![rows.clone(), ..]).to_owned();
        let some = run(&net, &t[rows.clone()], &part(&x), &part(&a));
        assert_eq!(bits(some.out), bits(part(&all.out)), "rows {rows:?}");
        assert_eq!(bits(some.state), bits(part(&all.state)), "rows {rows:?}");
    }
}

#[test]
fn a_used_memory_changes_nothing() {
    let (small, large) = (MlpConfig::new(2).hidden([5]), MlpConfig::new(9).hidden([33, 7]));
    let mut memory = Default::default();
    let mut evaluate = |net: &Mlp<f64>, rows: usize| {
        let (t, x, a) = batch(net.config(), rows);
        let fresh = run(net, &t, &x, &a);
        let mut out = Array2::zeros(a.raw_dim());
        let mut params = vec![0.0; net.parameter_count()];
        net.forward(&t, x.view(), out.view_mut(), &mut memory);
        net.pullback(a.view(), None, Some(&mut params), &mut memory);
        assert_eq!((out, params), (fresh.out, fresh.params), "{rows} rows");
    };
    let (small, large) = (network(small), network(large));
    evaluate(&large, 200);
    evaluate(&small, 30);
    evaluate(&large, 70);
    evaluate(&large, 1);
    evaluate(&small, 129);
    evaluate(&small.clone(), 0);
}

#[test]
fn what_is_not_a_number_stays_so() {
    for activation in Activation::ALL {
        let config = MlpConfig::new(2).hidden([8, 8]).activation(activation);
        let net = network::<f32>(config.clone());
        let x = ndarray::array![[1.0, f32::NAN], [1.0, 1.0]];
        let mut out = Array2::zeros((2, 2));
        net.forward(&[0.0, 0.0], x.view(), out.view_mut(), &mut Default::default());
        assert!(out.row(0).iter().all(|v| v.is_nan()), "{activation}");
        assert!(out.row(1).iter().all(|v| v.is_finite()), "{activation}");
    }
}

/// Divergences and their gradients, in groups of rows; and widths at which products themselves are shared.
#[test]
fn the_number_of_threads_changes_no_bit_of_a_divergence_or_a_wide_layer() {
    let every = MlpConfig::new(6)
        .hidden([64, 64])
        .activation(Activation::Silu)
        .connection(Connection::Residual)
        .normalisation(Normalisation::Layer)
        .time(TimeInput::Fourier(vec![1.0, 2.0]));
    let (net, wide) = (network::<f32>(every.clone()), network::<f32>(MlpConfig::new(3).hidden([1023, 1023])));
    let (t, x, a) = batch(&every, 900);
    let (t32, x32, a32): (Vec<f32>, _, _) =
        (t.iter().map(|&t| t as f32).collect(), x.mapv(|x| x as f32), a.mapv(|a| a as f32));
    let (t_wide, x_wide, a_wide) = batch(wide.config(), 300);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        pool.install(|| {
            let mut memory = Default::default();
            let (mut out, mut state) = (a32.clone(), x32.clone());
            let (mut div, mut params) = (vec![0.0; 900], vec![0.0; net.parameter_count()]);
            net.forward(&t32, x32.view(), out.view_mut(), &mut memory);
            net.divergence(Probes::Basis, &mut div, &mut memory);
            let (a, state_view) = (Some(a32.view()), Some(state.view_mut()));
            net.pullback_divergence(Probes::Basis, &t32, a, state_view, Some(&mut params), &mut memory);
            let all = out.into_iter().chain(div).chain(state).chain(params);
            let r = run(&wide, &t_wide, &x_wide, &a_wide);
            [bits(all.map(f64::from)), bits(r.out), bits(r.state), bits(r.params)]
        })
    };
    let one = with(1);
    for threads in [2, 5] {
        assert!(with(threads) == one, "{threads} threads");
    }
}

#[test]
fn no_rows_give_no_gradient() {
    let net = network::<f64>(MlpConfig::new(3));
    let mut memory = Default::default();
    let none = Array2::zeros((0, 3));
    let (mut out, mut state, mut params) = (none.clone(), none.clone(), vec![1.0; net.parameter_count()]);
    net.forward(&[], none.view(), out.view_mut(), &mut memory);
    net.divergence(Probes::Basis, &mut [], &mut memory);
    let state = Some(state.view_mut());
    net.pullback_divergence(Probes::Basis, &[], Some(none.view()), state, Some(&mut params), &mut memory);
    assert!(params.iter().all(|&g| g == 0.0));
}
