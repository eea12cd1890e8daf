//! A simulated culture that branches, divides and dies, learnt by five models: where do its first cells go, and how many do they
//! become? Draws their ways where a path is given.
//!
//! `cargo run --release -p chreode-examples --example growth -- docs/images/growth.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{
    Bifurcation, Card, Crowd, Dataset, Descendants, Frame, Mass, Measurement, ModelConfig, Pool, Sampler,
    Steps, score_growth,
};
use chreode::nn::Activation;
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::{Array2, Axis};
use std::ops::ControlFlow;

/// The width of a panel.
const PANEL: f64 = 190.0;
/// The models, and the bounds of W₁ and of the mass error that each keeps.
const MODELS: [(&str, f64, f64); 5] = [
    ("wfr-fm", 0.15, 0.05),
    ("vgfm", 0.2, 0.1),
    ("tigon", 0.2, 0.25),
    ("mioflow", 0.3, f64::INFINITY),
    ("trajectorynet", 0.45, 0.45),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let culture = Bifurcation {
        genes: 2,
        cells: 400,
        founders: 800,
        futures: 1,
        measurement: Measurement::Exact,
        ..Bifurcation::default()
    };
    let simulation = culture.simulate(Seed(1))?;
    let (cells, masses) = (simulation.populations, simulation.truth.iter().map(|truth| truth.mass).collect());
    let mass = Mass::Given(masses);
    let sampler = Sampler { method: chreode::ode::RK4, steps: Steps::PerInterval(10) };
    let first: Vec<usize> = (0..60).collect();
    let start = Snapshot::new(cells.times()[0], cells.points(0).select(Axis(0), &first));
    let mut panels = Vec::new();
    for (name, far, wrong) in MODELS {
        let config = short(Card::named(name)?, &mass);
        let mut run = config.start(&Dataset::Populations(cells.clone()), Frame::isotropic(&cells)?)?;
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
        let model = run.finish().dynamics()?;
        let scores = score_growth(&*model, &cells, &mass, &sampler, Seed(1))?;
        let mean = |f: &dyn Fn(&chreode::models::GrowthScore) -> f64| {
            scores.iter().map(f).sum::<f64>() / scores.len() as f64
        };
        let (w1, error) = (mean(&|score| score.w1), mean(&|score| score.mass_error()));
        println!("{name:<14} W1 {w1:.3}, mass error {error:.3}");
        if w1 >= far || error >= wrong {
            return Err(format!("{name} should stay below {far} and {wrong}").into());
        }
        panels.push((name, model.evolve(&start, &cells.times(), &sampler, Seed(1))?));
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, svg(&draw(&cells, &panels), Paint::Adaptive, "five models of one culture"))?;
    }
    Ok(())
}

/// The settings of a card, with the masses of the culture and few updates.
fn short(card: &Card, mass: &Mass) -> ModelConfig {
    let mut config = (card.config)();
    let fit = config.fit_mut();
    (fit.steps, fit.batch) = (2000, 64);
    match &mut config {
        ModelConfig::WfrFm(wfr) => (wfr.mass, wfr.delta) = (mass.clone(), 1.5),
        ModelConfig::Vgfm(vgfm) => (vgfm.mass, vgfm.matching, vgfm.fit.steps) = (mass.clone(), 1500, 100),
        ModelConfig::Tigon(tigon) => {
            (tigon.mass, tigon.fit.steps, tigon.fit.lr) = (mass.clone(), 400, 1e-2);
        }
        ModelConfig::MioFlow(mioflow) => {
            mioflow.fit.activation = Activation::Silu;
            (mioflow.encoding, mioflow.local, mioflow.fit.steps) = (600, 150, 300);
        }
        ModelConfig::TrajectoryNet(net) => {
            (net.mass, net.descendants, net.crowd) =
                (mass.clone(), Descendants::Transported, Crowd::default());
            (net.growing, net.fit.steps, net.fit.lr) = (500, 200, 5e-3);
        }
        _ => {}
    }
    config
}

/// A panel a model: measured cells by time, and the ways of the first ones as strong as the mass they have gained.
fn draw(cells: &Populations, panels: &[(&str, Vec<Snapshot>)]) -> Scene {
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 20.0);
    let all: Vec<Point> = cells
        .snapshots()
        .iter()
        .flat_map(|snapshot| snapshot.points.rows().into_iter().map(|p| [f64::from(p[0]), f64::from(p[1])]))
        .collect();
    let [low, high] = [f64::min as fn(f64, f64) -> f64, f64::max]
        .map(|pick| [0, 1].map(|k| all.iter().map(|p| p[k]).reduce(pick).unwrap_or(0.0)));
    let times = cells.times();
    let span = [times[0], times[times.len() - 1]];
    for (number, (title, states)) in panels.iter().enumerate() {
        let left = PANEL * number as f64 + 8.0;
        let at = |points: &Array2<f32>, i: usize| -> Point {
            let [x, y] =
                [0, 1].map(|k| (f64::from(points[[i, k]]) - low[k]) / (high[k] - low[k]) * (PANEL - 16.0));
            [left + x, PANEL + 10.0 - y]
        };
        for snapshot in cells.snapshots() {
            let some = (0..snapshot.len()).step_by(4);
            let dots = some.map(|i| at(&snapshot.points, i)).collect();
            scene.dots(dots, 1.3, Ink::time(snapshot.time, span), 0.5);
        }
        for pair in states.windows(2) {
            for i in 0..pair[0].len() {
                let weight = pair[1].weights.as_ref().map_or(1.0, |w| f64::from(w[i]));
                let stroke = Stroke::new(Ink::Model, 0.9).opacity((0.35 * weight).min(1.0));
                scene.line(at(&pair[0].points, i), at(&pair[1].points, i), stroke);
            }
        }
        scene.text(Text::new([left, 15.0], *title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
