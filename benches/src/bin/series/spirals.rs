//! Spirals in the plane, by the protocol of Chen et al. (2018, arXiv:1806.07366, section 5.1).
//!
//! 1000 spirals, half of them clockwise; of the first 100 points 30, 50 or all are seen, with noise; the score is the root
//! of the mean squared error at the 100 points after them.

use crate::row::{Bound, Row};
use crate::training::Plan;
use anyhow::Result;
use chreode_core::Seed;
use chreode_models::{Course, Fit, Forecaster, Individual, LatentConfig, Recipe, Recognition, SeriesScore};

/// Points seen of 100, and the published error of a recurrent network and of a latent ODE.
const PUBLISHED: [(usize, f64, f64); 3] = [(30, 0.3937, 0.1642), (50, 0.3202, 0.1502), (100, 0.1813, 0.1346)];
/// Standard deviation of the noise on what is seen.
const NOISE: f64 = 0.3;

/// Both models at every number of points.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (points, recurrent, latent) in PUBLISHED {
        let task = format!("spirals {points}/100");
        for (model, published) in [("Latent ODE", latent), ("RNN-VAE", recurrent)] {
            if !plan.wants(&task, model) || (plan.quick && points != 100) {
                continue;
            }
            let (mut values, mut seconds) = (Vec::new(), Vec::new());
            for seed in 1..=plan.seeds {
                let (rmse, time) = one(plan, (&task, model), points, seed)?;
                plan.say(&format!("{task}, {model}, seed {seed}: rmse {rmse:.4}, {time:.0} s"))?;
                values.push(rmse);
                seconds.push(time);
            }
            let bound = (plan.quick && model == "Latent ODE").then_some(Bound::AtMost(1.0));
            let row = Row::of((&task, model), "rmse", &values, &seconds, Some(published));
            rows.push(row.held_to(bound));
        }
    }
    Ok(rows)
}

fn one(plan: &Plan, (task, model): (&str, &str), points: usize, seed: u64) -> Result<(f64, f64)> {
    let count = if plan.quick { 200 } else { 1000 };
    let clean = Course::Spirals.sample(count, 0.0, Seed(seed))?;
    let noisy = Course::Spirals.sample(count, NOISE, Seed(seed))?;
    let seen =
        noisy.map(|one| one.keep(|i| i < 100))?.thinned(points as f64 / 100.0, Seed(seed).child("seen"))?;
    let test: Vec<usize> = (count * 4 / 5..count).collect();
    let train = seen.select(&(0..count * 4 / 5).collect::<Vec<_>>())?;
    let (given, after) = (seen.select(&test)?, clean.select(&test)?.map(|one| one.keep(|i| i >= 100))?);
    let epochs = plan.epochs(150, 80);
    let base = if model == "RNN-VAE" {
        LatentConfig::rnn_vae()
    } else {
        LatentConfig { recognition: Recognition::OdeRnn, ..LatentConfig::default() }
    };
    let frame = train.standardising()?;
    let scale = frame.scale.iter().sum::<f64>() / frame.scale.len() as f64;
    let config = LatentConfig {
        latents: 4,
        state: 25,
        noise: NOISE / scale,
        fit: Fit { hidden: vec![30; 2], ..plan.fit(base.fit(), (train.len(), epochs, seed)) },
        ..base
    };
    let score = |model: &dyn Forecaster| -> Result<f64> {
        let times: Vec<Vec<f64>> =
            after.individuals().iter().map(|one: &Individual| one.times.clone()).collect();
        let predicted = model.predict(&given, &times, 1, Seed(0))?;
        Ok(SeriesScore::of(&predicted, &after, &[1.0, 1.0]).mse.sqrt())
    };
    let watched = |model: &dyn Forecaster| Ok(format!("rmse {:.4}", score(model)?));
    let (trained, time) =
        plan.train(&format!("{task} {model}"), &train, frame, (config, epochs), &watched)?;
    Ok((score(&*trained)?, time))
}
