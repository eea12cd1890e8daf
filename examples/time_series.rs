//! A latent ODE on waves that were measured at a few random times: what it makes of four it has not seen, and how it
//! carries them on. Draws them where a path is given.
//!
//! `cargo run --release -p chreode-examples --example time_series -- docs/images/time-series.svg`

use chreode::core::Seed;
use chreode::models::{Course, Fit, Forecaster, Individual, LatentConfig, Pool, Predicted, Run, SeriesScore};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use std::ops::ControlFlow;

/// Width and height of a panel.
const PANEL: [f64; 2] = [210.0, 150.0];
/// What is shown of unseen waves comes before this time.
const SHOWN: f64 = 3.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let waves = Course::Periodic { points: 30 }.sample(300, 0.02, Seed(1))?;
    let (train, test) = waves.split(0.8, Seed(2))?;
    let fit = Fit { hidden: vec![40; 2], steps: 5000, batch: 40, lr: 1e-2, ema: 0.99, ..Fit::default() };
    let config =
        LatentConfig { latents: 8, state: 30, noise: 0.1, until: 0.6, fit, ..LatentConfig::default() };
    let mut run = Run::new(&train, train.standardising()?, config)?;
    run.train(Pool::with_threads(2), |progress| {
        if progress.step % 200 == 0 {
            println!("step {:>5}  loss {:.3}", progress.step, progress.loss);
        }
        ControlFlow::Continue(())
    })?;
    let model = run.finish();
    let (given, after) = test.split_at(SHOWN)?;
    let times: Vec<Vec<f64>> = after.individuals().iter().map(|one| one.times.clone()).collect();
    let said = model.predict(&given, &times, 20, Seed(3))?;
    let error = SeriesScore::of(&said, &after, &[1.0]).mse;
    println!("mean squared error after what was shown: {error:.4}; the variance of a wave is 0.5");
    assert!(error < 0.25);
    if let Some(path) = std::env::args().nth(1) {
        let few = given.select(&[0, 1, 2, 3])?;
        let grid: Vec<f64> = (0..=100).map(|k| 0.05 * f64::from(k)).collect();
        let curves = model.predict(&few, &vec![grid; 4], 50, Seed(4))?;
        let scene = draw(few.individuals(), &after.individuals()[..4], &curves);
        std::fs::write(path, svg(&scene, Paint::Adaptive, "four waves, seen until time 3 and carried on"))?;
    }
    Ok(())
}

/// A panel an individual: what was shown, what came after, and the model's mean within two deviations.
fn draw(shown: &[Individual], after: &[Individual], curves: &[Predicted]) -> Scene {
    let [width, height] = PANEL;
    let mut scene = Scene::new(width * shown.len() as f64, height + 40.0);
    for (number, ((shown, after), curve)) in shown.iter().zip(after).zip(curves).enumerate() {
        let left = width * number as f64 + 12.0;
        let at =
            |t: f64, x: f64| -> Point { [left + t / 5.0 * (width - 24.0), 30.0 + height * (2.6 - x) / 3.2] };
        let points = |one: &Individual| -> Vec<Point> {
            one.times.iter().zip(&one.values).map(|(&t, &x)| at(t, f64::from(x))).collect()
        };
        let line = |away: f64| -> Vec<Point> {
            let spread = |k: usize| curve.spread.as_ref().map_or(0.0, |s| f64::from(s[[k, 0]]));
            (0..curve.times.len())
                .map(|k| at(curve.times[k], f64::from(curve.mean[[k, 0]]) + away * spread(k)))
                .collect()
        };
        scene.lines(vec![line(-2.0), line(2.0)], Stroke::new(Ink::Model, 0.8).opacity(0.5));
        scene.lines(vec![line(0.0)], Stroke::new(Ink::Model, 1.8));
        scene.line(at(SHOWN, -0.5), at(SHOWN, 2.5), Stroke::new(Ink::Muted, 0.8).dash(3.0, 3.0));
        scene.dots(points(shown), 2.6, Ink::Text, 1.0);
        scene.dots(points(after), 2.2, Ink::Muted, 0.9);
        let title = format!("individual {}", shown.id);
        scene.text(Text::new([left, 18.0], title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
