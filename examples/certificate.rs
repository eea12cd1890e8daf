//! What a certificate says while an iteration runs. Draws it where a path is given.
//!
//! `cargo run -p chreode-examples --example certificate -- docs/images/certificate.svg`

use chreode::ot::{
    CostFunction, Coupling, NetworkSimplex, OtSolver, Scaled, Sinkhorn, SquaredEuclidean, Stop, Transport,
    Unit,
};
use chreode_plot::{Chart, Ink, Line, Marker, Paint, Series, svg};
use ndarray::Array2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Two spirals of 60 points.
    let spiral = |start: f64| {
        Array2::from_shape_fn((60, 2), |(i, k)| {
            let (angle, radius) = (start + 0.11 * i as f64, 0.2 + 0.02 * i as f64);
            radius * if k == 0 { angle.cos() } else { angle.sin() }
        })
    };
    let costs = SquaredEuclidean.matrix(spiral(0.0).view(), spiral(2.0).view())?;
    let scaled = Scaled::new(&costs, Unit::Mean)?;
    let problem = Transport::uniform(&scaled)?;
    let exact = NetworkSimplex::default().solve(&problem)?.certificate();
    println!("exact: {} pivots, cost {:.6}, gap {:.1e}", exact.iterations, exact.primal_cost, exact.gap());

    let epsilon = 0.05;
    let mut residuals = Vec::new();
    let mut below = Vec::new();
    // Where the iteration ends, to all digits: what the dual values rise to.
    let stop = Stop::Within { tolerance: 1e-13, max_iterations: 100_000 };
    let optimum = Sinkhorn::new(epsilon, stop).solve(&problem)?.certificate().dual_cost;
    for iterations in [2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300] {
        let plan = Sinkhorn::new(epsilon, Stop::After { iterations }).solve(&problem)?;
        let certificate = plan.certificate();
        println!(
            "{iterations:>4} iterations: residual {:.1e}, dual value {:.9}",
            certificate.residual, certificate.dual_cost
        );
        let at = iterations as f64;
        if certificate.residual > 1e-13 {
            residuals.push([at, certificate.residual]);
        }
        let missing = optimum - certificate.dual_cost;
        assert!(missing > -1e-12, "the dual value never exceeds the optimum");
        if missing > 1e-13 {
            below.push([at, missing]);
        }
    }
    let series = |name: &str, points, number: u8, marker| Series {
        name: name.into(),
        points,
        ink: Ink::Series(number),
        marker,
        line: Line::Full,
    };
    let chart = Chart {
        title: "Sinkhorn on two spirals, ε = 0.05 of the mean cost".into(),
        names: ["iterations".into(), "share of the mass, share of the mean cost".into()],
        series: vec![
            series("residual", residuals, 0, Marker::Dot),
            series("optimum − dual value", below, 1, Marker::Square),
        ],
    };
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(
            path,
            svg(&chart.log_log()?, Paint::Adaptive, "the residual and the dual value by iteration"),
        )?;
    }
    Ok(())
}
