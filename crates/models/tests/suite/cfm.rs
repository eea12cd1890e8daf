//! Conditional flow matching: closed forms, reproducibility, resumption, refusals.

use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{
    Cfm, Checkpoint, Coupling, Entropic, Epsilon, Exact, Fit, Flow, FlowConfig, Frame, Independent,
    ModelError, Net, Pairing, Pool, Sampler, Sampling, Steps,
};
use ndarray::{Array2, Axis, array};
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// `n` standard normal points, shifted.
fn gaussian(n: usize, shift: &[f32], seed: u64) -> Array2<f32> {
    let mut rng = Seed(seed).stream("gaussian", 0);
    Array2::from_shape_fn((n, shift.len()), |(_, j)| {
        let z: f32 = StandardNormal.sample(&mut rng);
        z + shift[j]
    })
}

fn features(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("x{i}")).collect()
}

fn series(snapshots: Vec<Snapshot>) -> Populations {
    let width = snapshots[0].points.ncols();
    Populations::new(snapshots, features(width)).expect("a valid series")
}

/// N(0, I) at time 0, N(m, I) at time 1.
fn two_gaussians(m: &[f32]) -> Populations {
    let zero = vec![0.0; m.len()];
    series(vec![Snapshot::new(0.0, gaussian(2000, &zero, 1)), Snapshot::new(1.0, gaussian(2000, m, 2))])
}

fn small(steps: u64) -> FlowConfig {
    FlowConfig {
        fit: Fit { steps, batch: 64, hidden: vec![32, 32], ..Fit::default() },
        ..FlowConfig::default()
    }
}

fn batches_of(batch: usize, steps: u64) -> FlowConfig {
    let mut config = small(steps);
    config.fit.batch = batch;
    config
}

fn trained(populations: &Populations, config: FlowConfig) -> Flow<Net> {
    let mut run =
        Cfm::new(populations, Frame::identity(populations.features().to_vec()), config).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

fn bytes(run: &Cfm) -> Vec<u8> {
    run.checkpoint(BTreeMap::from([("rep".into(), "X".into())])).to_bytes().expect("serialises")
}

#[test]
fn independent_pairs_learn_the_closed_form_of_two_gaussians() {
    // x0 ~ N(0, I), x1 ~ N(m, I), independent, x = (1−t) x0 + t x1: the marginal velocity is
    // E[x1 − x0 | x] = m + (2t − 1) / (t² + (1−t)²) (x − t m), by conditioning jointly Gaussian vectors.
    let m = [2.0_f32, -1.0];
    let config = FlowConfig { coupling: Coupling::Independent, sigma: 0.0, ..batches_of(256, 4000) };
    let flow = trained(&two_gaussians(&m), config);
    for t in [0.1_f64, 0.5, 0.9] {
        let spread = (t * t + (1.0 - t) * (1.0 - t)).sqrt();
        let x = gaussian(400, &[0.0, 0.0], 3).mapv(|z| z * spread as f32)
            + array![t as f32 * m[0], t as f32 * m[1]];
        let v = flow.velocity(t, x.view()).expect("two columns");
        let slope = ((2.0 * t - 1.0) / (spread * spread)) as f32;
        let mut square = 0.0;
        for (v, x) in v.rows().into_iter().zip(x.rows()) {
            for j in 0..2 {
                square += (v[j] - (m[j] + slope * (x[j] - t as f32 * m[j]))).powi(2);
            }
        }
        let rms = (square / (2.0 * 400.0)).sqrt();
        assert!(rms < 0.2, "velocity at t = {t} is off by {rms} (root mean square)");
    }
}

#[test]
fn optimal_pairs_straighten_the_flow_between_gaussians() {
    // The Monge map between N(0, I) and N(m, I) is the shift by m, so v = m everywhere. A minibatch plan
    // only approaches it. Independent pairs have v(0, x) = m - x by the formula above, whose deviation from
    // m is |x|: 1 a coordinate.
    let m = [3.0_f32, 1.0];
    let spread = |coupling| {
        let config = FlowConfig { coupling, sigma: 0.0, ..batches_of(256, 2500) };
        let flow = trained(&two_gaussians(&m), config);
        let x = gaussian(500, &[0.0, 0.0], 5);
        let v = flow.velocity(0.0, x.view()).expect("two columns");
        (&v - &array![[m[0], m[1]]]).mapv(|r| r * r).mean().expect("not empty").sqrt()
    };
    let (exact, independent) = (spread(Coupling::Exact), spread(Coupling::Independent));
    assert!(exact < 0.35, "OT-CFM's velocity is off the shift by {exact}");
    assert!((independent - 1.0).abs() < 0.3, "I-CFM's deviates from it by {independent}, not 1");
}

#[test]
fn couplings_pair_at_their_cost() {
    // Mean squared distance of pairs from N(0, I) to N(m, I), 2-D, |m|² = 10: independent pairs have
    // |m|² + 2 d = 14; the optimum of whole populations is |m|² = 10, a minibatch's a little more.
    let (x, y) = (gaussian(200, &[0.0, 0.0], 11), gaussian(200, &[3.0, 1.0], 12));
    let cost = |pairing: &dyn Pairing| {
        let pairs = pairing.pair(x.view(), y.view(), 1.0, &mut Seed(3).stream("pairs", 0)).expect("a plan");
        assert_eq!(pairs.len(), 200);
        let square = |(i, j): &(usize, usize)| (&x.row(*i) - &y.row(*j)).mapv(|r| r * r).sum();
        pairs.iter().map(square).sum::<f32>() / 200.0
    };
    let entropic = |share| Entropic { epsilon: Epsilon::Relative(share) };
    let exact = cost(&Exact::new(Sampling::Permutation));
    let (tight, loose) = (cost(&entropic(0.01)), cost(&entropic(5.0)));
    let independent = cost(&Independent);
    assert!(exact < 11.5, "exact pairs cost {exact}");
    assert!(tight >= exact && tight < exact + 0.5, "entropic pairs cost {tight}, exact ones {exact}");
    assert!((loose - independent).abs() < 1.5, "at large epsilon {loose}, independent pairs {independent}");
    assert!((independent - 14.0).abs() < 1.5, "independent pairs cost {independent}");
    let drawn = cost(&Exact::new(Sampling::Replacement));
    assert!((drawn - exact).abs() < 1.0, "draws from the plan cost {drawn}, the plan {exact}");
}

#[test]
fn a_permutation_uses_every_cell_and_replacement_does_not() {
    let (x, y) = (gaussian(100, &[0.0, 0.0], 11), gaussian(100, &[3.0, 1.0], 12));
    let used = |sampling| {
        let pairs = Exact::new(sampling)
            .pair(x.view(), y.view(), 1.0, &mut Seed(3).stream("pairs", 0))
            .expect("a plan");
        pairs.iter().map(|(_, j)| *j).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(used(Sampling::Permutation), 100);
    // 100 draws with replacement leave each cell out with probability 0.99^100 = 0.366.
    assert!((55..=75).contains(&used(Sampling::Replacement)));
}

#[test]
fn the_flow_carries_one_population_onto_the_next_through_all_times() {
    let shift = |t: f64| [2.0 * t as f32, -(t as f32)];
    let snapshots =
        [0.0, 1.0, 2.0].iter().map(|&t| Snapshot::new(10.0 + 5.0 * t, gaussian(800, &shift(t), t as u64)));
    let populations = series(snapshots.collect());
    let flow = trained(&populations, small(2000));
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(10) };
    let start = populations.points(0);
    let states = flow.push(start, &[10.0, 15.0, 20.0, 15.0, 10.0], &sampler).expect("integrates");
    assert_eq!(states[0], start, "the first state is the cells as given");
    for (k, t) in [(1, 1.0), (2, 2.0)] {
        let mean = states[k].mean_axis(Axis(0)).expect("not empty");
        let off = (mean[0] - shift(t)[0]).hypot(mean[1] - shift(t)[1]);
        assert!(off < 0.2, "mean at time {} is off by {off}", populations.times()[k]);
    }
    let back = (&states[4] - &start).mapv(f32::abs).fold(0.0_f32, |a, &b| a.max(b));
    assert!(back < 1e-3, "forth and back again differs by {back}");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let populations = two_gaussians(&[1.0, 1.0, 0.0]);
    let run = |threads| {
        let mut run = Cfm::new(&populations, Frame::isotropic(&populations).expect("varies"), small(60))
            .expect("valid");
        run.train(Pool::with_threads(threads), |_| ControlFlow::Continue(())).expect("trains");
        bytes(&run)
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn a_resumed_run_equals_the_uninterrupted_one() {
    let populations = two_gaussians(&[1.0, -1.0]);
    let frame = || Frame::isotropic(&populations).expect("varies");
    for sampling in [Sampling::Permutation, Sampling::Replacement] {
        let mut config = FlowConfig { sampling, ..small(50) };
        config.fit.clip = 0.5;
        let mut whole = Cfm::new(&populations, frame(), config.clone()).expect("valid");
        whole.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");

        let mut half = Cfm::new(&populations, frame(), config).expect("valid");
        let stop = |p: chreode_models::Progress| {
            if p.step == 23 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        half.train(Pool::with_threads(2), stop).expect("trains");
        let saved = Checkpoint::from_bytes(&bytes(&half)).expect("reads back");
        assert_eq!(saved.header.step, 23);
        let mut resumed = Cfm::resume(&populations, &saved, 50).expect("fits");
        resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
        assert_eq!(bytes(&whole), bytes(&resumed));
    }
}

#[test]
fn a_checkpoint_predicts_what_the_run_predicts() {
    let populations = two_gaussians(&[1.0, -1.0]);
    let mut run =
        Cfm::new(&populations, Frame::isotropic(&populations).expect("varies"), small(30)).expect("valid");
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    let read = Checkpoint::from_bytes(&bytes(&run)).expect("reads back");
    assert_eq!(read.header.notes["rep"], "X");
    let flow = read.model_of::<FlowConfig>().expect("a network");
    let x = populations.points(0);
    assert_eq!(flow.velocity(0.3, x).expect("fits"), run.finish().velocity(0.3, x).expect("fits"));
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence() {
    let populations = two_gaussians(&[1.0, 1.0]);
    let frame = || Frame::identity(features(2));
    let refusal = |result: Result<Cfm, ModelError>| result.err().expect("refused").to_string();

    let one = series(vec![Snapshot::new(4.0, gaussian(20, &[0.0, 0.0], 1))]);
    assert!(
        refusal(Cfm::new(&one, frame(), small(1))).starts_with("a flow needs cells at two times at least")
    );
    let lone = series(vec![
        Snapshot::new(0.0, gaussian(1, &[0.0, 0.0], 1)),
        Snapshot::new(1.0, gaussian(20, &[0.0, 0.0], 1)),
    ]);
    assert!(refusal(Cfm::new(&lone, frame(), small(1))).starts_with("time 0 has 1 cells where 2 are needed"));
    let wide = refusal(Cfm::new(&populations, Frame::identity(features(3)), small(1)));
    assert_eq!(wide, "the model has 3 dimensions and the data 2; use the coordinates it was trained on");
    let mut config = small(1);
    config.fit.lr = -1.0;
    assert_eq!(refusal(Cfm::new(&populations, frame(), config)), "lr is -1; it must be a number above 0");

    let run = Cfm::new(&populations, frame(), small(5)).expect("valid");
    let checkpoint = run.checkpoint(BTreeMap::new());
    let other = series(vec![
        Snapshot::new(0.0, gaussian(20, &[0.0, 0.0], 1)),
        Snapshot::new(2.0, gaussian(20, &[0.0, 0.0], 1)),
    ]);
    assert!(refusal(Cfm::resume(&other, &checkpoint, 5)).contains("trained on times [0.0, 1.0]"));
    let whole = checkpoint.to_bytes().expect("serialises");
    for cut in [0, 7, 100, whole.len() - 1] {
        assert!(
            matches!(Checkpoint::from_bytes(&whole[..cut]), Err(ModelError::Checkpoint { .. })),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run() {
    let mut config = small(200);
    config.fit.lr = 1e30;
    let populations = two_gaussians(&[1.0, 1.0]);
    let mut run = Cfm::new(&populations, Frame::identity(features(2)), config).expect("valid");
    let error = run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect_err("diverges");
    assert!(error.to_string().contains("lower lr"), "{error}");
}

#[test]
fn weights_decide_which_cells_are_drawn() {
    // Half the cells, far away, have weight 0: the flow must go to the other half alone.
    let mut points = gaussian(400, &[0.0, 0.0], 7);
    points.slice_mut(ndarray::s![200.., ..]).mapv_inplace(|v| v + 100.0);
    let weights = ndarray::Array1::from_shape_fn(400, |i| if i < 200 { 1.0 } else { 0.0 });
    let target = Snapshot { time: 1.0, points, weights: Some(weights) };
    let populations = series(vec![Snapshot::new(0.0, gaussian(400, &[0.0, 0.0], 8)), target]);
    let flow = trained(&populations, small(300));
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(10) };
    let end = &flow.push(populations.points(0), &[0.0, 1.0], &sampler).expect("integrates")[1];
    assert!(end.iter().all(|v| v.abs() < 20.0), "cells were carried to cells of weight 0");
}
