//! One series, four flows: cells on an arc, measured at times 0, 1 and 3, with a second group that is born in between.
//! Draws their ways where a path is given.
//!
//! `cargo run -p chreode-examples --example flow_variants -- docs/images/flow-variants.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{Card, Dataset, Frame, ModelConfig, ModelError, Planar, Pool, Sampler};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::{Array2, Axis, array, concatenate};
use std::ops::ControlFlow;

/// The width of a panel.
const PANEL: f64 = 230.0;
/// The models, and what is set.
const MODELS: [&str; 4] = ["ot-cfm", "mmfm", "uot-fm", "sf2m"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cells = series()?;
    let times = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0];
    let start = Snapshot::new(0.0, cells.points(0).select(Axis(0), &(0..40).collect::<Vec<_>>()));
    let mut panels = Vec::new();
    for name in MODELS {
        let mut config = (Card::named(name)?.config)();
        let fit = config.fit_mut();
        (fit.steps, fit.batch) = (1500, 128);
        if let ModelConfig::ScoreFlow(score) = &mut config {
            score.sigma = 0.15;
        }
        let mut run = config.start(&Dataset::Populations(cells.clone()), Frame::isotropic(&cells)?)?;
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
        let model = run.finish().dynamics()?;
        let states = model.evolve(&start, &times, &Sampler::published(), Seed(1))?;
        let far = states[6].points.rows().into_iter().filter(|r| r[1] < -1.0).count();
        println!("{name:<8} {far:>2} of 40 cells end in the group that was born");
        panels.push((name, states));
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, svg(&draw(&cells, &panels), Paint::Adaptive, "the ways of four flows"))?;
    }
    Ok(())
}

/// A group that goes over an arc; at time 3 a third of the cells is new, far below.
fn series() -> Result<Populations, ModelError> {
    let group = |n: usize, x: f32, y: f32, seed: u64| -> Result<Array2<f32>, ModelError> {
        Ok(Planar::Normal.sample(n, Seed(seed))? * 0.12 + &array![[x, y]])
    };
    let last = concatenate![Axis(0), group(400, 1.6, 0.0, 3)?, group(200, 1.6, -1.6, 4)?];
    let snapshots = [(0.0, group(600, -1.6, 0.0, 1)?), (1.0, group(600, -0.7, 1.1, 2)?), (3.0, last)];
    let snapshots = snapshots.map(|(time, points)| Snapshot::new(time, points)).to_vec();
    Ok(Populations::new(snapshots, vec!["x".into(), "y".into()])?)
}

/// A panel a model: measured cells, and lines through the moved ones as strong as their weights.
fn draw(cells: &Populations, panels: &[(&str, Vec<Snapshot>)]) -> Scene {
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 30.0);
    for (number, (title, states)) in panels.iter().enumerate() {
        let middle = [PANEL * (number as f64 + 0.5), 30.0 + 0.45 * PANEL];
        let at = |points: &Array2<f32>, i: usize| -> Point {
            let [x, y] = [0, 1].map(|k| f64::from(points[[i, k]]));
            [middle[0] + 48.0 * x, middle[1] - 48.0 * y]
        };
        for snapshot in cells.snapshots() {
            let some = (0..snapshot.len()).step_by(5);
            scene.dots(some.map(|i| at(&snapshot.points, i)).collect(), 1.4, Ink::Muted, 0.6);
        }
        for pair in states.windows(2) {
            for i in 0..pair[0].len() {
                let weight = pair[1].weights.as_ref().map_or(1.0, |w| f64::from(w[i]));
                let stroke = Stroke::new(Ink::Series(0), 1.2).opacity((0.5 * weight).min(1.0));
                scene.line(at(&pair[0].points, i), at(&pair[1].points, i), stroke);
            }
        }
        scene.text(Text::new([middle[0] - 105.0, 18.0], *title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
