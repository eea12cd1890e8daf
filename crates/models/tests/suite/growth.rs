//! Models of growth: closed forms, masses, reproducibility, refusals.

use crate::common::slopes;
use chreode_core::{Network, Populations, Seed, Snapshot};
use chreode_models::{
    Bifurcation, Checkpoint, Data, Dynamics, Fit, Frame, GrowthFlow, Mass, MassRule, Measurement, ModelError,
    Net, Objective, Pool, Recipe, Run, Sampler, Steps, Tigon, TigonConfig, UnbalancedPlanner, Vgfm,
    VgfmConfig, WfrConfig, WfrFm, WfrPlanner, score_growth,
};
use chreode_nn::{Mlp, MlpConfig};
use chreode_ot::WassersteinFisherRao;
use ndarray::{Array1, Array2, Axis, array, concatenate};
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

type Trained = GrowthFlow<Net, Net>;

fn cloud(n: usize, centre: [f32; 2], spread: f32, seed: u64) -> Array2<f32> {
    let mut rng = Seed(seed).stream("cloud", 0);
    Array2::from_shape_fn((n, 2), |(_, j)| {
        let z: f32 = StandardNormal.sample(&mut rng);
        centre[j] + spread * z
    })
}

fn series(snapshots: Vec<Snapshot>) -> Populations {
    Populations::new(snapshots, vec!["x".into(), "y".into()]).expect("a valid series")
}

fn fit(steps: u64) -> Fit {
    Fit { steps, batch: 64, hidden: vec![32, 32], lr: 3e-3, ema: 0.99, ..Fit::default() }
}

fn wfr(steps: u64) -> WfrConfig {
    WfrConfig { fit: fit(steps), ..WfrConfig::default() }
}

fn frame(populations: &Populations) -> Frame {
    Frame::identity(populations.features().to_vec())
}

fn trained(populations: &Populations, config: WfrConfig) -> Trained {
    let mut run = WfrFm::new(populations, frame(populations), config).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

fn sampler() -> Sampler {
    Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(20) }
}

fn evolve(flow: &dyn Dynamics, cells: &Snapshot, times: &[f64]) -> Vec<Snapshot> {
    flow.evolve(cells, times, &sampler(), Seed(0)).expect("integrates")
}

fn mass(snapshot: &Snapshot) -> f64 {
    snapshot.weights.as_ref().expect("a model of growth gives weights").iter().map(|&w| f64::from(w)).sum()
}

#[test]
fn two_diracs_follow_the_closed_form() {
    // Cells all at one place at each time: the only path is the geodesic from mass 1 to mass 3.
    let (x0, x1) = (array![0.2_f32, -0.5], array![1.4_f32, 0.4]);
    let at = |x: &Array1<f32>, n: usize| x.broadcast((n, 2)).expect("rows").to_owned();
    let populations = series(vec![Snapshot::new(2.0, at(&x0, 4)), Snapshot::new(4.0, at(&x1, 12))]);
    let flow = trained(&populations, WfrConfig { delta: 0.7, ..wfr(1500) });
    let track = WassersteinFisherRao::new(0.7).expect("positive").track(1.5, 1.0, 3.0).expect("within reach");
    let times = [2.0, 2.5, 3.0, 3.5, 4.0];
    let states = evolve(&flow, &populations.snapshots()[0], &times);
    for (state, time) in states.iter().zip(times) {
        let exact = track.at((time - 2.0) / 2.0);
        let weight = f64::from(state.weights.as_ref().expect("weights")[0]);
        assert!((weight - exact.mass).abs() < 0.02, "mass {weight} at {time}, not {}", exact.mass);
        for j in 0..2 {
            let place = f64::from(x0[j]) + exact.travelled / 1.5 * f64::from(x1[j] - x0[j]);
            let found = f64::from(state.points[[0, j]]);
            assert!((found - place).abs() < 0.01, "coordinate {j} is {found} at {time}, not {place}");
        }
        let here = state.points.slice(ndarray::s![..1, ..]);
        let rate = flow.growth(time, here).expect("two columns").expect("a model of growth")[0];
        assert!((f64::from(rate) - exact.growth / 2.0).abs() < 0.05, "growth {rate} at {time}");
        let speed = flow.velocity(time, here).expect("two columns").row(0).mapv(f64::from);
        assert!((speed.dot(&speed).sqrt() - exact.speed / 2.0).abs() < 0.05, "speed {speed} at {time}");
    }
}

#[test]
fn cells_that_only_divide_stay_where_they_are() {
    // Every cell twice at the later time: no motion, and m(t) = (1 - t + √2 t)².
    let x = cloud(60, [0.0, 0.0], 1.0, 1);
    let twice = concatenate(Axis(0), &[x.view(), x.view()]).expect("the same columns");
    let populations = series(vec![Snapshot::new(0.0, x.clone()), Snapshot::new(1.0, twice)]);
    let flow = trained(&populations, wfr(800));
    let states = evolve(&flow, &populations.snapshots()[0], &[0.0, 0.5, 1.0]);
    for (state, t) in states.iter().zip([0.0, 0.5, 1.0]) {
        let expected = (1.0 - t + 2f64.sqrt() * t).powi(2);
        assert!((mass(state) / 60.0 - expected).abs() < 0.02, "mass {} at {t}", mass(state) / 60.0);
        let moved = (&state.points - &x).mapv(f32::abs).mean().expect("not empty");
        assert!(moved < 0.02, "cells moved by {moved} at {t}");
    }
}

#[test]
fn cells_that_only_move_keep_their_mass() {
    let x = cloud(80, [0.0, 0.0], 0.5, 2);
    let shifted = &x + &array![[1.0_f32, -0.5]];
    let populations = series(vec![Snapshot::new(0.0, x.clone()), Snapshot::new(1.0, shifted.clone())]);
    // The longer the scale, the dearer growth is: the plan is then the shift.
    let flow = trained(&populations, WfrConfig { delta: 20.0, ..wfr(800) });
    let end = &evolve(&flow, &populations.snapshots()[0], &[0.0, 1.0])[1];
    let weights = end.weights.as_ref().expect("weights");
    assert!(weights.iter().all(|w| (w - 1.0).abs() < 0.05), "{weights}");
    let off = (&end.points - &shifted).mapv(f32::abs).mean().expect("not empty");
    assert!(off < 0.05, "cells are off by {off}");
}

/// Two far clusters, of which the first keeps its mass and the second triples.
fn clusters() -> Populations {
    let both = |n: usize, m: usize, seed| {
        let (a, b) = (cloud(n, [-3.0, 0.0], 0.3, seed), cloud(m, [3.0, 0.0], 0.3, seed + 1));
        concatenate(Axis(0), &[a.view(), b.view()]).expect("the same columns")
    };
    series(vec![Snapshot::new(0.0, both(80, 80, 3)), Snapshot::new(1.0, both(80, 240, 5))])
}

/// The factors by which the masses of the two clusters grow.
fn factors(flow: &dyn Dynamics, populations: &Populations) -> [f64; 2] {
    let end = &evolve(flow, &populations.snapshots()[0], &[0.0, 1.0])[1];
    let weights = end.weights.as_ref().expect("weights");
    [0..80, 80..160].map(|rows| rows.map(|i| f64::from(weights[i])).sum::<f64>() / 80.0)
}

#[test]
fn growth_is_found_where_it_is() {
    let populations = clusters();
    let run = |config| factors(&trained(&populations, config), &populations);
    let [still, growing] = run(WfrConfig { delta: 1.0, ..wfr(800) });
    assert!((still - 1.0).abs() < 0.05 && (growing - 3.0).abs() < 0.1, "WFR-FM: {still}, {growing}");
    // Told that nothing grows in all, it moves no mass between clusters out of reach of each other, but exchanges it.
    let equal = WfrConfig { delta: 1.0, mass: Mass::By(MassRule::Equal), ..wfr(800) };
    let [first, second] = run(equal);
    assert!((first - 0.5).abs() < 0.05 && (second - 1.5).abs() < 0.1, "equal masses: {first}, {second}");
    let config = VgfmConfig { lambda: 0.2, fit: fit(800), ..VgfmConfig::default() };
    let mut run = Vgfm::new(&populations, frame(&populations), config).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    let [still, growing] = factors(&run.finish(), &populations);
    assert!((still - 1.0).abs() < 0.15 && (growing - 3.0).abs() < 0.3, "VGFM: {still}, {growing}");
}

#[test]
fn the_pairs_of_a_plan_bring_the_masses_of_the_cells() {
    let (x0, x1) = (cloud(30, [0.0, 0.0], 1.0, 7), cloud(45, [0.8, 0.0], 1.2, 8));
    // One cell that nothing is in reach of.
    let far = concatenate(Axis(0), &[x1.view(), array![[40.0_f32, 0.0]].view()]).expect("the same columns");
    let (a, b) = (Array1::from_elem(30, 1.0 / 30.0), Array1::from_elem(46, 0.05));
    let planner = WfrPlanner { metric: WassersteinFisherRao::new(1.0).expect("positive"), tolerance: 1e-6 };
    let plan = planner.plan((x0.view(), &a), (far.view(), &b)).expect("a plan");
    let (mut first, mut second) = (Array1::<f64>::zeros(30), Array1::<f64>::zeros(46));
    // Enough draws that systematic sampling meets every share.
    let draws = 200_000;
    for pair in plan.draw(draws, &mut Seed(1).stream("draws", 0)) {
        let each = plan.mass() / draws as f64;
        pair.source.into_iter().for_each(|i| first[i] += pair.m0 * each);
        pair.target.into_iter().for_each(|j| second[j] += pair.m1 * each);
        assert!(
            pair.m0 <= 2.0 + 1e-12 && pair.m1 <= 2.0 + 1e-12 && (pair.source.is_some() || pair.m0 == 0.0)
        );
    }
    assert!(first.iter().zip(&a).all(|(s, a)| (s - a).abs() < 1e-3), "{first}");
    assert!(second.iter().zip(&b).all(|(s, b)| (s - b).abs() < 1e-3), "{second}");
    assert!(plan.pairs().iter().any(|p| p.source.is_none() && p.target == Some(45)));
}

#[test]
fn a_growing_culture_is_carried_through_its_times() {
    // A circuit with division and death, of two genes, measured exactly: the mass is known, the counts are not it.
    let culture = Bifurcation {
        genes: 2,
        cells: 300,
        founders: 400,
        futures: 1,
        measurement: Measurement::Exact,
        ..Bifurcation::default()
    };
    let simulation = culture.simulate(Seed(5)).expect("simulates");
    let masses: Vec<f64> = simulation.truth.iter().map(|truth| truth.mass).collect();
    let first = masses[0];
    let config = WfrConfig {
        delta: 2.0,
        mass: Mass::Given(masses.clone()),
        fit: Fit { hidden: vec![64, 64], ..fit(1200) },
        ..wfr(0)
    };
    let mass = config.mass.clone();
    let flow = trained(&simulation.populations, config);
    let scores = score_growth(&flow, &simulation.populations, &mass, &sampler(), Seed(0)).expect("scores");
    assert_eq!(scores.len(), 4);
    for (score, truth) in scores.iter().zip(&masses[1..]) {
        assert!((score.true_mass - truth / first).abs() < 1e-6);
        assert!(score.mass_error() < 0.03, "mass {} at {}, not {}", score.mass, score.time, score.true_mass);
        // 300 cells of a spread of about 0.5 a gene; without motion it is 0.3 to 0.9.
        assert!(score.w1 < 0.13, "W1 {} at {}", score.w1, score.time);
    }
    assert!(masses[4] > 2.0 * first, "the culture grows: {masses:?}");
}

#[test]
fn threads_and_interruptions_change_no_bit() {
    let populations = clusters();
    let bytes = |run: &WfrFm| run.checkpoint(BTreeMap::new()).to_bytes().expect("serialises");
    for plans in [chreode_models::Plans::Whole, chreode_models::Plans::Minibatch] {
        let config =
            WfrConfig { plans, delta: 1.0, fit: Fit { batch: 16, ..fit(20) }, ..WfrConfig::default() };
        let new = || WfrFm::new(&populations, frame(&populations), config.clone()).expect("valid");
        let whole = |threads| {
            let mut run = new();
            run.train(Pool::with_threads(threads), |_| ControlFlow::Continue(())).expect("trains");
            bytes(&run)
        };
        let one = whole(1);
        assert_eq!(one, whole(3));
        let mut half = new();
        let stop = |p: chreode_models::Progress| {
            if p.step == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        half.train(Pool::with_threads(2), stop).expect("trains");
        let saved = Checkpoint::from_bytes(&bytes(&half)).expect("reads back");
        let mut resumed = Run::<WfrConfig>::resume(&populations, &saved, 20).expect("fits");
        resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
        assert_eq!(one, bytes(&resumed));
    }
}

#[test]
fn masses_are_what_they_are_said_to_be() {
    let points = |n: usize| cloud(n, [0.0, 0.0], 1.0, 9);
    let weighted = Snapshot { weights: Some(array![1.0, 3.0]), ..Snapshot::new(1.0, points(2)) };
    let populations = series(vec![Snapshot::new(0.0, points(4)), weighted]);
    let of = |mass: Mass| mass.of(&populations, "a model").expect("masses");
    assert_eq!(of(Mass::default()), [Array1::from_elem(4, 0.25), array![0.125, 0.375]]);
    assert_eq!(of(Mass::By(MassRule::Equal))[1], array![0.25, 0.75]);
    assert_eq!(of(Mass::Given(vec![2.0, 8.0]))[1], array![1.0, 3.0]);
    let refused = |mass: Mass| mass.of(&populations, "WFR-FM").expect_err("refused").to_string();
    assert_eq!(
        refused(Mass::By(MassRule::Weights)),
        "WFR-FM cannot learn from these data; it needs a weight of each cell, as mass = \"weights\" asks for, and time \
         0 has none; name a column with --weight"
    );
    assert!(refused(Mass::Given(vec![1.0])).contains("one mass a time where 1 are given for 2 times"));
    assert_eq!(refused(Mass::Given(vec![1.0, -2.0])), "mass is -2; it must be above 0 at every time");
    let parsed = |text: &str| serde_json::from_str::<Mass>(text);
    assert_eq!(parsed("\"counts\"").expect("a rule"), Mass::default());
    assert_eq!(parsed("[1.0, 2.5]").expect("a list"), Mass::Given(vec![1.0, 2.5]));
    assert!(parsed("\"cells\"").expect_err("unknown").to_string().contains("counts, equal, weights"));
}

#[test]
fn what_cannot_be_done_is_said() {
    let populations = clusters();
    let refusal = |config| WfrFm::new(&populations, frame(&populations), config).err().expect("refused");
    let error = refusal(WfrConfig { delta: 0.0, ..wfr(1) });
    assert_eq!(error, ModelError::Parameter { name: "delta", value: 0.0, rule: "a number above 0" });
    let missing = refusal(WfrConfig { mass: Mass::By(MassRule::Weights), ..wfr(1) });
    assert!(missing.to_string().contains("name a column with --weight"), "{missing}");
}

#[test]
fn tigon_has_the_gradient_of_its_loss_and_finds_growth() {
    let populations = clusters();
    let fit = Fit {
        batch: 24,
        hidden: vec![12, 12],
        lr: 1e-2,
        activation: chreode_nn::Activation::Tanh,
        ..fit(150)
    };
    let config = TigonConfig { width: 0.4, steps: 4, fit, ..TigonConfig::default() };
    let space = populations.space(frame(&populations)).expect("two times");
    let mut objective = config.objective(&space).expect("valid");
    config.prepare(&mut objective, &populations).expect("two snapshots");
    let batch = config.batches(&populations, &space).expect("valid").batch(0).expect("draws");
    let all = 0..objective.parameter_count();
    slopes(&mut objective, 0, &batch, all, (&["velocity", "growth"], 2e-3));
    let mut run = Tigon::new(&populations, frame(&populations), config).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    let [still, growing] = factors(&run.finish(), &populations);
    assert!((still - 1.0).abs() < 0.4 && (growing - 3.0).abs() < 0.9, "TIGON: {still}, {growing}");
}

#[test]
fn tigon_has_a_loss_in_many_dimensions() {
    // With 300 of them the density of a kernel of width 0.1 at its centre is e^415, and its square no number.
    let mut rng = Seed(1).stream("wide", 0);
    let points = Array2::from_shape_simple_fn((12, 300), || StandardNormal.sample(&mut rng));
    let features = (0..300).map(|j| format!("x{j}")).collect();
    let snapshots = [0.0, 1.0].map(|time| Snapshot::new(time, points.clone())).to_vec();
    let populations = Populations::new(snapshots, features).expect("a valid series");
    let config =
        TigonConfig { steps: 1, fit: Fit { batch: 4, hidden: vec![4], ..fit(1) }, ..TigonConfig::default() };
    let space = populations.space(frame(&populations)).expect("two times");
    let mut objective = config.objective(&space).expect("valid");
    config.prepare(&mut objective, &populations).expect("two snapshots");
    let batch = config.batches(&populations, &space).expect("valid").batch(0).expect("draws");
    let squares = batch.density.iter().zip(&batch.scale).map(|(d, s)| d * d * s);
    assert!((squares.sum::<f64>() / 4.0 - 1.0).abs() < 1e-12, "{:?}", batch.scale);
    assert!(batch.largest.iter().all(|log| *log > 200.0), "{:?}", batch.largest);
    let mut gradient = vec![0.0; objective.parameter_count()];
    let loss = objective.loss(0, &batch, &mut gradient).expect("solves");
    assert!(loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{loss}");
}

#[test]
fn a_mass_that_no_number_holds_is_an_error() {
    // g = 100 at every place, and cells that stay.
    let layer = |outputs: usize, bias: f32| -> Net {
        let shape = MlpConfig::new(2).hidden(vec![]).output(outputs);
        let mut network = Mlp::zeros(shape).expect("a valid shape");
        let weights = [vec![0.0; 3 * outputs], vec![bias; outputs]].concat();
        network.write_parameters(&weights);
        network.into()
    };
    let cells = Snapshot::new(0.0, array![[0.0_f32, 0.0], [1.0, 1.0]]);
    let populations = series(vec![cells.clone(), Snapshot { time: 1.0, ..cells.clone() }]);
    let space = populations.space(frame(&populations)).expect("two times");
    let flow = GrowthFlow { velocity: layer(2, 0.0), growth: layer(1, 100.0), space };
    let end = &evolve(&flow, &cells, &[0.0, 0.5])[1];
    assert!((mass(end).ln() - 50.0 - 2f64.ln()).abs() < 1e-3, "{}", mass(end).ln());
    let error = flow.evolve(&cells, &[0.0, 0.5, 1.0], &sampler(), Seed(0)).unwrap_err();
    assert!(matches!(error, ModelError::Mass { row: 0, time: 1.0, .. }), "{error}");
    assert!(error.to_string().starts_with("by time 1 the mass of cell 0 is exp("), "{error}");
}
