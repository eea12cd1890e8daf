//! Latent ODEs: the gradient, learning, resumption, refusals.

use chreode_core::Seed;
use chreode_models::{
    Arrivals, Course, Fit, Individual, LatentConfig, Objective, Recipe, Recognition, Series,
};
use ndarray::Array2;

fn small() -> LatentConfig {
    LatentConfig {
        latents: 4,
        state: 8,
        noise: 0.1,
        fit: Fit { hidden: vec![12], batch: 8, steps: 40, ..LatentConfig::default().fit },
        ..LatentConfig::default()
    }
}

/// Waves, some of whose values were not measured, with a label that says which are fast.
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

/// Relative error of the slope along the gradient.
fn slope_error(config: &LatentConfig) -> f64 {
    let data = waves(12);
    let space = chreode_models::Data::space(&data, data.standardising().unwrap()).unwrap();
    let batch = config.batches(&data, &space).unwrap().batch(700).unwrap();
    let mut objective = config.objective(&space).unwrap();
    let n = objective.parameter_count();
    let (mut flat, mut gradient) = (vec![0.0; n], vec![0.0; n]);
    objective.read_parameters(&mut flat);
    objective.loss(0, &batch, &mut gradient).unwrap();
    let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let mut at = |step: f64| {
        let moved = |(p, g): (&f32, &f32)| p + (step * f64::from(*g) / norm) as f32;
        let moved: Vec<f32> = flat.iter().zip(&gradient).map(moved).collect();
        objective.write_parameters(&moved);
        let mut other = vec![0.0; n];
        objective.loss(0, &batch, &mut other).unwrap()
    };
    let step = 1e-2;
    // Richardson: two central differences, so that curvature does not count.
    let central = |at: &mut dyn FnMut(f64) -> f64, h: f64| (at(h) - at(-h)) / (2.0 * h);
    let (coarse, fine) = (central(&mut at, step), central(&mut at, step / 2.0));
    ((4.0 * fine - coarse) / 3.0 - norm).abs() / norm
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    let tight = LatentConfig { rtol: 1e-6, atol: 1e-6, ..small() };
    for config in [
        tight.clone(),
        LatentConfig { recognition: Recognition::Rnn, ..tight.clone() },
        LatentConfig { label_weight: 100.0, until: 0.5, ..tight.clone() },
        LatentConfig { arrivals: Arrivals::Poisson, noise: 1.0, ..tight.clone() },
        LatentConfig { shown: 0.5, ..LatentConfig::rnn_vae() },
    ] {
        let config = LatentConfig { latents: 4, state: 8, noise: 1.0, fit: small().fit, ..config };
        let error = slope_error(&config);
        assert!(error < 2e-3, "{config:?}: {error}");
    }
}
