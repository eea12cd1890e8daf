//! Flows with the weights of their cells.

use crate::common::{gaussian, series, small, trained};
use chreode_core::{Seed, Snapshot};
use chreode_models::{Data, Dynamics, Frame, Recipe, Relax, RescaledFlowConfig, Sampler, Steps};
use ndarray::{Array2, Axis, concatenate};

/// `near` cells at −5 and `far` cells at 5.
fn clusters(near: usize, far: usize, seed: u64) -> Array2<f32> {
    let at = |n, x, seed| gaussian(n, &[x], seed).mapv(|v| v.signum() * 5.0 + (v - v.round()) * 0.2);
    concatenate![Axis(0), at(near, -20.0, seed), at(far, 20.0, seed + 100)]
}

#[test]
fn an_exact_side_keeps_its_mass() {
    // With the earlier side exact every cell of it gives its share, η = 1, and the later clusters receive half each
    // where they have three quarters and one: ξ is 2/3 and 2.
    let data = series(vec![clusters(100, 100, 1), clusters(150, 50, 2)]);
    let fit = small(900, 64);
    let config =
        RescaledFlowConfig { epsilon: 5e-4, penalty: 0.02, relax: Relax::Later, fit, ..Default::default() };
    let model = trained(&data, config);
    let (leave, arrive) = (model.logarithms(0.0, data.points(0)), model.logarithms(1.0, data.points(1)));
    let (leave, arrive) = (leave.expect("fits"), arrive.expect("fits"));
    for (row, eta) in [(0, 1.0), (199, 1.0)] {
        assert!((leave[[row, 0]].exp() - eta).abs() < 0.08, "{}", leave[[row, 0]].exp());
    }
    for (row, xi) in [(0, 2.0 / 3.0), (199, 2.0)] {
        assert!((arrive[[row, 1]].exp() / xi - 1.0).abs() < 0.12, "{} for {xi}", arrive[[row, 1]].exp());
    }
}

#[test]
fn a_relaxed_earlier_side_lets_every_later_cell_have_an_ancestor() {
    // The later side is exact, ξ = 1; the earlier clusters give three quarters and one where they have half each.
    let data = series(vec![clusters(100, 100, 1), clusters(150, 50, 2)]);
    let (relax, fit) = (Relax::Earlier, small(1, 64));
    let config = RescaledFlowConfig { epsilon: 5e-4, penalty: 0.02, relax, fit, ..Default::default() };
    let space = data.space(Frame::identity(data.features().to_vec())).expect("two times");
    let batch = config.batches(&data, &space).expect("valid").batch(0).expect("a plan");
    let mut asked = [0, 0];
    for ((x, t), shares) in batch.x.column(0).iter().zip(&batch.t).zip(batch.shares.rows()) {
        let wanted =
            if *t > 0.0 { [None, Some(1.0)] } else { [Some(if *x < 0.0 { 1.5 } else { 0.5 }), None] };
        for (column, wanted) in wanted.into_iter().enumerate() {
            assert_eq!(shares[column].is_some(), wanted.is_some());
            if let (Some(found), Some(wanted)) = (shares[column], wanted) {
                asked[column] += 1;
                assert!((found - wanted).abs() < 0.05, "{found}, not {wanted}");
            }
        }
    }
    assert_eq!(asked, [16, 16]);
}

#[test]
fn weights_follow_the_growth_of_two_clusters() {
    // Half the cells are at −5 and half at 5, then three quarters and one. No plan moves mass between them, so each
    // cluster has √(a b) of it: 0.6124 and 0.3536, which is 0.6340 and 0.3660 of the sum. So η is 1.268 and 0.732,
    // and η/ξ is b/a: 1.5 and 0.5.
    let data = series(vec![clusters(500, 500, 1), clusters(750, 250, 2)]);
    let config = RescaledFlowConfig {
        epsilon: 5e-4,
        penalty: 0.02,
        fit: small(1500, 128),
        ..RescaledFlowConfig::default()
    };
    let model = trained(&data, config);
    let cells = Snapshot::new(0.0, data.points(0).to_owned());
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(5) };
    let states = model.evolve(&cells, &[0.0, 0.5, 1.0], &sampler, Seed(0)).expect("moves");
    let mean = |k: usize, rows: std::ops::Range<usize>| {
        let weights = states[k].weights.as_ref().expect("weights");
        rows.clone().map(|i| weights[i]).sum::<f32>() / rows.len() as f32
    };
    for (k, near, far) in [(0, 1.0, 1.0), (1, 1.268, 0.732), (2, 1.5, 0.5)] {
        let found = (mean(k, 0..500), mean(k, 500..1000));
        assert!(
            (found.0 - near).abs() < 0.09 && (found.1 - far).abs() < 0.09,
            "{k}: {found:?} for {near}, {far}"
        );
    }
    // Back again from where they are: every factor is undone.
    let back = model.evolve(&states[2], &[1.0, 0.0], &sampler, Seed(0)).expect("moves");
    let weights = back[1].weights.as_ref().expect("weights");
    assert!(weights.iter().all(|w| (w - 1.0).abs() < 0.05), "{weights}");
}
