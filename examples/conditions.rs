//! One start, three drugs: cells under each go to ends of their own. A flow under conditions is trained once, and moves the
//! same new cells under each drug, with weights of the condition from none to too much. Draws their ways where a path is given.
//!
//! `cargo run --release -p chreode-examples --example conditions -- docs/images/conditions.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{
    Card, Condition, Conditioned, Dataset, Frame, ModelError, Planar, Pool, Sampler, Trained, exact_w1,
};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::{Array2, Axis, arr1, concatenate};
use std::ops::ControlFlow;

/// The width of a panel.
const PANEL: f64 = 230.0;
/// The drugs, and where cells under them end.
const DRUGS: [(&str, [f32; 2]); 3] = [("A", [1.5, 1.2]), ("B", [1.5, -1.2]), ("C", [-0.2, 1.7])];
/// Weights of the condition.
const GUIDANCE: [f64; 4] = [0.0, 0.5, 1.0, 1.5];
/// Cells a drug and time.
const CELLS: usize = 400;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = cells()?;
    let mut config = (Card::named("c-ot-cfm")?.config)();
    let fit = config.fit_mut();
    (fit.steps, fit.lr) = (2500, 2e-3);
    let frame = Frame::isotropic(data.populations())?;
    let mut run = config.start(&Dataset::Conditioned(data.clone()), frame)?;
    run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
    let Trained::Conditional(model) = run.finish() else { return Err("not a model of conditions".into()) };

    let times = [0.0, 0.25, 0.5, 0.75, 1.0];
    let fresh = Snapshot::new(0.0, group([-1.5, 0.0], CELLS, 90)?);
    let mut panels = Vec::new();
    for guidance in GUIDANCE {
        let mut ways = Vec::new();
        for (k, (label, end)) in DRUGS.iter().enumerate() {
            let motion = model.under(Some(&Condition::new(*label)), guidance)?;
            let states = motion.evolve(&fresh, &times, &Sampler::published(), Seed(1))?;
            let truth = Snapshot::new(1.0, group(*end, CELLS, 95 + k as u64)?);
            let (far, floor) = (
                exact_w1(&states[4], &truth)?,
                exact_w1(&Snapshot::new(1.0, group(*end, CELLS, 80)?), &truth)?,
            );
            println!(
                "w = {guidance}: W1 {far:.3} from the cells under {label}; two samples of those {floor:.3}"
            );
            if guidance == 1.0 && far > 0.15 {
                return Err(
                    format!("the flow under {label} ends W1 {far} from its cells, not within 0.15").into()
                );
            }
            if guidance == 0.0 && far < 0.6 {
                return Err(format!(
                    "a flow without a condition cannot end W1 {far} from the cells of {label}"
                )
                .into());
            }
            ways.push(states);
        }
        panels.push((guidance, ways));
    }
    if let Some(path) = std::env::args().nth(1) {
        let picture = draw(data.populations(), &panels);
        std::fs::write(path, svg(&picture, Paint::Adaptive, "cells under three drugs"))?;
    }
    Ok(())
}

/// Cells around a place.
fn group(at: [f32; 2], count: usize, seed: u64) -> Result<Array2<f32>, ModelError> {
    Ok(Planar::Normal.sample(count, Seed(seed))? * 0.2 + &arr1(&at))
}

/// The same start under each drug, and three ends.
fn cells() -> Result<Conditioned, ModelError> {
    let mut parts = [Vec::new(), Vec::new()];
    for (k, (_, end)) in DRUGS.iter().enumerate() {
        parts[0].push(group([-1.5, 0.0], CELLS, k as u64)?);
        parts[1].push(group(*end, CELLS, 10 + k as u64)?);
    }
    let join = |parts: &Vec<Array2<f32>>| concatenate![Axis(0), parts[0], parts[1], parts[2]];
    let snapshots = vec![Snapshot::new(0.0, join(&parts[0])), Snapshot::new(1.0, join(&parts[1]))];
    let populations = Populations::new(snapshots, vec!["x".into(), "y".into()])?;
    let known = DRUGS.map(|(label, _)| Condition::new(label)).to_vec();
    let of: Vec<usize> = (0..DRUGS.len()).flat_map(|k| vec![k; CELLS]).collect();
    Conditioned::new(populations, known, vec![of.clone(), of], &[])
}

/// A panel a weight: measured cells, and the ways of the new ones in the colour of their drug.
fn draw(cells: &Populations, panels: &[(f64, Vec<Vec<Snapshot>>)]) -> Scene {
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 30.0);
    for (number, (guidance, ways)) in panels.iter().enumerate() {
        let middle = [PANEL * (number as f64 + 0.5), 35.0 + 0.47 * PANEL];
        let at = |points: &Array2<f32>, i: usize| -> Point {
            let [x, y] = [0, 1].map(|k| f64::from(points[[i, k]]));
            [middle[0] + 42.0 * x, middle[1] - 42.0 * y]
        };
        for snapshot in cells.snapshots() {
            let some = (0..snapshot.len()).step_by(6);
            scene.dots(some.map(|i| at(&snapshot.points, i)).collect(), 1.4, Ink::Muted, 0.6);
        }
        for (drug, states) in ways.iter().enumerate() {
            for pair in states.windows(2) {
                for i in 0..40 {
                    let stroke = Stroke::new(Ink::Series(drug as u8), 1.0).opacity(0.45);
                    scene.line(at(&pair[0].points, i), at(&pair[1].points, i), stroke);
                }
            }
        }
        let title = format!("w = {guidance}");
        scene.text(Text::new([middle[0] - 105.0, 18.0], title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
