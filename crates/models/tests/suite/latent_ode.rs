//! Latent ODEs: the gradient, learning, resumption, refusals.

use chreode_core::Seed;
use chreode_models::{
    Arrivals, Checkpoint, Course, Data, Fit, Forecaster, Individual, LatentConfig, LatentSeries, Pool,
    Recipe, Recognition, Run, Series, SeriesScore, area_under_curve,
};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::series::slope_error;

fn small(steps: u64) -> LatentConfig {
    LatentConfig {
        latents: 4,
        state: 10,
        noise: 0.2,
        fit: Fit { hidden: vec![12], batch: 8, steps, ..LatentConfig::default().fit },
        ..LatentConfig::default()
    }
}

/// Waves, each value seen of one of two features, with a label that says which went up first.
fn waves(count: usize) -> Series {
    let waves = Course::Periodic { points: 12 }.sample(count, 0.01, Seed(1)).expect("a valid law");
    let both = |one: &Individual| {
        let mut values = Array2::from_elem((one.times.len(), 2), f32::NAN);
        for (i, &x) in one.values.column(0).iter().enumerate() {
            values[[i, i % 2]] = x;
        }
        Individual { values, label: Some(one.values[[1, 0]] > 1.0), ..one.clone() }
    };
    let changed = waves.individuals().iter().map(both).collect();
    Series::new(changed, vec!["a".into(), "b".into()]).expect("valid")
}

fn run(data: &Series, config: LatentConfig) -> Run<LatentConfig> {
    Run::new(data, data.standardising().expect("scales"), config).expect("valid")
}

fn trained(data: &Series, config: LatentConfig) -> LatentSeries {
    let mut run = run(data, config);
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

fn times(series: &Series) -> Vec<Vec<f64>> {
    series.individuals().iter().map(|one| one.times.clone()).collect()
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let tight = LatentConfig { rtol: 1e-6, atol: 1e-6, ..small(9) };
    let ode = ["encoder.input", "encoder.flow", "encoder.jump", "head", "motion", "decoder"];
    let told = ["encoder.input", "encoder.jump", "head", "motion", "decoder"];
    let both = ["encoder.input", "encoder.jump", "head", "motion.input", "motion.jump", "decoder"];
    for (config, nets) in [
        (tight.clone(), &ode[..]),
        (LatentConfig { recognition: Recognition::Rnn, ..tight.clone() }, &told),
        (
            LatentConfig { label_weight: 100.0, until: 0.5, ..tight.clone() },
            &[&ode[..], &["classifier"]].concat(),
        ),
        (LatentConfig { arrivals: Arrivals::Poisson, ..tight.clone() }, &ode),
        (LatentConfig { shown: 0.5, ..LatentConfig::rnn_vae() }, &both),
    ] {
        let config = LatentConfig { latents: 4, state: 8, noise: 1.0, fit: small(9).fit, ..config };
        // The 700th batch: the weight of the KL term has grown.
        let error = slope_error(&config, &waves(12), 700, nets);
        // The classifier bends.
        let bound = if config.label_weight > 0.0 { 5e-3 } else { 2e-3 };
        assert!(error < bound, "{config:?}: {error}");
    }
}

#[test]
fn courses_are_interpolated_better_than_by_their_mean() {
    let data = Course::Damped { points: 15 }.sample(160, 0.02, Seed(1)).unwrap();
    let (train, test) = data.split(0.8, Seed(2)).unwrap();
    let config = LatentConfig {
        latents: 4,
        state: 20,
        noise: 0.1,
        fit: Fit { hidden: vec![20], batch: 32, steps: 400, lr: 1e-2, ema: 0.99, ..small(1).fit },
        ..small(1)
    };
    let model = trained(&train, config);
    let shown = test.thinned(0.7, Seed(3)).unwrap();
    let said = model.predict(&shown, &times(&test), 5, Seed(4)).unwrap();
    let error = SeriesScore::of(&said, &test, &model.space().frame.scale).mse;
    // In units of the variance.
    assert!(error < 0.2, "{error}");
    assert!(said.iter().all(|p| p.spread.as_ref().is_some_and(|s| s.iter().all(|s| *s >= 0.05))));
    let bound = model.log_likelihood(&test, &test, Seed(5)).unwrap().expect("a Gaussian");
    assert!(bound.is_finite() && bound < 2.0, "{bound}");
}

/// A path that is trained on the rest alone need not come through what was shown, and learns the rest by heart.
#[test]
fn a_forecast_comes_through_what_was_shown() {
    let data = Course::Damped { points: 15 }.sample(100, 0.02, Seed(1)).unwrap();
    let (train, test) = data.split(0.8, Seed(2)).unwrap();
    let fit = Fit { hidden: vec![20], batch: 40, steps: 300, lr: 1e-2, ema: 0.99, ..small(1).fit };
    let model = trained(
        &train,
        LatentConfig {
            latents: 4,
            state: 20,
            noise: LatentConfig::default().noise,
            until: 0.5,
            fit,
            ..small(1)
        },
    );
    let (given, rest) = test.split_at(1.5).unwrap();
    for (asked, bound) in [(&given, 0.05), (&rest, 0.05)] {
        let said = model.predict(&given, &times(asked), 5, Seed(4)).unwrap();
        let error = SeriesScore::of(&said, asked, &model.space().frame.scale).mse;
        assert!(error < bound, "{error}");
    }
}

#[test]
fn labels_are_learnt() {
    let data = waves(60);
    let config =
        LatentConfig { label_weight: 30.0, fit: Fit { steps: 300, ema: 0.9, ..small(1).fit }, ..small(1) };
    let said = trained(&data, config).predict(&data, &vec![vec![]; 60], 3, Seed(1)).unwrap();
    let scores: Vec<f64> = said.iter().map(|p| p.label.expect("labels were learnt")).collect();
    let labels: Vec<bool> = data.individuals().iter().map(|one| one.label.unwrap_or(false)).collect();
    let area = area_under_curve(&scores, &labels).expect("both classes");
    assert!(area > 0.9, "{area}");
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one() {
    let data = waves(20);
    let bytes = |run: &Run<LatentConfig>| run.checkpoint(BTreeMap::new()).to_bytes().unwrap();
    let mut whole = run(&data, small(12));
    whole.train(Pool::with_threads(2), |_| ControlFlow::Continue(())).unwrap();
    let mut half = run(&data, small(12));
    let stop = |p: chreode_models::Progress| {
        if p.step == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    half.train(Pool::with_threads(1), stop).unwrap();
    let kept = Checkpoint::from_bytes(&bytes(&half)).unwrap();
    let mut resumed = Run::<LatentConfig>::resume(&data, &kept, 12).unwrap();
    resumed.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(bytes(&whole), bytes(&resumed));
    let model = kept.model_of::<LatentConfig>().unwrap();
    assert_eq!(model.space(), &data.space(data.standardising().unwrap()).unwrap());
}

#[test]
fn an_individual_is_told_the_same_alone_and_in_any_order_of_times() {
    let data = waves(3);
    let model = trained(&data, small(5));
    let asked = vec![vec![4.0, 0.5, 2.0]; 3];
    let all = model.predict(&data, &asked, 2, Seed(9)).unwrap();
    let first = model.predict(&data.select(&[0]).unwrap(), &[vec![0.5, 2.0, 4.0]], 2, Seed(9)).unwrap();
    for (i, k) in [(0, 2), (1, 0), (2, 1)] {
        for j in 0..2 {
            // Alone, the solve may choose other steps.
            let (a, b) = (all[0].mean[[i, j]], first[0].mean[[k, j]]);
            assert!((a - b).abs() < 1e-2, "{a} {b}");
        }
    }
    // Before the first time of all, too: the path goes on smoothly.
    let around = model.predict(&data, &vec![vec![-0.01, 0.0, 0.01]; 3], 1, Seed(9)).unwrap();
    let x = around[0].mean.column(0).to_vec();
    assert!((x[0] - 2.0 * x[1] + x[2]).abs() < 0.1 * (x[2] - x[0]).abs().max(1e-2), "{x:?}");
}

/// The draws of an individual are its own, whoever else is asked of.
#[test]
fn an_individual_keeps_its_draws_in_other_company() {
    let data = waves(4);
    let model = trained(&data, small(5));
    let asked = vec![vec![0.5, 2.0, 4.0]; 4];
    let all = model.predict(&data, &asked, 1, Seed(9)).unwrap();
    let other = model.predict(&data, &asked, 1, Seed(8)).unwrap();
    let rest = model.predict(&data.select(&[1, 2, 3]).unwrap(), &asked[1..], 1, Seed(9)).unwrap();
    let apart = |a: &Array2<f32>, b: &Array2<f32>| (a - b).mapv(f32::abs).fold(0.0_f32, |m, x| m.max(*x));
    for (k, rest) in rest.iter().enumerate() {
        // Without the first, the solve may choose other steps.
        assert!(apart(&all[k + 1].mean, &rest.mean) < 1e-2, "{:?} {rest:?}", all[k + 1]);
        assert!(apart(&all[k + 1].mean, &other[k + 1].mean) > 3e-2, "another draw is another path");
    }
}

/// The same values at later times are another individual, to every recognition.
#[test]
fn recognitions_know_when_something_was_measured() {
    let data = waves(6);
    for recognition in [Recognition::OdeRnn, Recognition::Rnn] {
        let model = trained(&data, LatentConfig { recognition, ..small(5) });
        let early = data.select(&[0]).unwrap().map(|one| one.keep(|i| one.times[i] < 3.0)).unwrap();
        let shift = |one: &Individual| {
            let times = one.times.iter().map(|t| t + 1.5).collect();
            Individual { times, ..one.clone() }
        };
        let late = early.map(shift).unwrap();
        // The name is the same, and so are the draws.
        let said = |given: &Series| model.predict(given, &[vec![2.0]], 1, Seed(1)).unwrap().remove(0).mean;
        let (early, late) = (said(&early), said(&late));
        assert!((&early - &late).iter().any(|d| d.abs() > 1e-4), "{recognition:?}: {early} {late}");
    }
}

#[test]
fn refusals_say_what_is_missing() {
    let data = Course::Periodic { points: 3 }.sample(4, 0.0, Seed(1)).unwrap();
    let frame = || data.standardising().unwrap();
    let labels =
        Run::new(&data, frame(), LatentConfig { label_weight: 1.0, ..small(1) }).err().unwrap().to_string();
    assert!(labels.starts_with("Latent ODE learns labels, and no individual has one"), "{labels}");
    let until = Run::new(&data, frame(), LatentConfig { until: 0.0, ..small(1) }).err().unwrap().to_string();
    assert_eq!(until, "until is 0; it must be in (0, 1]");
    let at_once = data.map(|one| one.keep(|i| i == 0)).unwrap();
    let once = Run::new(&at_once, frame(), small(1)).err().unwrap().to_string();
    assert!(
        once.starts_with("there is nothing to learn in time: the measurements are at time 0 alone"),
        "{once}"
    );
    let model = trained(&data, small(2));
    let lists = model.predict(&data, &[vec![]], 1, Seed(0)).unwrap_err().to_string();
    assert_eq!(lists, "there are 4 individuals and 1 lists of times to predict; give one list each");
    assert!(small(1).check().is_ok());
    let arrivals = LatentConfig { arrivals: Arrivals::Poisson, ..LatentConfig::rnn_vae() }.check();
    let said = arrivals.unwrap_err().to_string();
    assert_eq!(said, "arrivals must be given where the generation is rnn");
}
