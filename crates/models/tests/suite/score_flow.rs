//! Score and flow matching: gradients, closed forms of Gaussian bridges, reproducibility.

use crate::common::{gaussian, moments, run, series, small, trained};
use chreode_core::{Populations, Seed, Snapshot, Tolerance};
use chreode_models::{
    Checkpoint, Dynamics, Fit, Motion, Net, Objective, Pool, Recipe, Sampler, ScoreFlow, ScoreFlowConfig,
    Space, Steps,
};
use chreode_nn::Shortcut;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

fn data() -> Populations {
    series(vec![gaussian(3000, &[-1.0], 1), gaussian(3000, &[1.0], 2)])
}

fn config(steps: u64) -> ScoreFlowConfig {
    ScoreFlowConfig { fit: small(steps, 128), ..ScoreFlowConfig::schroedinger() }
}

fn euler(steps: usize) -> Sampler {
    Sampler { method: chreode_ode::EULER, steps: Steps::PerInterval(steps) }
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    for shortcut in [Shortcut::Absent, Shortcut::Affine] {
        let recipe = ScoreFlowConfig { fit: small(1, 16), shortcut, ..ScoreFlowConfig::default() };
        slope_of(&recipe);
    }
}

fn slope_of(recipe: &ScoreFlowConfig) {
    let data = series(vec![gaussian(40, &[-1.0, 0.0], 1), gaussian(40, &[1.0, 0.5], 2)]);
    let space = Space {
        clock: chreode_models::Clock { origin: 0.0, unit: 1.0 },
        frame: chreode_models::Frame::identity(data.features().to_vec()),
        times: vec![0.0, 1.0],
        conditions: None,
    };
    let mut objective = recipe.objective(&space).expect("networks");
    let batch = recipe.batches(&data, &space).expect("batches").batch(3).expect("a batch");
    let count = objective.parameter_count();
    let (mut gradient, mut scratch, mut at) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
    objective.loss(0, &batch, &mut gradient).expect("finite");
    objective.read_parameters(&mut at);
    // Along the gradient's signs in each network: many parameters at once, so that single precision suffices.
    let layout = objective.layout();
    let score = layout.iter().find(|view| view.name.starts_with("score")).expect("it is named").offset;
    for half in [0..score, score..count] {
        let h = 1e-3;
        let mut shifted = |sign: f32| {
            let mut moved = at.clone();
            half.clone().for_each(|i| moved[i] += sign * h * gradient[i].signum());
            objective.write_parameters(&moved);
            objective.loss(0, &batch, &mut scratch).expect("finite")
        };
        let slope = (shifted(1.0) - shifted(-1.0)) / f64::from(2.0 * h);
        let expected: f64 = half.clone().map(|i| f64::from(gradient[i].abs())).sum();
        assert!((slope - expected).abs() < 0.02 * expected, "{slope} along a gradient of {expected}");
    }
}

#[test]
fn the_shortcut_passes_on_more_coordinates_than_the_layers_are_wide() {
    let end = |text: &str| {
        let settings: ScoreFlowConfig = serde_json::from_str(text).expect("settings");
        let data = series(vec![gaussian(1000, &[-0.1; 6], 1), gaussian(1000, &[0.1; 6], 2)]);
        let fit = Fit { hidden: vec![2], ..small(400, 128) };
        let model = trained(&data, ScoreFlowConfig { fit, ..settings });
        let cells = Snapshot::new(0.0, gaussian(1000, &[-0.1; 6], 5));
        let states = model.evolve(&cells, &[0.0, 1.0], &euler(20), Seed(8)).expect("moves");
        moments(&states[1].points).1
    };
    // Without, four of six coordinates of the score are missing, and noise adds to them.
    let (with, without) = (end(r#"{"shortcut": "affine"}"#), end("{}"));
    assert!((with - 1.0).abs() < 0.2 && without > 1.4, "{with} {without}");
}

/// Mean and variance at times ½ and 1 of cells pushed from time 0, or at ½ and 0 of cells from time 1.
fn ends(model: &ScoreFlow<Net>, from: usize, sampler: &Sampler) -> [(f64, f64); 2] {
    let cells = Snapshot::new(from as f64, gaussian(4000, &[2.0 * from as f32 - 1.0], 5));
    let times = [from as f64, 0.5, 1.0 - from as f64];
    let states = model.evolve(&cells, &times, sampler, Seed(8)).expect("moves");
    [1, 2].map(|k| moments(&states[k].points))
}

#[test]
fn drift_and_flow_have_the_marginals_of_the_schroedinger_bridge() {
    // N(−1, 1) to N(1, 1) with σ = 1: N(2t − 1, t(1 − t) √5 + (1 − t)² + t²), so variance 1.059 in the middle. Forwards and
    // backwards, with and without noise, by three methods.
    let mut model = trained(&data(), config(2000));
    let sra = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(8) };
    let adaptive = Sampler { method: chreode_ode::TSIT5, steps: Steps::Within(Tolerance::both(1e-2)) };
    for motion in [Motion::Stochastic, Motion::Deterministic] {
        model.motion = motion;
        for (sampler, from) in [(euler(40), 0), (euler(40), 1), (sra, 0), (adaptive, 1)] {
            let [(middle, half), (end, last)] = ends(&model, from, &sampler);
            let goal = 1.0 - 2.0 * from as f64;
            assert!(middle.abs() < 0.12 && (half - 1.059).abs() < 0.12, "{motion:?} {from}: {middle} {half}");
            assert!(
                (end - goal).abs() < 0.12 && (last - 1.0).abs() < 0.14,
                "{motion:?} {from}: {end} {last}"
            );
        }
    }
    // Without the score the same noise would leave variance 1 + 1 at the end of a flow of constant velocity.
    let two = Snapshot::new(0.0, ndarray::Array2::zeros((2, 1)));
    model.motion = Motion::Stochastic;
    let states = model.evolve(&two, &[0.0, 0.5], &euler(20), Seed(1)).expect("moves");
    assert_ne!(states[1].points[[0, 0]], states[1].points[[1, 0]], "equal cells part");
    let turned = model.evolve(&two, &[0.0, 0.5, 0.2], &euler(20), Seed(1)).expect_err("refused").to_string();
    assert!(turned.starts_with("a time is 0.2; it must be on in the direction"), "{turned}");
}

#[test]
fn noise_follows_the_seed_and_no_number_of_threads() {
    let model = trained(&data(), config(20));
    let cells = Snapshot::new(0.0, gaussian(1300, &[0.0], 3));
    let with = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| model.evolve(&cells, &[0.0, 0.5, 1.0], &euler(5), Seed(seed)).expect("moves"))
    };
    assert_eq!(with(1, 4), with(3, 4));
    assert_ne!(with(1, 4), with(1, 5));
}

#[test]
fn a_resumed_run_equals_the_uninterrupted_one_and_predicts() {
    let data = data();
    let bytes = |run: &chreode_models::Run<ScoreFlowConfig>| {
        run.checkpoint(BTreeMap::new()).to_bytes().expect("bytes")
    };
    let mut whole = run(&data, data.features(), config(12));
    whole.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    let mut half = run(&data, data.features(), config(12));
    let stop = |p: chreode_models::Progress| {
        if p.step == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    half.train(Pool::with_threads(1), stop).expect("trains");
    let saved = Checkpoint::from_bytes(&bytes(&half)).expect("reads back");
    assert!(saved.header.layout.iter().any(|(name, _)| name == "score.layers.0.weight"));
    let mut resumed = chreode_models::Run::<ScoreFlowConfig>::resume(&data, &saved, 12).expect("fits");
    resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    assert_eq!(bytes(&whole), bytes(&resumed));
    let model = Checkpoint::from_bytes(&bytes(&whole))
        .expect("reads")
        .trained()
        .expect("a model")
        .dynamics()
        .expect("cells");
    let cells = &data.snapshots()[0];
    let expected = whole.finish().evolve(cells, &[0.0, 1.0], &euler(5), Seed(2)).expect("moves");
    assert_eq!(model.evolve(cells, &[0.0, 1.0], &euler(5), Seed(2)).expect("moves"), expected);
}
