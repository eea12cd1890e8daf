//! ODE-RNN, GRU-ODE-Bayes and neural CDEs: gradients, and forecasts that beat what needs no learning.

use crate::series::slope_error;
use chreode_core::Seed;
use chreode_models::{
    CdeConfig, ControlKind, Course, FilterConfig, Fit, Forecaster, Individual, Pool, Recipe, Run, Series,
    SeriesScore, Update, area_under_curve,
};
use std::ops::ControlFlow;

fn labelled(data: &Series) -> Series {
    data.map(|one| Individual {
        label: Some(one.values[[one.times.len() - 1, 0]] > one.values[[0, 0]]),
        ..one.clone()
    })
    .expect("valid")
}

fn trained<R: Recipe<Data = Series>>(data: &Series, config: R) -> R::Trained {
    let mut run = Run::new(data, data.standardising().expect("valid"), config).expect("valid");
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

/// What was measured but for the last time, and that.
fn last_apart(data: &Series) -> (Series, Series) {
    let before = data.map(|one| one.keep(|i| i + 1 < one.times.len())).expect("valid");
    (before, data.map(|one| one.keep(|i| i + 1 == one.times.len())).expect("valid"))
}

/// The error of the forecasts of the last time, and that of the value before it.
fn errors(model: &dyn Forecaster, data: &Series) -> (f64, f64) {
    let (before, last) = last_apart(data);
    let times: Vec<Vec<f64>> = last.individuals().iter().map(|one| one.times.clone()).collect();
    let mut said = model.predict(&before, &times, 1, Seed(0)).expect("valid");
    let error = SeriesScore::of(&said, &last, &[1.0]).mse;
    for (p, one) in said.iter_mut().zip(before.individuals()) {
        p.mean.fill(one.values[[one.times.len() - 1, 0]]);
    }
    (error, SeriesScore::of(&said, &last, &[1.0]).mse)
}

fn fit(steps: u64) -> Fit {
    Fit { steps, batch: 32, lr: 1e-2, ema: 0.98, hidden: vec![24], ..FilterConfig::default().fit }
}

#[test]
fn gradients_are_the_slopes_of_the_losses() {
    let damped = Course::Damped { points: 6 }.sample(7, 0.1, Seed(1)).unwrap();
    let data = labelled(
        &damped
            .map(|one| {
                let mut one = one.clone();
                one.values[[2, 1]] = f32::NAN;
                one
            })
            .unwrap(),
    );
    let small =
        FilterConfig { state: 6, readout: 5, prep: 3, longest: 0.1, fit: fit(1), ..FilterConfig::default() };
    for (config, nets) in [
        (
            FilterConfig { noise: 1.0, label_weight: 2.0, ..small.clone() },
            &["input", "flow", "jump", "readout", "classifier"][..],
        ),
        (FilterConfig { noise: 1.0, update: Update::Rnn, ..small.clone() }, &["input", "jump", "readout"]),
        (
            FilterConfig {
                update: Update::GruOdeBayes,
                noise: 0.5,
                mixing: 0.3,
                label_weight: 1.0,
                ..small.clone()
            },
            &["flow", "jump", "classifier"],
        ),
    ] {
        let error = slope_error(&config, &data, 2, nets);
        assert!(error < 5e-3, "{config:?}: {error}");
    }
    for path in [ControlKind::Linear, ControlKind::Hermite, ControlKind::Cubic] {
        let tanh = Fit { activation: chreode_nn::Activation::Tanh, ..fit(1) };
        let config = CdeConfig { path, state: 5, substeps: 2, label_weight: 1.0, fit: tanh };
        let error = slope_error(&config, &data, 2, &["start", "field", "readout", "classifier"]);
        assert!(error < 5e-3, "{config:?}: {error}");
    }
}

/// A time that is asked for is no stop on the way to another.
#[test]
fn a_forecast_does_not_depend_on_the_other_times_asked() {
    let data = labelled(&Course::Periodic { points: 6 }.sample(4, 0.0, Seed(1)).unwrap());
    for update in [Update::OdeRnn, Update::Rnn, Update::GruOdeBayes] {
        let config =
            FilterConfig { update, label_weight: 1.0, longest: 0.1, fit: fit(3), ..FilterConfig::default() };
        let model = trained(&data, config);
        let said = |times: &[f64]| model.predict(&data, &vec![times.to_vec(); 4], 1, Seed(0)).unwrap();
        let (one, many) = (said(&[3.1]), said(&[7.0, 3.05, 3.1, 0.01, 3.02, -0.2, 3.1]));
        for (one, many) in one.iter().zip(&many) {
            assert_eq!(one.mean.row(0), many.mean.row(2), "{update:?}");
            assert_eq!((many.mean.row(2), one.label), (many.mean.row(6), many.label));
        }
    }
}

#[test]
fn an_ode_rnn_forecasts_waves_better_than_their_last_value() {
    let data = Course::Periodic { points: 20 }.sample(120, 0.01, Seed(1)).unwrap();
    let (train, test) = data.split(0.8, Seed(2)).unwrap();
    let model = trained(&train, FilterConfig { state: 24, fit: fit(400), ..FilterConfig::default() });
    let (error, last) = errors(&model, &test);
    assert!(error < 0.7 * last, "{error} {last}");
}

#[test]
fn gru_ode_bayes_knows_how_far_it_is_off() {
    let data = Course::Periodic { points: 20 }.sample(120, 0.01, Seed(1)).unwrap();
    let (train, test) = data.split(0.8, Seed(2)).unwrap();
    let config = FilterConfig { state: 24, longest: 0.01, fit: fit(300), ..FilterConfig::gru_ode_bayes() };
    let model = trained(&train, config);
    let (error, last) = errors(&model, &test);
    assert!(error < last, "{error} {last}");
    let (before, asked) = last_apart(&test);
    // A normal law of all values has −ln(σ √(2πe)) a value, with σ = 1 in standardised units.
    let found = model.log_likelihood(&before, &asked, Seed(0)).unwrap().expect("a density");
    assert!(found > -1.4189, "{found}");
}

#[test]
fn a_forecast_does_not_see_what_it_forecasts() {
    let data = Course::Periodic { points: 6 }.sample(4, 0.0, Seed(1)).unwrap();
    let changed = data.map(|one| {
        let mut one = one.clone();
        one.values[[4, 0]] += 100.0;
        one
    });
    let changed = changed.unwrap();
    let until: Vec<Vec<f64>> =
        data.individuals().iter().map(|one| vec![one.times[2], one.times[4]]).collect();
    let after: Vec<Vec<f64>> = data.individuals().iter().map(|one| vec![one.times[5]]).collect();
    let filter = trained(&data, FilterConfig { fit: fit(3), ..FilterConfig::default() });
    let cde = trained(&data, CdeConfig { fit: fit(3), ..CdeConfig::default() });
    for model in [&filter as &dyn Forecaster, &cde] {
        let said = |given: &Series, times| model.predict(given, times, 1, Seed(0)).unwrap();
        assert_eq!(said(&data, &until), said(&changed, &until));
        assert_ne!(said(&data, &after), said(&changed, &after));
    }
}

#[test]
fn a_controlled_equation_learns_labels_and_forecasts() {
    let data = labelled(&Course::Periodic { points: 20 }.sample(120, 0.01, Seed(1)).unwrap());
    let (train, test) = data.split(0.8, Seed(2)).unwrap();
    let config =
        CdeConfig { state: 12, label_weight: 1.0, fit: Fit { lr: 5e-3, ..fit(300) }, ..CdeConfig::default() };
    let model = trained(&train, config);
    let said = model.predict(&test, &vec![vec![]; test.len()], 1, Seed(0)).unwrap();
    let scores: Vec<f64> = said.iter().filter_map(|p| p.label).collect();
    let labels: Vec<bool> = test.individuals().iter().filter_map(|one| one.label).collect();
    let area = area_under_curve(&scores, &labels).expect("both classes");
    assert!(area > 0.8, "{area}");
    let (error, last) = errors(&model, &test);
    assert!(error < last, "{error} {last}");
}
