//! Models that carry whole populations while they train: VGFM's fitting, MIOFlow, TrajectoryNet.

use crate::common::slopes;
use chreode_core::{Network, Populations, Seed, Snapshot};
use chreode_models::{
    Crowd, Data, Descendants, Dynamics, Fit, FitDistance, Frame, Geodesic, LatentFlow, MassRule, MioBatch,
    MioFlow, MioFlowConfig, ModelError, Net, Objective, Pool, Recipe, Run, Sampler, Steps, Trainer,
    TrajectoryBatch, TrajectoryNetConfig, Vgfm, VgfmConfig,
};
use chreode_nn::Activation;
use ndarray::{Array1, Array2, Axis, concatenate};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, TAU};
use std::ops::ControlFlow;

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

fn frame(populations: &Populations) -> Frame {
    Frame::identity(populations.features().to_vec())
}

fn fit(steps: u64, width: usize) -> Fit {
    let hidden = vec![width; 2];
    Fit { steps, batch: 48, hidden, activation: Activation::Tanh, lr: 5e-3, ema: 0.98, ..Fit::default() }
}

fn sampler() -> Sampler {
    Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(12) }
}

fn trained<R: Recipe<Data = Populations>>(data: &Populations, recipe: R) -> R::Trained {
    let mut run = Run::<R>::new(data, frame(data), recipe).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

/// Three clouds, uneven in time, that move and grow.
fn moving() -> Populations {
    series(vec![
        Snapshot::new(0.0, cloud(40, [0.0, 0.0], 0.4, 1)),
        Snapshot::new(1.0, cloud(60, [0.6, 0.2], 0.5, 2)),
        Snapshot::new(3.0, cloud(90, [1.2, 0.8], 0.6, 3)),
    ])
}

/// The gradient of `recipe` against differences of its loss: a stage, a step of it, and the parts that it moves.
fn gradients_are_right<R: Recipe<Data = Populations>>(recipe: &R, stages: &[(usize, u64, &[&str])]) {
    let data = moving();
    let space = data.space(frame(&data)).expect("three times");
    let mut objective = recipe.objective(&space).expect("valid");
    recipe.prepare(&mut objective, &data).expect("fits");
    let source = recipe.batches(&data, &space).expect("valid");
    for &(stage, step, parts) in stages {
        let batch = source.batch(step).expect("draws");
        let moved = recipe.stages(&objective).expect("valid")[stage].parameters.clone();
        slopes(&mut objective, stage, &batch, moved, (parts, 4e-3));
    }
}

#[test]
fn gradients_are_those_of_the_losses() {
    let small = Fit { batch: 16, ..fit(1, 8) };
    let vgfm = VgfmConfig { matching: 1, solver_steps: 3, fit: small.clone(), ..VgfmConfig::default() };
    let both: &[&str] = &["velocity", "growth"];
    gradients_are_right(&vgfm, &[(0, 0, both), (1, 1, both)]);
    gradients_are_right(&VgfmConfig { distance: FitDistance::W2, ..vgfm }, &[(1, 1, both)]);
    let mioflow = MioFlowConfig {
        encoding: 1,
        local: 1,
        energy: 0.1,
        solver_steps: 3,
        crowd: Crowd { free: 0.01, ..Crowd::default() },
        fit: small.clone(),
        ..MioFlowConfig::default()
    };
    let velocity: &[&str] = &["velocity"];
    gradients_are_right(&mioflow, &[(0, 0, &["encoder", "decoder"]), (1, 1, velocity), (2, 2, velocity)]);
    let net = TrajectoryNetConfig {
        kinetic: 0.1,
        jacobian: 0.1,
        descendants: Descendants::Transported,
        growing: 1,
        steps: 3,
        crowd: Crowd { free: 0.01, ..Crowd::default() },
        fit: small,
        ..TrajectoryNetConfig::default()
    };
    gradients_are_right(&net, &[(0, 0, &["growth"]), (1, 1, velocity)]);
}

#[test]
fn fitting_brings_cells_nearer_than_matching_alone() {
    // Two groups change places: matching of few steps with a small network blurs them, the distances do not.
    let both = |n: usize, m: usize, at: f32, seed| {
        let (a, b) = (cloud(n, [-at, 0.0], 0.2, seed), cloud(m, [at, 0.3], 0.2, seed + 1));
        concatenate(Axis(0), &[a.view(), b.view()]).expect("the same columns")
    };
    let data =
        series(vec![Snapshot::new(0.0, both(60, 60, 0.4, 1)), Snapshot::new(1.0, both(60, 180, 1.5, 3))]);
    let run = |steps| {
        let config = VgfmConfig { matching: 150, fit: fit(steps, 24), lambda: 0.3, ..VgfmConfig::default() };
        let flow = trained(&data, config);
        let end =
            &flow.evolve(&data.snapshots()[0], &[0.0, 1.0], &sampler(), Seed(0)).expect("integrates")[1];
        let weights = end.weights.as_ref().expect("weights").view();
        let order = chreode_ot::Order::One;
        chreode_ot::wasserstein(end.points.view(), data.points(1), Some(weights), None, order)
            .expect("a plan")
            .value
    };
    let (matched, fitted) = (run(1), run(300));
    assert!(fitted < 0.75 * matched && fitted < 0.2, "W1 {matched} matched, {fitted} fitted");
}

/// An arc of radius 1 from 0 to 1.5 π, as three snapshots of a third each.
fn arc() -> (Populations, impl Fn(f64) -> [f32; 2]) {
    let at = |angle: f64| [angle.cos() as f32, angle.sin() as f32];
    let third = |k: usize| {
        Array2::from_shape_fn((60, 2), |(i, j)| at(0.5 * PI * (k as f64 + (i as f64 + 0.5) / 60.0))[j])
    };
    (series((0..3).map(|k| Snapshot::new(k as f64, third(k))).collect()), at)
}

#[test]
fn latent_distances_are_those_along_an_arc_and_flows_stay_on_it() {
    let (data, at) = arc();
    let config = MioFlowConfig {
        latent: 1,
        neighbours: 4,
        encoding: 900,
        local: 120,
        crowd: Crowd { weight: 0.0, ..Crowd::default() },
        fit: fit(120, 24),
        ..MioFlowConfig::default()
    };
    let flow: LatentFlow<Net> = trained::<MioFlowConfig>(&data, config);
    // The ends of the arc are √2 apart in the plane, and 1.5 π along it.
    let angles: Vec<f64> = (0..6).map(|k| 0.1 + 0.9 * f64::from(k)).collect();
    let points = Array2::from_shape_fn((6, 2), |(i, j)| at(angles[i])[j]);
    let z = flow.encode(points.view()).expect("two columns");
    for i in 0..6 {
        for j in 0..i {
            let (found, along) = (f64::from((z[[i, 0]] - z[[j, 0]]).abs()), angles[i] - angles[j]);
            assert!((found - along).abs() < 0.25, "{found}, along the arc {along}");
        }
    }
    let back = flow.decode(z.view()).expect("one column");
    assert!((&back - &points).iter().all(|d| d.abs() < 0.12), "{back}");
    assert!(matches!(flow.decode(points.view()), Err(ModelError::Dimensions { expected: 1, found: 2 })));
    // A third a unit of time, and the velocity is the derivative of what is predicted.
    let start = Snapshot::new(0.0, data.points(0).to_owned());
    let states = flow.evolve(&start, &[0.0, 1.0, 2.0], &sampler(), Seed(0)).expect("integrates");
    for (state, turns) in states.iter().zip([0.25, 0.75, 1.25]).skip(1) {
        let mean: f64 = state
            .points
            .rows()
            .into_iter()
            .map(|p| f64::from(p[1]).atan2(f64::from(p[0])).rem_euclid(TAU))
            .sum::<f64>()
            / 60.0;
        assert!((mean - turns * PI).abs() < 0.2, "mean angle {mean} at {}, not {turns} π", state.time);
        let off = state.points.rows().into_iter().map(|p| (p.dot(&p).sqrt() - 1.0).abs()).fold(0.0, f32::max);
        assert!(off < 0.2, "{off} off the arc");
    }
    let h = 1e-2;
    let ahead = flow.evolve(&start, &[0.0, h], &sampler(), Seed(0)).expect("integrates");
    let decoded = flow.decode(flow.encode(start.points.view()).expect("columns").view()).expect("columns");
    let slope = (&ahead[1].points - &decoded) / h as f32;
    let velocity = flow.velocity(0.5 * h, start.points.view()).expect("two columns");
    let error = (&slope - &velocity).mapv(f32::abs).mean().expect("not empty");
    assert!(error < 0.02 * velocity.mapv(f32::abs).mean().expect("not empty") + 0.02, "{error}");
}

#[test]
fn trajectory_net_learns_the_density_of_every_snapshot() {
    let data = series(vec![
        Snapshot::new(0.0, cloud(300, [-0.5, 0.0], 0.5, 5)),
        Snapshot::new(1.0, cloud(300, [0.8, 0.4], 0.8, 6)),
    ]);
    let config = TrajectoryNetConfig {
        steps: 4,
        fit: Fit { lr: 1e-2, ..fit(400, 16) },
        ..TrajectoryNetConfig::default()
    };
    let flow = trained(&data, config).dynamics().expect("a flow");
    for (time, centre, spread, seed) in [(0.0, [-0.5, 0.0], 0.5_f32, 7), (1.0, [0.8, 0.4], 0.8, 8)] {
        let test = cloud(400, centre, spread, seed);
        let model = flow.log_density(time, test.view(), &sampler()).expect("integrates").expect("a density");
        let exact = |p: ndarray::ArrayView1<'_, f32>| {
            let square = (p[0] - centre[0]).powi(2) + (p[1] - centre[1]).powi(2);
            -(TAU * f64::from(spread * spread)).ln() - 0.5 * f64::from(square / (spread * spread))
        };
        let truth: Array1<f64> = test.rows().into_iter().map(exact).collect();
        let divergence = (truth - model).mean().expect("not empty");
        assert!(divergence > -0.03 && divergence < 0.12, "KL divergence {divergence} at {time}");
    }
}

#[test]
fn trajectory_net_finds_who_has_descendants() {
    let both = |n: usize, m: usize, seed| {
        let (a, b) = (cloud(n, [-1.5, 0.0], 0.3, seed), cloud(m, [1.5, 0.0], 0.3, seed + 1));
        concatenate(Axis(0), &[a.view(), b.view()]).expect("the same columns")
    };
    let data = series(vec![Snapshot::new(0.0, both(60, 60, 3)), Snapshot::new(1.0, both(60, 180, 5))]);
    let net = TrajectoryNetConfig {
        descendants: Descendants::Transported,
        growing: 400,
        lambda: 0.2,
        steps: 3,
        fit: fit(100, 16),
        ..TrajectoryNetConfig::default()
    };
    let flow = trained(&data, net.clone()).dynamics().expect("a flow");
    let end = &flow.evolve(&data.snapshots()[0], &[0.0, 1.0], &sampler(), Seed(0)).expect("integrates")[1];
    let weights = end.weights.as_ref().expect("weights");
    let [still, growing] = [0..60, 60..120].map(|rows| rows.map(|i| weights[i]).sum::<f32>() / 60.0);
    assert!((still - 1.0).abs() < 0.3 && (growing - 3.0).abs() < 0.6, "{still}, {growing}");
    // What the masses are has to be known.
    let unknown = TrajectoryNetConfig { mass: chreode_models::Mass::By(MassRule::Weights), ..net };
    let error = Run::new(&data, frame(&data), unknown).err().expect("refused").to_string();
    assert!(
        error.starts_with("TrajectoryNet with growth cannot learn from these data; it needs a weight"),
        "{error}"
    );
}

#[test]
fn later_cells_come_from_those_who_have_descendants() {
    // Two clusters, a cluster half-way between them later, and twice as many descendants on the right, `log G = x ln 2`: a
    // symmetric problem but for G, so that the later cells come from the right, and with the other sign from the left.
    let mirrored = |cells: Array2<f32>| {
        concatenate(Axis(0), &[cells.view(), (-&cells).view()]).expect("the same columns")
    };
    let data = series(vec![
        Snapshot::new(0.0, mirrored(cloud(40, [1.0, 0.0], 0.2, 1))),
        Snapshot::new(1.0, mirrored(cloud(40, [0.0, 0.0], 0.2, 2))),
    ]);
    let config = TrajectoryNetConfig {
        descendants: Descendants::Transported,
        growing: 1,
        steps: 3,
        crowd: Crowd { weight: 0.0, ..Crowd::default() },
        fit: Fit { hidden: vec![], lr: 2e-2, ..fit(120, 1) },
        ..TrajectoryNetConfig::default()
    };
    let space = data.space(frame(&data)).expect("two times");
    let mut objective = config.objective(&space).expect("valid");
    let batch = config.batches(&data, &space).expect("valid").batch(1).expect("draws");
    let slope = std::f32::consts::LN_2;
    // A layer of the time and the place; cells that stand still are where they are when they pass.
    let count = objective.parameter_count();
    objective.write_parameters(&vec![0.0; count]);
    let still = objective.loss(1, &batch, &mut vec![0.0; count]).expect("solves");
    objective.growth.as_mut().expect("with growth").write_parameters(&[0.0, slope, 0.0, 0.0]);
    let growing = objective.loss(1, &batch, &mut vec![0.0; count]).expect("solves");
    let TrajectoryBatch::Cells(cells) = &batch else { unreachable!("the second stage") };
    let gained = f64::from(slope * cells[1].column(0).mean().expect("not empty"));
    assert!((still - growing - gained).abs() < 1e-4, "{still}, {growing}, {gained}");
    let stages = config.stages(&objective).expect("valid")[1..].to_vec();
    let mut trainer = Trainer::new(objective, stages).expect("valid");
    let source = config.batches(&data, &space).expect("valid");
    for step in 1..=120 {
        trainer.step(&source.batch(step).expect("draws")).expect("solves");
    }
    let flow = config.trained(trainer.finish(), space).dynamics().expect("a flow");
    let later = &data.snapshots()[1];
    let came = &flow.evolve(later, &[1.0, 0.0], &sampler(), Seed(0)).expect("integrates")[1];
    let mean = came.points.column(0).mean().expect("not empty");
    assert!(mean > 0.1, "the later cells come from {mean}");
}

#[test]
fn cells_without_descendants_teach_no_rate_and_heavy_ones_teach_more() {
    // Weights of 1 and 3 at two places, and of 0 at a third, which sends nothing.
    let points =
        Array2::from_shape_fn((9, 2), |(i, j)| if j == 0 { 4.0 * (i % 3) as f32 } else { 0.1 * i as f32 });
    let weighted = |time, weights: [f32; 3]| Snapshot {
        weights: Some(Array1::from_shape_fn(9, |i| weights[i % 3])),
        ..Snapshot::new(time, points.clone())
    };
    let data = series(vec![weighted(0.0, [1.0, 3.0, 0.0]), weighted(1.0, [1.0, 3.0, 1.0])]);
    let config =
        TrajectoryNetConfig { descendants: Descendants::Transported, fit: fit(1, 4), ..Default::default() };
    let space = data.space(frame(&data)).expect("two times");
    let batch = config.batches(&data, &space).expect("valid").batch(0).expect("draws");
    let TrajectoryBatch::Descendants(rows) = batch else { unreachable!("the first stage") };
    for (x, weight) in rows.x.rows().into_iter().zip(&rows.weight) {
        let wanted = if x[0] < 2.0 { 0.5 } else { 1.5 };
        assert!(x[0] < 6.0 && (weight - wanted).abs() < 1e-6, "weight {weight} at {x}");
    }
    assert!(rows.x.column(0).iter().any(|x| *x < 2.0) && rows.x.column(0).iter().any(|x| *x > 2.0));
}

#[test]
fn distances_by_heat_grow_along_an_arc_as_far_as_heat_comes() {
    let (data, _) = arc();
    let config = MioFlowConfig { geodesic: Geodesic::Heat, neighbours: 6, ..MioFlowConfig::default() };
    let space = data.space(frame(&data)).expect("three times");
    let fit = Fit { batch: 180, ..config.fit.clone() };
    let source =
        MioFlowConfig { fit, ..config }.batches(&data, &space).expect("valid").batch(0).expect("draws");
    let MioBatch::Encode { cells, distances } = source else { unreachable!("the first stage") };
    let angle = |i: usize| f64::from(cells[[i, 1]]).atan2(f64::from(cells[[i, 0]])).rem_euclid(TAU);
    let mut order: Vec<usize> = (0..cells.nrows()).collect();
    order.sort_by(|&i, &j| angle(i).total_cmp(&angle(j)));
    let from_the_end = |k: usize| distances[[order[0], order[k]]];
    let steps: Vec<f32> = [4, 8, 12, 16, 20].map(from_the_end).to_vec();
    assert!(steps.windows(2).all(|pair| pair[1] > pair[0] && pair[1].is_finite()), "{steps:?}");
    assert_eq!(from_the_end(179), f32::INFINITY);
    assert_eq!(distances.diag(), Array1::<f32>::zeros(180));
    let far = |(i, j): (usize, usize)| distances[[i, j]];
    let same = |i, j| far((i, j)) == far((j, i)) || (far((i, j)) - far((j, i))).abs() < 0.05;
    assert!((0..180).all(|i| (0..i).all(|j| same(i, j))), "it is not symmetric");
}

#[test]
fn settings_out_of_range_are_named() {
    let data = moving();
    let refused = |config: MioFlowConfig| MioFlow::new(&data, frame(&data), config).err().expect("refused");
    let error = refused(MioFlowConfig { neighbours: 190, ..MioFlowConfig::default() });
    assert_eq!(error.to_string(), "neighbours is 190; it must be below the number of cells");
    let error = refused(MioFlowConfig { latent: 0, ..MioFlowConfig::default() });
    assert_eq!(error.to_string(), "latent is 0; it must be 1 or more");
    let crowd = Crowd { neighbours: 0, ..Crowd::default() };
    let error = refused(MioFlowConfig { crowd, ..MioFlowConfig::default() });
    assert_eq!(error.to_string(), "crowd.neighbours is 0; it must be 1 or more");
    let vgfm = VgfmConfig { distance_weight: 0.0, ..VgfmConfig::default() };
    let error = Vgfm::new(&data, frame(&data), vgfm).err().expect("refused");
    assert_eq!(error.to_string(), "distance_weight is 0; it must be a number above 0");
}
