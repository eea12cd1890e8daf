//! Same inputs, same bits: for any number of threads, in any batch, with any memory.

use crate::common;

use chreode_core::Network;
use chreode_nn::{Activation, Mlp, MlpConfig};
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
