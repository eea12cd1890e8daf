//! Unbalanced transport on the line.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, Marginal, Order, OtError, RelaxedSolver, RelaxedTransport, SquaredEuclidean,
    Stop, UnbalancedFrankWolfe, UnbalancedLine, UnbalancedSinkhorn, wasserstein,
};
use common::{cloud, weights};
use ndarray::{Array1, array};

fn kl(lambda: f64) -> Marginal {
    Marginal::Kl { lambda }
}

fn within(tolerance: f64, max_iterations: usize) -> Stop {
    Stop::Within { tolerance, max_iterations }
}

#[test]
fn agrees_with_the_general_solver() {
    let (x, y) = (cloud(30, 1, 0.0, 1) * 3.0, cloud(40, 1, 0.3, 2) * 4.0);
    let (a, b) = (weights(30, 1), weights(40, 2) * 1.4);
    let l2 = |lambda| Marginal::L2 { lambda };
    for (power, cost) in [(2.0, 2.0), (1.0, 1.0), (1.5, 1.5)] {
        let cost = move |x: &[f64], y: &[f64]| f64::powf((x[0] - y[0]).abs(), cost);
        let costs = cost.matrix(x.view(), y.view()).unwrap();
        for (source, target) in [
            (kl(0.5), kl(0.5)),
            (kl(0.1), kl(3.0)),
            (kl(20.0), kl(20.0)),
            (Marginal::Exact, kl(0.5)),
            (l2(2.0), l2(5.0)),
            (kl(0.4), l2(5.0)),
        ] {
            let line = UnbalancedLine { source, target, power, stop: within(1e-11, 500) };
            let plan = line.solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
            let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
            let other = UnbalancedFrankWolfe::new(within(1e-11, 500)).solve(&problem).unwrap();
            assert_relative_eq!(plan.primal_cost(), other.primal_cost(), max_relative = 1e-9);
            assert_relative_eq!(plan.mass(), other.mass(), max_relative = 1e-5);
            assert!(plan.certificate().gap() <= 1e-11 * plan.primal_cost());
            // What the plan says of itself is true of its entries, and the potentials are below the costs.
            let (rows, columns) = plan.marginals();
            let transport: f64 = plan.entries().iter().map(|e| e.mass * costs[[e.row, e.column]]).sum();
            assert_relative_eq!(plan.cost(), transport, max_relative = 1e-12);
            let value = problem.objective(transport, rows.view(), columns.view());
            assert_relative_eq!(plan.primal_cost(), value, max_relative = 1e-12);
            let (f, g) = (plan.source_potential(), plan.target_potential());
            assert!(costs.indexed_iter().all(|((i, j), &c)| f[i] + g[j] <= c + 1e-11));
        }
    }
}

#[test]
fn between_the_entropic_values() {
    // Another way: the entropic optimum bounds it from both sides as ε falls.
    let (x, y) = (cloud(20, 1, 0.0, 3), cloud(25, 1, 0.3, 4));
    let (a, b) = (weights(20, 3), weights(25, 4) * 2.0);
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let line = UnbalancedLine { source: kl(0.3), target: kl(0.3), power: 2.0, stop: within(1e-12, 500) };
    let plan = line.solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.3), kl(0.3)).unwrap();
    for epsilon in [1e-2, 1e-3, 1e-4] {
        let entropic = UnbalancedSinkhorn::new(epsilon, within(1e-9, 200_000)).solve(&problem).unwrap();
        let (low, high) = problem.bounds(&entropic);
        assert!(low <= plan.primal_cost() && plan.dual_cost() <= high);
        assert!(high - plan.primal_cost() < 10.0 * epsilon);
    }
}

#[test]
fn limits_and_large_sizes() {
    let (x, y) = (cloud(400, 1, 0.0, 5), cloud(600, 1, 0.2, 6));
    let (a, b) = (weights(400, 5), weights(600, 6));
    // Exact on both sides is balanced transport, in one step.
    let stop = within(1e-12, 2);
    let line = UnbalancedLine { source: Marginal::Exact, target: Marginal::Exact, power: 2.0, stop };
    let plan = line.solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
    let exact = wasserstein(x.view(), y.view(), Some(a.view()), Some(b.view()), Order::Two).unwrap();
    assert_relative_eq!(plan.cost(), exact.cost, max_relative = 1e-10);
    // A huge penalty is nearly that, a tiny one leaves the mass.
    let relaxed = |lambda| UnbalancedLine {
        source: kl(lambda),
        target: kl(lambda),
        power: 2.0,
        stop: within(1e-9, 300),
    };
    let plan = relaxed(1e7).solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
    assert_relative_eq!(plan.primal_cost(), exact.cost, max_relative = 1e-6);
    let b = &b * 1e3;
    let plan = relaxed(0.5).solve(x.column(0), y.column(0), a.view(), b.view()).unwrap();
    assert!(plan.certificate().residual <= 1e-9 && plan.mass() > a.sum());
}

#[test]
fn hard_input() {
    // Ties, points without mass, one point.
    let (x, y) = (array![1.0, 1.0, 0.0, 2.0], array![1.0, 0.0, 0.0]);
    let (a, b) = (array![0.5, 0.0, 0.5, 1.0], array![0.5, 0.5, 0.0]);
    let line = UnbalancedLine { source: kl(1.0), target: kl(1.0), power: 1.0, stop: within(1e-10, 200) };
    let plan = line.solve(x.view(), y.view(), a.view(), b.view()).unwrap();
    assert!(plan.entries().iter().all(|e| e.row != 1 && e.column != 2));
    let one = array![0.0_f32];
    let plan = line
        .solve(one.view(), array![2.0_f32].view(), array![1.0_f32].view(), array![4.0_f32].view())
        .unwrap();
    // p c + KL(p | 1) + KL(p | 4) is least at p = √4 exp(-c/2).
    assert_relative_eq!(plan.mass(), 2.0 * (-1.0_f64).exp(), max_relative = 1e-12);
}

#[test]
fn bad_input() {
    let good = UnbalancedLine { source: kl(1.0), target: kl(1.0), power: 2.0, stop: within(1e-9, 200) };
    let (x, a) = (array![0.0, 1.0], array![0.5, 0.5]);
    let said = |line: UnbalancedLine, x: &Array1<f64>, a: &Array1<f64>| {
        line.solve(x.view(), array![0.3, 0.4].view(), a.view(), array![1.0, 1.0].view())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        said(UnbalancedLine { power: 0.5, ..good }, &x, &a),
        "the power of the distance is 0.5; it must be at least 1 and finite"
    );
    assert_eq!(
        said(UnbalancedLine { target: Marginal::Tv { lambda: 1.0 }, ..good }, &x, &a),
        "the unbalanced line does not solve problems with a total-variation penalty on the target side; it takes KL, l2 and exact sides; UnbalancedSimplex takes total variation"
    );
    assert_eq!(
        said(good, &array![0.0, f64::NAN], &a),
        "the source point 1 has value NaN in column 0; every coordinate must be finite"
    );
    assert_eq!(said(good, &x, &array![1.0]), "the source masses has size 1 where 2 was expected");
    assert_eq!(
        said(UnbalancedLine { source: kl(-1.0), ..good }, &x, &a),
        "lambda is -1; it must be positive and finite; Marginal::Exact stands for an infinite penalty"
    );
    let empty = good.solve(array![].view(), x.view(), array![].view(), a.view());
    assert!(matches!(empty, Err(OtError::Empty { side: "source" })));
    let line = UnbalancedLine { stop: within(1e-14, 1), ..good };
    let (x, y) = (cloud(30, 1, 0.0, 1) * 3.0, cloud(40, 1, 0.3, 2) * 4.0);
    let error =
        line.solve(x.column(0), y.column(0), weights(30, 1).view(), weights(40, 2).view()).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { method: "the unbalanced line", iterations: 1, .. }));
}
