//! A hopping robot, by the protocol of Rubanova et al. (2019, arXiv:1907.03907, section 4.2 and the authors' program).
//!
//! 200 steps of 14 coordinates, each less its minimum, over its maximum. Interpolation: of 100 consecutive steps a random
//! fraction is shown, and all are asked. Extrapolation: the first third of the 200 steps is shown, thinned likewise, and
//! the rest is asked. Errors are in those units, though the networks see each coordinate standardised: what is less than
//! its minimum over its maximum may be 4 everywhere, and a network that sees that learns the mean and no more.

use crate::row::{Bound, Row};
use crate::training::Plan;
use anyhow::{Context, Result};
use chreode_benches::Cost;
use chreode_core::Seed;
use chreode_models::{Fit, Forecaster, Individual, LatentConfig, Recipe, Series, SeriesScore};
use ndarray::{Array3, Axis, s};
use ndarray_npy::NpzReader;
use rand::RngExt;
use std::fs::File;

/// Published errors (× 10⁻²) at 10, 20, 30 and 50 % of the steps: of the latent ODE and of the RNN-VAE.
const INTERPOLATION: [(f64, f64, f64); 4] =
    [(0.1, 0.360, 6.514), (0.2, 0.295, 6.408), (0.3, 0.300, 6.305), (0.5, 0.285, 6.100)];
const EXTRAPOLATION: [(f64, f64, f64); 4] =
    [(0.1, 1.441, 2.378), (0.2, 1.400, 2.135), (0.3, 1.175, 2.021), (0.5, 1.258, 1.782)];
/// What a quick run of the latent ODE must reach, interpolating and extrapolating; the variance is 0.24.
const QUICK: [f64; 2] = [0.02, 0.06];
/// Steps of an individual that is interpolated.
const STEPS: usize = 100;

/// Both tasks, both models.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let states = read(plan)?;
    let mut rows = Vec::new();
    for (extrapolates, published) in [(false, INTERPOLATION), (true, EXTRAPOLATION)] {
        for (fraction, latent, vae) in published {
            let kind = if extrapolates { "extrapolation" } else { "interpolation" };
            let task = format!("hopper {kind} {:.0} %", 100.0 * fraction);
            for (model, published) in [("Latent ODE", latent), ("RNN-VAE", vae)] {
                if !plan.wants(&task, model) || (plan.quick && fraction != 0.3) {
                    continue;
                }
                let (mut values, mut costs) = (Vec::new(), Vec::new());
                for seed in plan.seeds.clone() {
                    let (mse, cost) = one(plan, &states, (&task, model), (extrapolates, fraction), seed)?;
                    plan.say(&format!("{task}, {model}, seed {seed}: mse {mse:.4e}, {:.0} s", cost.seconds))?;
                    values.push(mse);
                    costs.push(cost);
                }
                let bound = Bound::AtMost(QUICK[usize::from(extrapolates)]);
                let row = Row::of((&task, model), "mse", &values, &costs, Some(published * 1e-2));
                rows.push(row.held_to((plan.quick && model == "Latent ODE").then_some(bound)));
            }
        }
    }
    Ok(rows)
}

fn one(
    plan: &Plan,
    states: &Array3<f32>,
    (task, model): (&str, &str),
    (extrapolates, fraction): (bool, f64),
    seed: u64,
) -> Result<(f64, Cost)> {
    let all = individuals(states, extrapolates, Seed(seed))?;
    let (train, test) = plan.split(&all, seed)?;
    let (base, epochs) = (LatentConfig::default(), plan.epochs(100, 80));
    let base = if model == "RNN-VAE" { LatentConfig::rnn_vae() } else { base };
    let (latents, state, hidden) = if plan.quick { (6, 20, vec![20]) } else { (15, 60, vec![100; 3]) };
    let config = LatentConfig {
        latents,
        state,
        noise: 0.05,
        shown: fraction,
        until: if extrapolates { 1.0 / 3.0 } else { 1.0 },
        fit: Fit { hidden, ..plan.fit(base.fit(), (train.len(), epochs, seed)) },
        ..base
    };
    let score = |model: &dyn Forecaster| -> Result<f64> {
        let (given, asked) =
            if extrapolates { test.split_at(1.0 / 3.0)? } else { (test.clone(), test.clone()) };
        let given = given.thinned(fraction, Seed(seed).child("test"))?;
        let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
        let predicted = model.predict(&given, &times, 1, Seed(0))?;
        Ok(SeriesScore::of(&predicted, &asked, &vec![1.0; test.features().len()]).mse)
    };
    let watched = |model: &dyn Forecaster| Ok(format!("mse {:.4e}", score(model)?));
    let frame = train.standardising()?;
    let (trained, cost) =
        plan.train(&format!("{task} {model}"), &train, frame, (config, epochs), &watched)?;
    Ok((score(&*trained)?, cost))
}

/// `(x − min) / max` of each coordinate, as in the authors' program, and time from 0 to 1 in 200 steps.
fn individuals(states: &Array3<f32>, whole: bool, seed: Seed) -> Result<Series> {
    let (_, steps, coordinates) = states.dim();
    let fold = |start: f32, f: fn(f32, f32) -> f32| {
        states.fold_axis(Axis(1), start, |&a, &b| f(a, b)).fold_axis(Axis(0), start, |&a, &b| f(a, b))
    };
    let (low, high) = (fold(f32::INFINITY, f32::min), fold(f32::NEG_INFINITY, f32::max));
    let high = high.mapv(|h| if h == 0.0 { 1.0 } else { h });
    let one = |k: usize| {
        let first = match whole {
            true => 0,
            false => seed.stream("window", k as u64).random_range(0..=steps - STEPS),
        };
        let count = if whole { steps } else { STEPS };
        let window = states.slice(s![k, first..first + count, ..]);
        Individual {
            id: k.to_string(),
            times: (0..count).map(|i| i as f64 / steps as f64).collect(),
            values: (&window - &low) / &high,
            label: None,
        }
    };
    let features = (0..coordinates).map(|j| format!("q{j}")).collect();
    Ok(Series::new((0..states.dim().0).map(one).collect(), features)?)
}

/// Three springs instead of a robot: their places and velocities.
fn springs(count: usize, seed: Seed) -> Array3<f32> {
    let mut states = Array3::zeros((count, 200, 6));
    for (k, mut one) in states.outer_iter_mut().enumerate() {
        let rng = &mut seed.stream("springs", k as u64);
        for j in 0..3 {
            let (height, phase) = (rng.random_range(0.5..1.5), rng.random_range(0.0..std::f64::consts::TAU));
            let rate = 4.0 + 2.0 * j as f64;
            for i in 0..200 {
                let (sin, cos) = (rate * i as f64 / 200.0 + phase).sin_cos();
                one[[i, j]] = (height * sin) as f32;
                one[[i, 3 + j]] = (height * cos) as f32;
            }
        }
    }
    states
}

fn read(plan: &Plan) -> Result<Array3<f32>> {
    if plan.quick {
        return Ok(springs(120, Seed(0)));
    }
    let path = plan.data.join("mujoco_hopper/hopper_1000x200x14_f32.npz");
    let file = File::open(&path).with_context(|| {
        format!(
            "cannot open {}; --data FOLDER (or CHREODE_DATA) names where mujoco_hopper lies",
            path.display()
        )
    })?;
    Ok(NpzReader::new(file)?.by_name("states")?)
}
