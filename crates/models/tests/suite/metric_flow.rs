//! Paths that stay where cells are.

use crate::common::{run, series, small, trained};
use chreode_core::Seed;
use chreode_models::{
    Clock, Frame, MetricFlowConfig, MetricKind, Objective, Pool, Recipe, Sampler, Space, Steps,
};
use ndarray::Array2;
use rand::RngExt;
use std::f32::consts::{FRAC_PI_2, PI};
use std::ops::ControlFlow;

/// `n` cells near the unit circle, at angles between these.
fn arc(n: usize, from: f32, to: f32, seed: u64) -> Array2<f32> {
    let mut rng = Seed(seed).stream("arc", 0);
    let mut points = Array2::zeros((n, 2));
    for mut row in points.rows_mut() {
        let angle = from + (to - from) * rng.random::<f32>();
        let radius = 0.97 + 0.06 * rng.random::<f32>();
        (row[0], row[1]) = (radius * angle.cos(), radius * angle.sin());
    }
    points
}

fn config(metric: MetricKind, path_steps: u64) -> MetricFlowConfig {
    MetricFlowConfig {
        metric,
        sigma: 0.01,
        gamma: 0.2,
        centres: 20,
        rho: 0.02,
        path_steps,
        fit: small(600, 64),
        ..MetricFlowConfig::default()
    }
}

#[test]
fn the_gradient_of_the_paths_energy_is_its_slope() {
    let data = series(vec![arc(60, FRAC_PI_2, PI, 1), arc(60, 0.0, FRAC_PI_2, 2)]);
    let space = Space {
        clock: Clock { origin: 0.0, unit: 1.0 },
        frame: Frame::identity(data.features().to_vec()),
        times: vec![0.0, 1.0],
        conditions: None,
    };
    for metric in [MetricKind::Land, MetricKind::Rbf] {
        let recipe = config(metric, 1);
        let mut objective = recipe.objective(&space).expect("networks");
        let batch = recipe.batches(&data, &space).expect("batches").batch(3).expect("a batch");
        let count = objective.parameter_count();
        let [path, _] = objective.ranges();
        let (mut gradient, mut scratch, mut at) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        objective.loss(0, &batch, &mut gradient).expect("finite");
        objective.read_parameters(&mut at);
        let h = 2e-4;
        let mut shifted = |sign: f32| {
            let mut moved = at.clone();
            path.clone().for_each(|i| moved[i] += sign * h * gradient[i].signum());
            objective.write_parameters(&moved);
            objective.loss(0, &batch, &mut scratch).expect("finite")
        };
        let slope = (shifted(1.0) - shifted(-1.0)) / f64::from(2.0 * h);
        let expected: f64 = path.clone().map(|i| f64::from(gradient[i].abs())).sum();
        assert!(
            (slope - expected).abs() < 0.03 * expected,
            "{metric:?}: {slope} along a gradient of {expected}"
        );
    }
}

#[test]
fn a_flow_between_two_arcs_stays_nearer_the_circle_than_straight_lines() {
    let data = series(vec![arc(400, FRAC_PI_2, PI, 1), arc(400, 0.0, FRAC_PI_2, 2)]);
    // The mean distance from the circle half-way.
    let off = |config: MetricFlowConfig| {
        let flow = trained(&data, config);
        let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(10) };
        let states = flow.push(data.points(0), &[0.0, 0.5], &sampler).expect("integrates");
        states[1].rows().into_iter().map(|r| (r[0].hypot(r[1]) - 1.0).abs()).sum::<f32>() / 400.0
    };
    // With a large ρ the metric is the same everywhere, and the paths are straight.
    let straight = off(MetricFlowConfig { rho: 1e3, ..config(MetricKind::Land, 300) });
    let (land, rbf) = (off(config(MetricKind::Land, 600)), off(config(MetricKind::Rbf, 600)));
    assert!(land < 0.75 * straight, "land {land}, straight {straight}");
    assert!(rbf < 0.75 * straight, "rbf {rbf}, straight {straight}");
}

#[test]
fn each_stage_moves_its_own_network() {
    let data = series(vec![arc(60, FRAC_PI_2, PI, 1), arc(60, 0.0, FRAC_PI_2, 2)]);
    let mut recipe = config(MetricKind::Land, 4);
    recipe.fit.steps = 3;
    let mut training = run(&data, data.features(), recipe);
    assert_eq!(training.last_step(), 7);
    let mut parameters = vec![training.checkpoint(Default::default()).parameters];
    for _ in 0..2 {
        let mut left = if parameters.len() == 1 { 4 } else { 3 };
        let stop = |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        training.train(Pool::with_threads(1), stop).expect("trains");
        parameters.push(training.checkpoint(Default::default()).parameters);
    }
    let path = 5 * 32 + 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2;
    assert_ne!(parameters[0][..path], parameters[1][..path]);
    assert_eq!(parameters[0][path..], parameters[1][path..]);
    assert_eq!(parameters[1][..path], parameters[2][..path]);
    assert_ne!(parameters[1][path..], parameters[2][path..]);
}
