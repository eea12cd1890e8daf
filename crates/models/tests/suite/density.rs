//! Continuous normalising flows: closed forms, gradients, probes, known densities.

use crate::common::slopes;
use chreode_core::{Network, NetworkJvp, Populations, Seed, Snapshot};
use chreode_models::{
    Base, BaseDensity, Checkpoint, Cnf, CnfConfig, Data, DensityBatch, DensityFlow, Fit, Flow, Frame,
    LikelihoodBatch, Net, Objective, OtFlowConfig, PlanarDensity, Pool, Probe, Recipe, Run, Sampler, Space,
    Steps,
};
use chreode_nn::{Activation, Mlp, MlpConfig, Potential, PotentialMemory};
use ndarray::{Array2, array};
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::ops::ControlFlow;

fn sampler() -> Sampler {
    Sampler { method: chreode_ode::DOPRI5, steps: Steps::PerInterval(12) }
}

fn features() -> Vec<String> {
    vec!["x".into(), "y".into()]
}

fn one(points: Array2<f32>) -> Populations {
    Populations::new(vec![Snapshot::new(0.0, points)], features()).expect("a valid series")
}

fn fit(steps: u64, width: usize) -> Fit {
    Fit {
        steps,
        batch: 128,
        hidden: vec![width; 2],
        activation: Activation::Tanh,
        lr: 5e-3,
        ema: 0.98,
        ..Fit::default()
    }
}

/// v = A x + b in one layer, whose first column is that of time.
fn linear(a: [[f32; 2]; 2], b: [f32; 2]) -> Net {
    let shape = MlpConfig::new(2).hidden(vec![]);
    let mut network = Mlp::zeros(shape).expect("a valid shape");
    network.write_parameters(&[0.0, a[0][0], a[0][1], 0.0, a[1][0], a[1][1], b[0], b[1]]);
    network.into()
}

#[test]
fn a_linear_field_carries_a_gaussian_to_the_known_one() {
    // A = r I + w J has e^A = e^r R(w): N(0, I) a unit of network time before becomes N(m, e^{2r} I) with
    // m = (e^A - 1) A⁻¹ b. In a frame of scale 2 and mean 1, and a clock of unit 3.
    let (r, w) = (0.3_f64, 0.8_f64);
    let network = linear([[0.3, -0.8], [0.8, 0.3]], [0.5, -0.2]);
    let data = Populations::new(
        vec![Snapshot::new(4.0, Array2::zeros((3, 2))), Snapshot::new(7.0, Array2::zeros((3, 2)))],
        features(),
    );
    let frame = Frame::new(features(), vec![1.0, 1.0], vec![2.0, 2.0]).expect("a frame");
    let space: Space = data.expect("valid").space(frame).expect("two times");
    let flow = DensityFlow { flow: Flow { network, space }, base: BaseDensity::Normal(2), start: -1.0 };
    // (e^A − 1) A⁻¹ b, as complex numbers.
    let (er, ei) = (r.exp() * w.cos() - 1.0, r.exp() * w.sin());
    let norm = r * r + w * w;
    let (br, bi) = ((0.5 * r + -0.2 * w) / norm, (-0.2 * r - 0.5 * w) / norm);
    let mean = [er * br - ei * bi, er * bi + ei * br];
    let points = array![[0.0_f32, 0.0], [1.0, -2.0], [4.0, 3.0]];
    let found = flow.log_density(4.0, points.view(), &sampler()).expect("integrates");
    for (point, found) in points.rows().into_iter().zip(&found) {
        let z = [0, 1].map(|j| ((f64::from(point[j]) - 1.0) / 2.0 - mean[j]) / r.exp());
        let exact = -TAU.ln() - 0.5 * (z[0] * z[0] + z[1] * z[1]) - 2.0 * r - 2.0 * 2f64.ln();
        assert!((found - exact).abs() < 2e-5, "{found}, not {exact}, at {point}");
    }
    let draws = flow.sample(20_000, 4.0, &sampler(), Seed(1)).expect("integrates");
    let centre = draws.mean_axis(ndarray::Axis(0)).expect("not empty");
    for j in 0..2 {
        assert!((f64::from(centre[j]) - (1.0 + 2.0 * mean[j])).abs() < 0.06, "mean {centre}");
    }
}

/// The rows of a batch whose likelihood is raised.
fn rows(batch: DensityBatch) -> LikelihoodBatch {
    match batch {
        DensityBatch::Likelihood(batch) => batch,
        DensityBatch::Matching(_) => unreachable!("there is no matching"),
    }
}

/// An objective on a few points, with its batch.
fn small(config: &CnfConfig) -> (chreode_models::Likelihood<Net>, LikelihoodBatch) {
    let data = one(PlanarDensity::EightGaussians.sample(400, Seed(2)));
    let space = data.space(Frame::identity(features())).expect("a time");
    let mut objective = config.objective(&space).expect("valid");
    config.prepare(&mut objective, &data).expect("fits");
    let batch = rows(config.batches(&data, &space).expect("valid").batch(0).expect("draws"));
    (objective, batch)
}

fn regularised(probes: usize) -> CnfConfig {
    let fit = Fit { batch: 12, ..fit(1, 12) };
    CnfConfig { probes, kinetic: 0.3, jacobian: 0.2, steps: 4, fit, ..CnfConfig::default() }
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    for probes in [0, 2] {
        let (mut objective, batch) = small(&regularised(probes));
        let (batch, all) = (DensityBatch::Likelihood(batch), 0..objective.parameter_count());
        slopes(&mut objective, 0, &batch, all, (&["velocity"], 2e-2));
    }
}

#[test]
fn the_potential_has_the_derivatives_it_says() {
    // Jacobian times directions against differences of the velocity; the Jacobian of a gradient is symmetric.
    let potential = Potential::new(2, 6, &mut Seed(3).stream("potential", 0));
    let (x, t) = (array![[0.4_f32, -0.7], [1.2, 0.1]], [0.3_f32, -0.5]);
    let mut memory = PotentialMemory::default();
    let mut velocity = |x: &Array2<f32>| {
        let mut out = Array2::zeros((2, 3));
        potential.forward(&t, x.view(), out.view_mut(), &mut memory);
        out
    };
    let h = 1e-2_f32;
    let columns: Vec<Array2<f32>> = (0..2)
        .map(|j| {
            let mut step = Array2::zeros((1, 2));
            step[[0, j]] = h;
            (velocity(&(&x + &step)) - velocity(&(&x - &step))) / (2.0 * h)
        })
        .collect();
    velocity(&x);
    let directions = ndarray::Array3::from_shape_fn((2, 2, 2), |(k, _, j)| f32::from(u8::from(k == j)));
    let mut along = ndarray::Array3::zeros((2, 2, 3));
    potential.tangent(directions.view(), along.view_mut(), &mut memory);
    for (k, column) in columns.iter().enumerate() {
        for (found, expected) in along.index_axis(ndarray::Axis(0), k).iter().zip(column) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }
    for i in 0..2 {
        assert!((along[[0, i, 1]] - along[[1, i, 0]]).abs() < 1e-5);
    }
}

#[test]
fn the_gradient_of_ot_flow_is_that_of_its_loss() {
    let config = OtFlowConfig {
        kinetic: 0.3,
        hjb: 0.4,
        steps: 4,
        fit: Fit { batch: 12, hidden: vec![7], ..fit(1, 1) },
        ..OtFlowConfig::default()
    };
    let data = one(PlanarDensity::EightGaussians.sample(400, Seed(2)));
    let space = data.space(Frame::identity(features())).expect("a time");
    let mut objective = config.objective(&space).expect("valid");
    let batch = config.batches(&data, &space).expect("valid").batch(0).expect("draws");
    // Each named part apart: a part that is wrong cannot hide behind the largest.
    let names: Vec<String> = objective.layout().into_iter().map(|part| part.name).collect();
    let parts: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = 0..objective.parameter_count();
    slopes(&mut objective, 0, &batch, all, (&parts, 1e-2));
}

#[test]
fn probes_give_the_exact_gradient_in_expectation() {
    // The mean over many draws of probes, in units of its standard error, entry by entry: squares of mean 1.
    let (mut objective, batch) = small(&regularised(0));
    let count = objective.parameter_count();
    let mut exact = vec![0.0; count];
    let loss = objective.likelihood(&batch, &mut exact).expect("solves");
    for probe in [Probe::Rademacher, Probe::Gaussian] {
        let config = CnfConfig { probe, ..regularised(1) };
        let data = one(PlanarDensity::EightGaussians.sample(400, Seed(2)));
        let space = data.space(Frame::identity(features())).expect("a time");
        let source = config.batches(&data, &space).expect("valid");
        let draws = 600;
        let (mut sum, mut square) = (vec![0.0_f64; count], vec![0.0_f64; count]);
        let mut losses = Vec::new();
        let mut gradient = vec![0.0; count];
        for k in 0..draws {
            let probes = rows(source.batch(k).expect("draws")).probes;
            let batch = LikelihoodBatch { probes, ..batch.clone() };
            losses.push(objective.likelihood(&batch, &mut gradient).expect("solves"));
            for i in 0..count {
                let g = f64::from(gradient[i]);
                sum[i] += g;
                square[i] += g * g;
            }
        }
        let n = draws as f64;
        let mut scores = Vec::new();
        for i in 0..count {
            let (mean, variance) = (sum[i] / n, square[i] / n - (sum[i] / n).powi(2));
            if variance > 1e-14 {
                scores.push((mean - f64::from(exact[i])).powi(2) / (variance / n));
            }
        }
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        assert!(scores.len() > count / 2 && mean < 2.5, "{probe:?}: mean squared score {mean}");
        let average = losses.iter().sum::<f64>() / n;
        let spread = (losses.iter().map(|l| (l - average).powi(2)).sum::<f64>() / n / n).sqrt();
        assert!(
            (average - loss).abs() < 4.0 * spread + 1e-6,
            "{probe:?}: loss {average} ± {spread}, exactly {loss}"
        );
    }
}

fn trained(data: &Populations, config: CnfConfig) -> DensityFlow<Net> {
    let mut run = Cnf::new(data, Frame::identity(features()), config).expect("valid");
    run.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

#[test]
fn a_trained_flow_is_near_the_known_density_and_integrates_to_one() {
    let set = PlanarDensity::EightGaussians;
    let flow = trained(
        &one(set.sample(2000, Seed(3))),
        CnfConfig { steps: 5, fit: fit(500, 32), ..CnfConfig::default() },
    );
    let test = set.sample(1000, Seed(4));
    let model = flow.log_density(0.0, test.view(), &sampler()).expect("integrates");
    let divergence = (set.log_density(test.view()) - model).mean().expect("not empty");
    // A normal distribution is 1.07 nats away.
    assert!(divergence > -0.02 && divergence < 0.5, "KL divergence {divergence}");
    let (cells, half) = (80, 4.5);
    let step = 2.0 * half / f64::from(cells);
    let grid = Array2::from_shape_fn(((cells * cells) as usize, 2), |(k, j)| {
        let at = if j == 0 { k as i32 / cells } else { k as i32 % cells };
        (-half + (f64::from(at) + 0.5) * step) as f32
    });
    let mass = flow.log_density(0.0, grid.view(), &sampler()).expect("integrates").mapv(f64::exp).sum()
        * step
        * step;
    assert!((mass - 1.0).abs() < 0.01, "the density integrates to {mass}");
}

#[test]
fn matching_is_a_start_near_the_end() {
    // Few updates of likelihood: alone they lead nowhere, after matching they are near. Potentials likewise.
    let set = PlanarDensity::EightGaussians;
    let (data, test) = (one(set.sample(2000, Seed(3))), set.sample(1000, Seed(4)));
    let truth = set.log_density(test.view());
    let divergence = |config: chreode_models::ModelConfig| {
        let mut run = config
            .start(&chreode_models::Dataset::Populations(data.clone()), Frame::identity(features()))
            .expect("valid");
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(())).expect("trains");
        let flow = run.finish().dynamics().expect("a flow");
        let model = flow.log_density(0.0, test.view(), &sampler()).expect("integrates").expect("a density");
        (&truth - &model).mean().expect("not empty")
    };
    let cnf = |matching| CnfConfig { steps: 5, matching, fit: fit(20, 32), ..CnfConfig::default() };
    let (alone, after) = (divergence(cnf(0).into()), divergence(cnf(800).into()));
    assert!(after < 0.35 && after < alone - 0.4, "CNF: {alone} alone, {after} after matching");
    let potential = |matching| {
        let fit = Fit { hidden: vec![32], ..fit(20, 32) };
        OtFlowConfig { steps: 5, matching, fit, ..OtFlowConfig::default() }
    };
    let (alone, after) = (divergence(potential(0).into()), divergence(potential(800).into()));
    assert!(after < 0.5 && after < alone - 0.4, "OT-Flow: {alone} alone, {after} after matching");
}

#[test]
fn bases_have_the_gradients_and_masses_they_say() {
    let first = Snapshot::new(0.0, PlanarDensity::Rings.sample(300, Seed(5)) + &array![[1.0_f32, -0.5]]);
    for base in [Base::Normal, Base::Gaussian, Base::Kernel] {
        let density = base.fit(&first, &features(), Seed(6)).expect("fits");
        let points = array![[0.4_f32, -0.2], [2.0, 1.0], [-1.5, 0.3]];
        let (_, score) = density.log_density(points.view());
        let h = 1e-2_f32;
        for j in 0..2 {
            let mut step = Array2::<f32>::zeros((1, 2));
            step[[0, j]] = h;
            let (ahead, behind) = (&points + &step, &points - &step);
            let slope = (density.log_density(ahead.view()).0 - density.log_density(behind.view()).0)
                / (2.0 * f64::from(h));
            for i in 0..3 {
                assert!(
                    (slope[i] - f64::from(score[[i, j]])).abs() < 2e-2,
                    "{base:?}: {} {}",
                    slope[i],
                    score[[i, j]]
                );
            }
        }
        // Monte Carlo over a box of [-6, 6]² is too rough; a grid is not.
        let grid = Array2::from_shape_fn((120 * 120, 2), |(k, j)| {
            (if j == 0 { k / 120 } else { k % 120 }) as f32 * 0.1 - 5.95
        });
        let mass = density.log_density(grid.view()).0.mapv(f64::exp).sum() * 0.01;
        assert!((mass - 1.0).abs() < 2e-3, "{base:?} integrates to {mass}");
        let draws = density.sample(4000, Seed(7));
        let centre = draws.mean_axis(ndarray::Axis(0)).expect("not empty");
        let expected = if base == Base::Normal { [0.0, 0.0] } else { [1.0, -0.5] };
        for j in 0..2 {
            assert!((centre[j] - expected[j]).abs() < 0.2, "{base:?}: mean {centre}");
        }
    }
}

#[test]
fn a_flow_from_the_first_snapshot_resumes_to_the_bit() {
    let snapshots =
        [0.0, 2.0].map(|t| Snapshot::new(t, PlanarDensity::EightGaussians.sample(200, Seed(8)) + t as f32));
    let data = Populations::new(snapshots.to_vec(), features()).expect("a valid series");
    for base in [Base::Gaussian, Base::Kernel] {
        let config = CnfConfig {
            base,
            probes: 1,
            steps: 2,
            fit: Fit { batch: 16, ..fit(12, 8) },
            ..CnfConfig::default()
        };
        let new = || Cnf::new(&data, Frame::identity(features()), config.clone()).expect("valid");
        let bytes = |run: &Cnf| run.checkpoint(BTreeMap::new()).to_bytes().expect("serialises");
        let mut whole = new();
        whole.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).expect("trains");
        let mut half = new();
        let stop = |p: chreode_models::Progress| {
            if p.step == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        half.train(Pool::with_threads(1), stop).expect("trains");
        let saved = Checkpoint::from_bytes(&bytes(&half)).expect("reads back");
        let mut resumed = Run::<CnfConfig>::resume(&data, &saved, 12).expect("fits");
        resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
        assert_eq!(bytes(&whole), bytes(&resumed));
        let read = Checkpoint::from_bytes(&bytes(&whole))
            .expect("reads back")
            .model_of::<CnfConfig>()
            .expect("fits");
        let x = data.points(1);
        let density = |flow: &DensityFlow<Net>| flow.log_density(2.0, x, &sampler()).expect("integrates");
        assert_eq!(density(&read), density(&whole.finish()));
    }
    // A base that is a snapshot leaves nothing to learn from one.
    let alone = one(PlanarDensity::Rings.sample(50, Seed(9)));
    let config = CnfConfig { base: Base::Gaussian, ..CnfConfig::default() };
    let error = Cnf::new(&alone, Frame::identity(features()), config).err().expect("refused").to_string();
    assert!(error.contains("only time 0"), "{error}");
}

#[test]
fn the_known_densities_are_those_of_their_points() {
    // The entropy by a grid and by draws; the checkerboard's is log 8.
    for set in PlanarDensity::ALL {
        let draws = -set.log_density(set.sample(20_000, Seed(10)).view()).mean().expect("not empty");
        let grid = Array2::from_shape_fn((640 * 640, 2), |(k, j)| {
            (if j == 0 { k / 640 } else { k % 640 }) as f32 / 80.0 - 4.0 + 1.0 / 160.0
        });
        let log = set.log_density(grid.view());
        let cell = 80f64.powi(-2);
        let mass = log.mapv(f64::exp).sum() * cell;
        let entropy = -log.iter().filter(|l| l.is_finite()).map(|l| l * l.exp()).sum::<f64>() * cell;
        assert!((mass - 1.0).abs() < 2e-3, "{set:?} integrates to {mass}");
        assert!((draws - entropy).abs() < 0.02, "{set:?}: entropy {entropy}, of its draws {draws}");
    }
    let checkers = PlanarDensity::Checkerboard.sample(100, Seed(1));
    assert!(
        PlanarDensity::Checkerboard
            .log_density(checkers.view())
            .iter()
            .all(|l| (l + 8f64.ln()).abs() < 1e-12)
    );
}

#[test]
fn a_gaussian_base_of_cells_in_a_plane_names_the_feature() {
    let points = Array2::from_shape_fn((20, 2), |(i, j)| (i + 3 * j) as f32);
    let error = Base::Gaussian.fit(&Snapshot::new(2.0, points), &features(), Seed(0)).unwrap_err();
    let start = "over the cells of time 2 feature y does not vary beside the features before it";
    assert!(error.to_string().starts_with(start), "{error}");
}
