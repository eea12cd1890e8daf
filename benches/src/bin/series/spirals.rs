//! Spirals in the plane, as in section 5.1 of Chen et al. (2018, arXiv:1806.07366).
//!
//! Of the first 100 points of a spiral 30, 50 or all are seen, with noise; the score is the root of the mean squared error
//! of the mean of 20 paths at the 100 points after them. The paper says neither which spirals nor how much noise: both are
//! those of torchdiffeq's example. All spirals are shown to their end, so that the curve is known wherever a point is asked
//! for; asked are those of the spirals left out whose 100 next points are still on it.

use crate::row::{Bound, Row};
use crate::training::Plan;
use anyhow::Result;
use chreode_benches::Cost;
use chreode_core::Seed;
use chreode_models::{
    Course, Fit, Forecaster, Frame, Individual, LatentConfig, Recipe, Recognition, Series, SeriesScore,
};
use chreode_nn::Activation;

/// Points seen of 100, and the published error of a recurrent network and of a latent ODE.
const PUBLISHED: [(usize, f64, f64); 3] = [(30, 0.3937, 0.1642), (50, 0.3202, 0.1502), (100, 0.1813, 0.1346)];
/// Standard deviation of the noise on what is seen.
const NOISE: f64 = 0.3;
/// Points that may be seen.
const FIRST: usize = 100;
/// Paths that a prediction is the mean of.
const DRAWS: usize = 20;

/// Both models at every number of points.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (points, recurrent, latent) in PUBLISHED {
        let task = format!("spirals {points}/100");
        for (model, published) in [("Latent ODE", latent), ("RNN-VAE", recurrent)] {
            if !plan.wants(&task, model) || (plan.quick && points != 100) {
                continue;
            }
            let (mut values, mut costs) = (Vec::new(), Vec::new());
            for seed in plan.seeds.clone() {
                let (rmse, cost) = one(plan, (&task, model), points, seed)?;
                plan.say(&format!("{task}, {model}, seed {seed}: rmse {rmse:.4}, {:.0} s", cost.seconds))?;
                values.push(rmse);
                costs.push(cost);
            }
            let bound = (plan.quick && model == "Latent ODE").then_some(Bound::AtMost(1.0));
            let row = Row::of((&task, model), "rmse", &values, &costs, Some(published));
            rows.push(row.held_to(bound));
        }
    }
    Ok(rows)
}

/// What is learnt from, what is shown of the spirals left out, and what is asked of them.
fn parts(plan: &Plan, points: usize, seed: u64) -> Result<[Series; 3]> {
    let count = if plan.quick { 200 } else { 1000 };
    let clean = Course::Spirals.sample(count, 0.0, Seed(seed))?;
    let noisy = Course::Spirals.sample(count, NOISE, Seed(seed))?;
    let share = points as f64 / FIRST as f64;
    let seen = noisy.map(|one| one.keep(|i| i < FIRST))?.thinned(share, Seed(seed).child("seen"))?;
    let learnt = count * 4 / 5;
    // Settings are compared on a part of what is learnt from.
    let (learn, test) =
        if plan.validate { (learnt * 4 / 5, learnt * 4 / 5..learnt) } else { (learnt, learnt..count) };
    let whole = |&i: &usize| clean.individuals()[i].times.len() == 2 * FIRST;
    let test: Vec<usize> = test.filter(whole).collect();
    Ok([
        seen.select(&(0..learn).collect::<Vec<_>>())?,
        seen.select(&test)?,
        clean.select(&test)?.map(|one| one.keep(|i| i >= FIRST))?,
    ])
}

/// One scale for both coordinates, in which the noise is the same in both.
fn frame(train: &Series) -> Result<Frame> {
    let Frame { features, mean, scale } = train.standardising()?;
    let square = scale.iter().map(|s| s * s).sum::<f64>() / scale.len() as f64;
    Ok(Frame::new(features, mean, vec![square.sqrt(); scale.len()])?)
}

fn one(plan: &Plan, (task, model): (&str, &str), points: usize, seed: u64) -> Result<(f64, Cost)> {
    let [train, given, after] = parts(plan, points, seed)?;
    let epochs = plan.epochs(600, 80);
    let base = if model == "RNN-VAE" {
        LatentConfig::rnn_vae()
    } else {
        LatentConfig { recognition: Recognition::OdeRnn, ..LatentConfig::default() }
    };
    let frame = frame(&train)?;
    let width = if plan.quick { 25 } else { 50 };
    let config = LatentConfig {
        latents: 4,
        // A unit a radian; a short run has no time for fields as steep as that.
        span: if plan.quick { 5.0 } else { 3.78 },
        state: width,
        decoder: vec![20],
        noise: NOISE / frame.scale[0],
        fit: Fit {
            hidden: vec![width; 2],
            activation: Activation::Selu,
            ..plan.fit(base.fit(), (train.len(), epochs, seed))
        },
        ..base
    };
    let score = |model: &dyn Forecaster| -> Result<f64> {
        let times: Vec<Vec<f64>> =
            after.individuals().iter().map(|one: &Individual| one.times.clone()).collect();
        let predicted = model.predict(&given, &times, DRAWS, Seed(0))?;
        Ok(SeriesScore::of(&predicted, &after, &[1.0, 1.0]).mse.sqrt())
    };
    let watched = |model: &dyn Forecaster| Ok(format!("rmse {:.4}", score(model)?));
    let (trained, cost) =
        plan.train(&format!("{task} {model}"), &train, frame, (config, epochs), &watched)?;
    Ok((score(&*trained)?, cost))
}
