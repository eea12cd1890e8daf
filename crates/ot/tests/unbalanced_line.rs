//! Unbalanced transport on the line.

mod common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, Marginal, OtError, RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop,
    UnbalancedLbfgs, UnbalancedLine,
};
use common::{cloud, weights};
use ndarray::{Array1, array};

fn kl(lambda: f64) -> Marginal {
    Marginal::Kl { lambda }
}

#[test]
fn agrees_with_lbfgs() {
    let (x, y) = (cloud(30, 1, 0.0, 1) * 3.0, cloud(40, 1, 0.3, 2) * 4.0);
    let (a, b) = (weights(30, 1), weights(40, 2) * 1.4);
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    for (source, target) in [(0.5, 0.5), (0.1, 3.0), (20.0, 20.0)] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(source), kl(target)).unwrap();
        let stop = Stop::Within { tolerance: 1e-6, max_iterations: 5000 };
        let wanted = UnbalancedLbfgs { stop }.solve(&problem);
        println!("lbfgs {:?}", wanted.as_ref().map(|p| p.certificate()));
        for k in [10, 30, 100, 300, 1000, 3000] {
            let stop = Stop::After { iterations: k };
            let line = UnbalancedLine { source: kl(source), target: kl(target), power: 2.0, stop };
            let plan = line.solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
            println!("line {:?}", plan.certificate());
        }
    }
}
