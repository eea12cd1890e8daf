//! What an exact solver must keep beyond the laws of all.

use super::case::{Masses, TransportCase};
use super::solvers::{Outcome, solve};
use chreode_ot::{CostFunction, Euclidean, OtSolver, SquaredEuclidean};
use ndarray::{Array1, Array2};

/// Holds a solver to exactness, beyond [`solver_laws`](crate::solver_laws), on random cases:
///
/// - where it has a dual value, the gap is closed;
/// - the cost grows by the factor when all costs grow by one;
/// - a population costs nothing to move to itself, and on a line the sorted plan is optimal;
/// - no cycle of moves makes a plan cheaper (the residual graph has no negative cycle, which proves it optimal);
/// - W₁ and W₂ obey the triangle inequality.
///
/// `tolerance` is a share of the largest cost.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn exact_laws<S: OtSolver>(solver: &S, masses: Masses, tolerance: f64) {
    for (seed, size) in [[1, 3, 2], [6, 6, 1], [9, 5, 2], [14, 20, 3]].into_iter().enumerate() {
        let case = TransportCase::random(masses, size, 100 + seed as u64);
        let (a, b) = (&case.a, &case.b);
        let costs = SquaredEuclidean.matrix(case.x.view(), case.y.view()).expect("finite points");
        let slack = tolerance * costs.iter().fold(1e-300, |most: f64, c| most.max(*c));
        let Outcome { matrix, cost, primal, dual } = solve(solver, &costs, a, b, tolerance);
        assert!((primal - cost).abs() <= slack, "the primal value {primal} is not the cost {cost}");
        assert!(dual == f64::NEG_INFINITY || primal - dual <= slack, "a gap of {:e}", primal - dual);

        let dear = solve(solver, &(&costs * 1000.0), a, b, tolerance).cost;
        assert!((dear / 1000.0 - cost).abs() <= slack, "at 1000 times the costs: {dear}, and {cost} before");

        assert!(
            !improvable(&costs, &matrix, slack),
            "mass moved around a cycle makes the plan of cost {cost} cheaper"
        );

        let itself = SquaredEuclidean.matrix(case.x.view(), case.x.view()).expect("finite points");
        let stay = solve(solver, &itself, a, a, tolerance).cost;
        assert!(stay.abs() <= slack, "moving a population to itself costs {stay}");

        if size[2] == 1 {
            let sorted = on_a_line(&case);
            assert!((cost - sorted).abs() <= slack, "{cost} on a line, and the sorted plan costs {sorted}");
        }
    }
    triangle(solver, masses, tolerance);
}

fn triangle<S: OtSolver>(solver: &S, masses: Masses, tolerance: f64) {
    for seed in 0..5 {
        let [one, two] =
            [8, 11].map(|m| TransportCase::random(masses, [8, m, 2], 200 + seed * 10 + m as u64));
        let three = [(&one.x, &one.a), (&one.y, &one.b), (&two.y, &two.b)];
        let distance = |i: usize, j: usize, order: i32| {
            let ((x, a), (y, b)) = (three[i], three[j]);
            let costs = match order {
                1 => Euclidean.matrix(x.view(), y.view()),
                _ => SquaredEuclidean.matrix(x.view(), y.view()),
            };
            let cost = solve(solver, &costs.expect("finite points"), a, b, tolerance).cost;
            if order == 1 { cost } else { cost.max(0.0).sqrt() }
        };
        for order in [1, 2] {
            let (direct, first, second) =
                (distance(0, 2, order), distance(0, 1, order), distance(1, 2, order));
            assert!(
                direct <= first + second + tolerance.sqrt().min(1e-6),
                "W{order} is {direct} directly and {first} + {second} by a third population"
            );
        }
    }
}

/// Whether the residual graph has a negative cycle: Bellman and Ford's algorithm over sources and targets.
fn improvable(costs: &Array2<f64>, plan: &Array2<f64>, slack: f64) -> bool {
    let (n, m) = costs.dim();
    let least = 1e-9 * plan.sum();
    let (mut source, mut target) = (vec![0.0; n], vec![0.0; m]);
    for _ in 0..=n + m {
        let mut changed = false;
        for ((i, j), &c) in costs.indexed_iter() {
            if source[i] + c < target[j] - slack {
                (target[j], changed) = (source[i] + c, true);
            }
            if plan[[i, j]] > least && target[j] - c < source[i] - slack {
                (source[i], changed) = (target[j] - c, true);
            }
        }
        if !changed {
            return false;
        }
    }
    true
}

/// The north-west corner rule over two orders.
fn walk(
    costs: &Array2<f64>,
    (rows, a): (&[usize], &Array1<f64>),
    (columns, b): (&[usize], &Array1<f64>),
) -> f64 {
    let (mut i, mut j, mut total) = (0, 0, 0.0);
    let (mut left, mut room) = (a[rows[0]], b[columns[0]]);
    loop {
        let mass = f64::min(left, room);
        total += mass * costs[[rows[i], columns[j]]];
        left -= mass;
        room -= mass;
        // The last row and column absorb what rounding leaves.
        if left <= room && i + 1 < rows.len() {
            i += 1;
            left = a[rows[i]];
        } else if j + 1 < columns.len() {
            j += 1;
            room = b[columns[j]];
        } else if i + 1 < rows.len() {
            i += 1;
            left = a[rows[i]];
        } else {
            return total;
        }
    }
}

fn on_a_line(case: &TransportCase) -> f64 {
    let sorted = |points: &Array2<f64>| {
        let mut order: Vec<usize> = (0..points.nrows()).collect();
        order.sort_by(|i, j| points[[*i, 0]].total_cmp(&points[[*j, 0]]));
        order
    };
    let costs = SquaredEuclidean.matrix(case.x.view(), case.y.view()).expect("finite points");
    walk(&costs, (&sorted(&case.x), &case.a), (&sorted(&case.y), &case.b))
}
