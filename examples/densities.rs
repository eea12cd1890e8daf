//! Four normalising flows learn eight Gaussians, whose density is known: how far is each from it?
//! Draws the densities beside the true one where a path is given.
//!
//! `cargo run --release -p chreode-examples --example densities -- docs/images/densities.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{Card, Dataset, Dynamics, Frame, ModelConfig, PlanarDensity, Pool, Sampler, Steps};
use chreode_plot::{Ink, Paint, Point, Scene, TITLE_SIZE, Text, svg};
use ndarray::{Array1, Array2};
use std::ops::ControlFlow;

/// The width of a panel, and that of the square it shows.
const PANEL: f64 = 190.0;
const SIDE: f64 = 6.4;
/// Cells of the grid along a side.
const CELLS: usize = 56;
/// Steps of shade.
const LEVELS: usize = 9;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = PlanarDensity::EightGaussians;
    let axes = vec!["x".into(), "y".into()];
    let data = Populations::new(vec![Snapshot::new(0.0, set.sample(20_000, Seed(1)))], axes)?;
    let test = set.sample(4000, Seed(2));
    let truth = set.log_density(test.view());
    let sampler = Sampler { method: chreode::ode::RK4, steps: Steps::PerInterval(16) };
    let grid = grid();
    let mut panels = vec![("the truth".to_string(), set.log_density(grid.view()))];
    for (name, bound) in [("cnf", 0.1), ("ffjord", 0.1), ("rnode", 0.1), ("ot-flow", 0.2)] {
        let mut config = (Card::named(name)?.config)();
        // A start by flow matching, then few updates of the likelihood itself.
        match &mut config {
            ModelConfig::Cnf(cnf) => (cnf.matching, cnf.steps) = (3000, 5),
            // The gradient of a potential takes longer to learn than a field.
            ModelConfig::OtFlow(flow) => (flow.matching, flow.steps, flow.fit.hidden) = (12_000, 5, vec![64]),
            other => return Err(format!("{} has no density", other.method()).into()),
        }
        let fit = config.fit_mut();
        (fit.steps, fit.batch, fit.lr, fit.ema) = (100, 256, 5e-3, 0.98);
        let mut run = config.start(&Dataset::Populations(data.clone()), Frame::isotropic(&data)?)?;
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
        let model: Box<dyn Dynamics> = run.finish().dynamics()?;
        let density = |points: &Array2<f32>| -> Result<Array1<f64>, Box<dyn std::error::Error>> {
            model.log_density(0.0, points.view(), &sampler)?.ok_or_else(|| "a flow has a density".into())
        };
        let far = (&truth - &density(&test)?).mean().unwrap_or(f64::NAN);
        println!("{name:<8} {far:.3} nats from the truth");
        if !(-0.02..bound).contains(&far) {
            return Err(format!("{name} should be less than {bound} nats away").into());
        }
        panels.push((format!("{name}: {far:.3} nats off"), density(&grid)?));
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, svg(&draw(&panels), Paint::Adaptive, "a known density and four learnt ones"))?;
    }
    Ok(())
}

/// The middles of the cells, row by row from the top.
fn grid() -> Array2<f32> {
    let step = SIDE / CELLS as f64;
    Array2::from_shape_fn((CELLS * CELLS, 2), |(k, j)| {
        let at = if j == 0 { k % CELLS } else { CELLS - 1 - k / CELLS };
        ((at as f64 + 0.5) * step - 0.5 * SIDE) as f32
    })
}

/// A panel a density: cells of one shade in a row are one area.
fn draw(panels: &[(String, Array1<f64>)]) -> Scene {
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 20.0);
    let highest = panels[0].1.fold(f64::NEG_INFINITY, |a, &b| a.max(b)).exp();
    let level = |log: f64| ((log.exp() / highest * LEVELS as f64).round() as usize).min(LEVELS);
    let size = (PANEL - 14.0) / CELLS as f64;
    for (number, (title, density)) in panels.iter().enumerate() {
        let left = PANEL * number as f64 + 7.0;
        let mut areas: Vec<Vec<Vec<Point>>> = vec![Vec::new(); LEVELS + 1];
        for row in 0..CELLS {
            let shades: Vec<usize> = (0..CELLS).map(|column| level(density[row * CELLS + column])).collect();
            let mut from = 0;
            for run in shades.chunk_by(|a, b| a == b) {
                let to = from + run.len();
                let [x0, x1] = [from, to].map(|column| left + size * column as f64);
                let [y0, y1] = [row, row + 1].map(|row| 24.0 + size * row as f64);
                areas[run[0]].push(vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
                from = to;
            }
        }
        for (level, areas) in areas.into_iter().enumerate() {
            scene.areas(areas, Ink::time(level as f64, [0.0, LEVELS as f64]), 1.0);
        }
        scene.text(Text::new([left, 15.0], title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
