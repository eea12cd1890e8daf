//! One series, every flow-matching model of the zoo: cells on an arc, measured at times 0, 1 and 3, with a second group
//! that is born in between. Draws their ways where a path is given. `fm` begins at noise instead, with the last time to
//! reach.
//!
//! `cargo run -p chreode-examples --example flow_variants -- docs/images/flow-variants.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{Card, Dataset, Frame, ModelConfig, ModelError, Planar, Pool, Sampler};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::{Array2, Axis, array, concatenate};
use std::ops::ControlFlow;

/// The width of a panel, and how many are in a row.
const PANEL: f64 = 215.0;
const COLUMNS: usize = 4;
/// The models, in the order of the list.
const MODELS: [&str; 16] = [
    "ot-cfm",
    "i-cfm",
    "sb-cfm",
    "vp-cfm",
    "uot-cfm",
    "uot-fm",
    "uot-mmfm",
    "rf",
    "fm",
    "sf2m",
    "sf2m-sinkhorn",
    "mmfm",
    "mmfm-monotone",
    "otp-fm",
    "mfm-land",
    "mfm-rbf",
];
/// Updates of a network.
const STEPS: u64 = 1200;
/// Cells whose ways are drawn.
const DRAWN: usize = 32;

/// A model's name, what it was trained on, and where the drawn cells are at some times.
struct Panel {
    name: &'static str,
    cells: Populations,
    states: Vec<Snapshot>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cells = series()?;
    let times = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0];
    let mut panels = Vec::new();
    for name in MODELS {
        let mut config = (Card::named(name)?.config)();
        let fit = config.fit_mut();
        (fit.steps, fit.batch) = (STEPS, 128);
        match &mut config {
            // Noise of the size of the groups.
            ModelConfig::ScoreFlow(score) => score.sigma = 0.15,
            ModelConfig::FlowMatching(flow) if name == "sb-cfm" => flow.sigma = 0.15,
            ModelConfig::Rectified(flow) => flow.first_steps = STEPS,
            ModelConfig::MetricFlow(flow) => (flow.path_steps, flow.centres) = (STEPS, 30),
            _ => {}
        }
        let (cells, frame) = match name {
            "fm" => (from_noise(&cells)?, Frame::identity(cells.features().to_vec())),
            _ => (cells.clone(), Frame::isotropic(&cells)?),
        };
        let drawn: Vec<usize> = (0..DRAWN).collect();
        let start = Snapshot::new(0.0, cells.points(0).select(Axis(0), &drawn));
        let mut run = config.start(&Dataset::Populations(cells.clone()), frame)?;
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
        let model = run.finish().dynamics()?;
        let states = model.evolve(&start, &times, &Sampler::published(), Seed(1))?;
        let far = states[6].points.rows().into_iter().filter(|r| r[1] < -1.0).count();
        println!("{name:<14} {far:>2} of {DRAWN} cells end in the group that was born");
        panels.push(Panel { name, cells, states });
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, svg(&draw(&panels), Paint::Adaptive, "the ways of sixteen flows"))?;
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

/// Standard normal noise at the first time, and the cells of the last.
fn from_noise(cells: &Populations) -> Result<Populations, ModelError> {
    let noise = Snapshot::new(0.0, Planar::Normal.sample(600, Seed(5))?);
    Ok(Populations::new(vec![noise, cells.snapshots()[2].clone()], cells.features().to_vec())?)
}

/// A panel a model: measured cells, and the ways of the moved ones, as strong as their weights in the end.
fn draw(panels: &[Panel]) -> Scene {
    let rows = panels.len().div_ceil(COLUMNS);
    let mut scene = Scene::new(PANEL * COLUMNS as f64, PANEL * rows as f64);
    for (number, Panel { name, cells, states }) in panels.iter().enumerate() {
        let (column, row) = ((number % COLUMNS) as f64, (number / COLUMNS) as f64);
        let middle = [PANEL * (column + 0.5), PANEL * (row + 0.5)];
        let at = |points: &Array2<f32>, i: usize| -> Point {
            let [x, y] = [0, 1].map(|k| f64::from(points[[i, k]]));
            [middle[0] + 44.0 * x, middle[1] - 44.0 * y]
        };
        for snapshot in cells.snapshots() {
            let some = (0..snapshot.len()).step_by(8);
            scene.dots(some.map(|i| at(&snapshot.points, i)).collect(), 1.3, Ink::Muted, 0.6);
        }
        let end = &states[states.len() - 1];
        for i in 0..end.len() {
            let weight = end.weights.as_ref().map_or(1.0, |w| f64::from(w[i]));
            let stroke = Stroke::new(Ink::Series(0), 1.1).opacity((0.5 * weight).min(1.0));
            scene.lines(vec![states.iter().map(|state| at(&state.points, i)).collect()], stroke);
        }
        let corner = [middle[0] - 0.46 * PANEL, middle[1] - 0.42 * PANEL];
        scene.text(Text::new(corner, *name, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
