//! One problem, four plans: exact, and entropic with less and more entropy. Draws them where a path is given.
//!
//! `cargo run -p chreode-examples --example which_solver -- docs/images/which-solver.svg`

use chreode::ot::{
    CostFunction, Coupling, NetworkSimplex, OtSolver, Scaled, Sinkhorn, SquaredEuclidean, Stop, Transport,
    Unit,
};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::Array2;

/// The width of a panel.
const PANEL: f64 = 210.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A ring of 24 cells, and two groups of 9 that they move to.
    let turn = |k: usize, n: usize| 2.0 * std::f64::consts::PI * k as f64 / n as f64;
    let ring = Array2::from_shape_fn((24, 2), |(i, k)| {
        let angle = turn(i, 24);
        0.55 * if k == 0 { angle.cos() } else { angle.sin() }
    });
    let groups = Array2::from_shape_fn((18, 2), |(j, k)| {
        let (side, angle) = (if j < 9 { 1.0 } else { -1.0 }, turn(j % 9, 9));
        if k == 0 { 0.16 * angle.cos() + 0.2 } else { 0.16 * angle.sin() + 0.75 * side }
    });
    let costs = SquaredEuclidean.matrix(ring.view(), groups.view())?;
    // ε is a share of the mean cost.
    let scaled = Scaled::new(&costs, Unit::Mean)?;
    let problem = Transport::uniform(&scaled)?;
    let mut panels = Vec::new();
    let exact = NetworkSimplex::default().solve(&problem)?;
    let cost = exact.cost() * scaled.unit();
    println!("exact      cost {cost:.4}, {} entries, gap {:.0e}", exact.entries().len(), exact.gap());
    panels.push((format!("exact, cost {cost:.3}"), exact.to_matrix()));
    for epsilon in [0.02, 0.1, 0.5] {
        let stop = Stop::Within { tolerance: 1e-9, max_iterations: 100_000 };
        let plan = Sinkhorn::new(epsilon, stop).solve(&problem)?;
        let cost = plan.cost() * scaled.unit();
        println!("ε = {epsilon:<5}  cost {cost:.4}, entropy {:.2}", plan.entropy());
        assert!(plan.cost() > exact.cost());
        panels.push((format!("ε = {epsilon}, cost {cost:.3}"), plan.to_matrix()));
    }
    if let Some(path) = std::env::args().nth(1) {
        let name = "four plans between a ring and two groups";
        std::fs::write(path, svg(&draw(&ring, &groups, &panels), Paint::Adaptive, name))?;
    }
    Ok(())
}

/// A panel a plan: lines as strong as the mass that moves along them, the same in all panels.
fn draw(x: &Array2<f64>, y: &Array2<f64>, panels: &[(String, Array2<f64>)]) -> Scene {
    let most = panels[0].1.iter().copied().fold(0.0, f64::max);
    let mut scene = Scene::new(PANEL * panels.len() as f64, PANEL + 30.0);
    for (number, (title, plan)) in panels.iter().enumerate() {
        let middle = [PANEL * (number as f64 + 0.5), 30.0 + 0.5 * PANEL];
        let at = |points: &Array2<f64>, i: usize| -> Point {
            [middle[0] + 100.0 * points[[i, 0]], middle[1] - 100.0 * points[[i, 1]]]
        };
        for ((i, j), &mass) in plan.indexed_iter() {
            let share = mass / most;
            if share > 0.003 {
                let stroke = Stroke::new(Ink::Series(0), 1.6).opacity(0.75 * share.sqrt());
                scene.line(at(x, i), at(y, j), stroke);
            }
        }
        scene.dots((0..x.nrows()).map(|i| at(x, i)).collect(), 3.0, Ink::Muted, 1.0);
        scene.dots((0..y.nrows()).map(|j| at(y, j)).collect(), 3.0, Ink::Model, 1.0);
        scene.text(Text::new([middle[0] - 95.0, 18.0], title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
