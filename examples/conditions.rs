//! One start, three drugs: cells under each go to ends of their own. A flow under conditions is trained once, and moves the
//! same new cells under each drug, with weights of the condition from none to too much. A second one learns a dose that every
//! cell has its own of, and moves them under doses that none had. Draws their ways where a path is given.
//!
//! `cargo run --release -p chreode-examples --example conditions -- docs/images/conditions.svg`

use chreode::core::{Populations, Seed, Snapshot};
use chreode::models::{
    Card, Condition, Conditional, Conditioned, Dataset, Frame, ModelConfig, ModelError, Planar, Pool,
    Sampler, Trained, exact_w1,
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
/// Doses that cells are moved under.
const DOSES: [f64; 5] = [-0.9, -0.45, 0.0, 0.45, 0.9];
/// Moments on the way.
const TIMES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// A population and the ways of new cells, a group of one colour each.
struct Panel {
    title: String,
    cells: Populations,
    ways: Vec<(Ink, Vec<Snapshot>)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fresh = Snapshot::new(0.0, group([-1.5, 0.0], CELLS, 90)?);
    let mut panels = drugs(&fresh)?;
    panels.push(doses(&fresh)?);
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, svg(&draw(&panels), Paint::Adaptive, "cells under three drugs, and by dose"))?;
    }
    Ok(())
}

/// A panel a weight of the condition.
fn drugs(fresh: &Snapshot) -> Result<Vec<Panel>, Box<dyn std::error::Error>> {
    let data = cells()?;
    let model = trained("c-ot-cfm", &data)?;
    let mut panels = Vec::new();
    for guidance in GUIDANCE {
        let mut ways = Vec::new();
        for (k, (label, end)) in DRUGS.iter().enumerate() {
            let motion = model.under(Some(&Condition::new(*label)), guidance)?;
            let states = motion.evolve(fresh, &TIMES, &Sampler::published(), Seed(1))?;
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
            ways.push((Ink::Series(k as u8), states));
        }
        let title = format!("c-ot-cfm, w = {guidance}");
        panels.push(Panel { title, cells: data.populations().clone(), ways });
    }
    Ok(panels)
}

/// The panel of doses.
fn doses(fresh: &Snapshot) -> Result<Panel, Box<dyn std::error::Error>> {
    let data = dosed()?;
    let model = trained("c2ot-cfm", &data)?;
    let mut ways = Vec::new();
    for dose in DOSES {
        let motion = model.under(Some(&Condition::new("drug").with(vec![dose])), 1.0)?;
        let states = motion.evolve(fresh, &TIMES, &Sampler::published(), Seed(1))?;
        let truth = Snapshot::new(1.0, group(turned(dose), CELLS, 99)?);
        let far = exact_w1(&states[4], &truth)?;
        println!("dose {dose}: W1 {far:.3} from the cells of this dose");
        if far > 0.2 {
            return Err(
                format!("the flow at dose {dose} ends W1 {far} from its cells, not within 0.2").into()
            );
        }
        ways.push((Ink::time(dose, [-1.0, 1.0]), states));
    }
    Ok(Panel { title: "c2ot-cfm, by dose".into(), cells: data.populations().clone(), ways })
}

/// A model of conditions.
fn trained(name: &str, data: &Conditioned) -> Result<Box<dyn Conditional>, Box<dyn std::error::Error>> {
    let mut config = (Card::named(name)?.config)();
    let fit = config.fit_mut();
    (fit.steps, fit.lr) = (2500, 2e-3);
    if let ModelConfig::Conditional(conditional) = &mut config {
        // Pairs of cells of unlike doses are to be rare.
        conditional.distance = 20.0;
    }
    let frame = Frame::isotropic(data.populations())?;
    let mut run = config.start(&Dataset::Conditioned(data.clone()), frame)?;
    run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(()))?;
    match run.finish() {
        Trained::Conditional(model) => Ok(model),
        _ => Err("not a model of conditions".into()),
    }
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

/// Where cells under a dose end: turned by it.
fn turned(dose: f64) -> [f32; 2] {
    [(2.8 * dose.cos() - 1.5) as f32, (2.8 * dose.sin()) as f32]
}

/// One drug, every cell with a dose of its own from −1 to 1.
fn dosed() -> Result<Conditioned, ModelError> {
    let count = 3 * CELLS;
    let dose = |i: usize| 2.0 * i as f64 / (count - 1) as f64 - 1.0;
    let mut after = group([0.0, 0.0], count, 21)?;
    for (i, mut row) in after.rows_mut().into_iter().enumerate() {
        row += &arr1(&turned(dose(i)));
    }
    let snapshots = vec![Snapshot::new(0.0, group([-1.5, 0.0], count, 20)?), Snapshot::new(1.0, after)];
    let populations = Populations::new(snapshots, vec!["x".into(), "y".into()])?;
    let known = (0..count).map(|i| Condition::new("drug").with(vec![dose(i)])).collect();
    Conditioned::new(populations, known, vec![(0..count).collect(); 2], &["dose".to_string()])
}

/// Measured cells, and the ways of some new ones in the colour of their condition.
fn draw(panels: &[Panel]) -> Scene {
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 30.0);
    for (number, Panel { title, cells, ways }) in panels.iter().enumerate() {
        let middle = [PANEL * (number as f64 + 0.5), 35.0 + 0.47 * PANEL];
        let at = |points: &Array2<f32>, i: usize| -> Point {
            let [x, y] = [0, 1].map(|k| f64::from(points[[i, k]]));
            [middle[0] + 42.0 * x, middle[1] - 42.0 * y]
        };
        for snapshot in cells.snapshots() {
            let some = (0..snapshot.len()).step_by(6);
            scene.dots(some.map(|i| at(&snapshot.points, i)).collect(), 1.4, Ink::Muted, 0.6);
        }
        for (ink, states) in ways {
            for pair in states.windows(2) {
                for i in 0..40 {
                    let stroke = Stroke::new(*ink, 1.0).opacity(0.45);
                    scene.line(at(&pair[0].points, i), at(&pair[1].points, i), stroke);
                }
            }
        }
        scene.text(Text::new([middle[0] - 105.0, 18.0], title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
