//! Neural ODEs on series: the gradient, linear laws found again, refusals.

use crate::series::slope_error;
use chreode_core::{Network, Seed};
use chreode_models::{
    Course, Data, Fit, Forecaster, Frame, NeuralOde, NeuralOdeConfig, Order, Pool, Run, Series, SeriesScore,
};
use std::ops::ControlFlow;

fn config(steps: u64, hidden: &[usize]) -> NeuralOdeConfig {
    let fit = Fit {
        hidden: hidden.to_vec(),
        steps,
        batch: 20,
        lr: 0.1,
        weight_decay: 0.0,
        ema: 0.9,
        ..NeuralOdeConfig::default().fit
    };
    NeuralOdeConfig { fit, ..NeuralOdeConfig::default() }
}

/// In the user's own coordinates, so that the law is that of the data.
fn trained(data: &Series, config: NeuralOdeConfig) -> NeuralOde {
    let mut run = Run::new(data, Frame::identity(data.features().to_vec()), config).expect("valid");
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let data = Course::Damped { points: 9 }.sample(8, 0.1, Seed(1)).unwrap();
    let tight = NeuralOdeConfig { rtol: 1e-6, atol: 1e-6, ..config(1, &[12]) };
    let second = NeuralOdeConfig { order: Order::Second, ..tight.clone() };
    for (config, nets) in [
        (tight.clone(), &["field"][..]),
        (NeuralOdeConfig { augment: 2, window: 4, ..tight }, &["field"]),
        (second.clone(), &["field", "velocity"]),
        (NeuralOdeConfig { augment: 1, ..second }, &["field", "velocity"]),
    ] {
        let error = slope_error(&config, &data, 3, nets);
        assert!(error < 2e-3, "{config:?}: {error}");
    }
}

#[test]
fn a_damped_linear_equation_is_found_again() {
    let data = Course::Damped { points: 15 }.sample(40, 0.0, Seed(1)).unwrap();
    let model = trained(&data, NeuralOdeConfig { window: 4, ..config(500, &[]) });
    // An affine field: its weights are the matrix of the equation, in network time.
    let flat = model.field().parameters();
    let unit = model.space().clock.unit as f32;
    for (found, law) in flat.iter().zip([-0.2, -2.0, 2.0, -0.2, 0.0, 0.0]) {
        assert!((found / unit - law).abs() < 0.02, "{flat:?} over {unit}");
    }
    let (_, test) =
        Course::Damped { points: 15 }.sample(50, 0.0, Seed(2)).unwrap().split(0.5, Seed(3)).unwrap();
    let times: Vec<Vec<f64>> = test.individuals().iter().map(|one| one.times.clone()).collect();
    let said = model.predict(&test, &times, 1, Seed(0)).unwrap();
    let error = SeriesScore::of(&said, &test, &[1.0, 1.0]).mse;
    assert!(error < 1e-3, "{error}");
}

#[test]
fn an_oscillator_is_found_again_by_an_equation_of_second_order() {
    let data = Course::Oscillators { points: 60 }.sample(40, 0.0, Seed(1)).unwrap();
    let mut second = NeuralOdeConfig { order: Order::Second, window: 20, ..config(1600, &[]) };
    // The force is −ω² x in network time: −100.
    second.fit.lr = 1.0;
    let model = trained(&data, second);
    // The force is −ω² x, with ω = 2: weights of x and of its velocity, and a bias.
    let flat = model.field().parameters();
    let unit = model.space().clock.unit as f32;
    let (force, drag) = (flat[0] / (unit * unit), flat[1] / unit);
    assert!((force + 4.0).abs() < 0.15 && drag.abs() < 0.1, "{force} {drag}");
}

#[test]
fn paths_run_backwards_too() {
    let data = Course::Damped { points: 15 }.sample(40, 0.0, Seed(1)).unwrap();
    let model = trained(&data, NeuralOdeConfig { window: 4, ..config(500, &[]) });
    let later = data.map(|one| one.keep(|i| i >= 8)).unwrap();
    let firsts: Vec<Vec<f64>> =
        data.individuals().iter().map(|one| vec![one.times[8], one.times[0]]).collect();
    let said = model.predict(&later, &firsts, 1, Seed(0)).unwrap();
    for (p, one) in said.iter().zip(data.individuals()) {
        assert!((p.mean[[0, 0]] - one.values[[8, 0]]).abs() < 1e-5);
        assert!((p.mean[[1, 1]] - one.values[[0, 1]]).abs() < 0.15, "{p:?} {one:?}");
    }
}

#[test]
fn an_individual_that_cannot_start_is_named() {
    let data = Course::Damped { points: 5 }.sample(3, 0.0, Seed(1)).unwrap();
    let holed = data.map(|one| {
        let mut one = one.clone();
        if one.id == "1" {
            one.values[[0, 1]] = f32::NAN;
        }
        one
    });
    let holed = holed.unwrap();
    let frame = || holed.standardising().unwrap();
    let said = Run::new(&holed, frame(), config(1, &[4])).err().unwrap().to_string();
    let text =
        "Neural ODE starts from a first measurement of all features, and individual 1 has none of y then";
    assert!(said.starts_with(text), "{said}");
    // Stretches start where they can.
    assert!(Run::new(&holed, frame(), NeuralOdeConfig { window: 2, ..config(1, &[4]) }).is_ok());
    let short = data.map(|one| one.keep(|i| i < 1)).unwrap();
    let second = NeuralOdeConfig { order: Order::Second, ..config(1, &[4]) };
    let model = trained(&data, second);
    let said = model.predict(&short, &vec![vec![1.0]; 3], 1, Seed(0)).unwrap_err().to_string();
    assert!(
        said.starts_with("second-order Neural ODE starts from 2 measurements, and individual 0 has 1"),
        "{said}"
    );
    assert!(short.space(frame()).is_err());
}
