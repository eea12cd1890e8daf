//! A cost of one's own, with three solvers: cells on a cycle, where early and late phases are neighbours. Draws it where
//! a path is given.
//!
//! `cargo run -p chreode-examples --example own_cost -- docs/images/own-cost.svg`

use chreode::ot::{
    Assignment, CostFunction, Coupling, NetworkSimplex, OtSolver, PointCloud, Sinkhorn, SquaredEuclidean,
    Stop, Transport,
};
use chreode_plot::{Ink, Paint, Point, Scene, Stroke, TITLE_SIZE, Text, svg};
use ndarray::Array2;

/// Phases from 0 to 1 on a cycle: the square of the shorter way round.
struct Phase;

impl CostFunction for Phase {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        let way = (x[0] - y[0]).abs();
        way.min(1.0 - way).powi(2)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Sixteen cells late in the cycle; a while later most have passed its end.
    let before = Array2::from_shape_fn((16, 1), |(i, _)| 0.70 + 0.018 * i as f64);
    let after = Array2::from_shape_fn((16, 1), |(j, _)| (0.85 + 0.018 * (j * 5 % 16) as f64) % 1.0);

    let round = PointCloud::new(before.view(), after.view(), &Phase)?;
    let exact = NetworkSimplex::default().solve(&Transport::uniform(&round)?)?;
    let assigned = Assignment::new().solve(Phase.matrix(before.view(), after.view())?.view())?.cost / 16.0;
    let stop = Stop::Within { tolerance: 1e-9, max_iterations: 100_000 };
    let entropic = Sinkhorn::new(1e-3, stop).solve(&Transport::uniform(&round)?)?;
    println!(
        "network simplex {:.6}, assignment {assigned:.6}, entropic {:.6}",
        exact.cost(),
        entropic.cost()
    );
    assert!((exact.cost() - assigned).abs() < 1e-12 && entropic.cost() > exact.cost());

    let straight = PointCloud::new(before.view(), after.view(), &SquaredEuclidean)?;
    let wrong = NetworkSimplex::default().solve(&Transport::uniform(&straight)?)?;
    let crossing = |plan: &Array2<f64>| {
        let back = |&(i, j): &(usize, usize)| after[[j, 0]] < before[[i, 0]] - 0.5;
        plan.indexed_iter().filter(|(_, p)| **p > 0.0).filter(|(pair, _)| back(pair)).count()
    };
    println!("the end of the cycle lies on the way of {} cells", crossing(&exact.to_matrix()));
    if let Some(path) = std::env::args().nth(1) {
        let panels =
            [("the shorter way round", exact.to_matrix()), ("squared difference", wrong.to_matrix())];
        std::fs::write(
            path,
            svg(&draw(&before, &after, &panels), Paint::Adaptive, "plans on a cycle, by two costs"),
        )?;
    }
    Ok(())
}

/// The cycle twice: cells before on the inner ring, after on the outer, and who goes where.
fn draw(before: &Array2<f64>, after: &Array2<f64>, panels: &[(&str, Array2<f64>)]) -> Scene {
    let mut scene = Scene::new(300.0 * panels.len() as f64, 310.0);
    for (number, (title, plan)) in panels.iter().enumerate() {
        let middle = [150.0 + 300.0 * number as f64, 168.0];
        let at = |phase: f64, radius: f64| -> Point {
            let angle = 2.0 * std::f64::consts::PI * (phase - 0.25);
            [middle[0] + radius * angle.cos(), middle[1] + radius * angle.sin()]
        };
        let ring = |radius: f64| (0..=180).map(|k| at(k as f64 / 180.0, radius)).collect::<Vec<_>>();
        scene.lines(vec![ring(80.0), ring(120.0)], Stroke::new(Ink::Grid, 1.0));
        scene.line(at(0.0, 72.0), at(0.0, 128.0), Stroke::new(Ink::Axis, 1.2).dash(3.0, 3.0));
        let moves = plan.indexed_iter().filter(|(_, p)| **p > 0.0);
        let lines = moves.map(|((i, j), _)| vec![at(before[[i, 0]], 80.0), at(after[[j, 0]], 120.0)]);
        scene.lines(lines.collect(), Stroke::new(Ink::Series(0), 1.2).opacity(0.8));
        let dots = |phases: &Array2<f64>, radius| phases.column(0).iter().map(|p| at(*p, radius)).collect();
        scene.dots(dots(before, 80.0), 3.2, Ink::Muted, 1.0);
        scene.dots(dots(after, 120.0), 3.2, Ink::Model, 1.0);
        scene.text(Text::new([middle[0] - 130.0, 18.0], *title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
