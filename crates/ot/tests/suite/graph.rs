//! Transport on graphs of allowed moves: against dense costs, from the list alone, and what is said of bad lists.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Coupling, Geometry, Moves, NetworkSimplex, OtError, OtSolver, SparseCosts, SquaredEuclidean, Transport,
};
use common::{cloud, weights};
use ndarray::{Array2, ArrayView1, array};
use std::ops::Range;

/// The `k` nearest targets of every source, and the diagonal move, which makes the problem feasible.
fn neighbours(n: usize, k: usize) -> (Array2<f64>, SparseCosts) {
    use chreode_ot::CostFunction;
    let costs = SquaredEuclidean
        .matrix(cloud(n, 2, 0.0, 1).view(), cloud(n, 2, 0.1, 2).view())
        .expect("finite points");
    let (mut dense, mut moves) = (Array2::from_elem((n, n), f64::INFINITY), Vec::new());
    for (i, row) in costs.rows().into_iter().enumerate() {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&p, &q| row[p].total_cmp(&row[q]));
        order.truncate(k);
        if !order.contains(&i) {
            order.push(i);
        }
        // In any order.
        moves.extend(order.iter().rev().map(|&j| (i, j, row[j])));
        order.iter().for_each(|&j| dense[[i, j]] = row[j]);
    }
    (dense, SparseCosts::from_moves((n, n), moves).expect("valid moves"))
}

#[test]
fn a_list_of_moves_gives_the_plan_of_the_matrix() {
    for (n, k) in [(1, 1), (12, 3), (120, 5), (400, 8)] {
        let (dense, graph) = neighbours(n, k);
        for j in 0..n {
            assert_eq!(graph.cost(n - 1, j), dense[[n - 1, j]]);
        }
        let mut buffer = Vec::new();
        let part = graph.costs(n / 2, n / 3..n, &mut buffer);
        assert_eq!(ArrayView1::from(part), dense.slice(ndarray::s![n / 2, n / 3..]));
        // Masses that sources and targets share, so that the diagonal is a plan.
        let a = weights(n, 3);
        let (sparse, full) = (
            Transport::new(&graph, a.view(), a.view()).unwrap(),
            Transport::new(&dense, a.view(), a.view()).unwrap(),
        );
        let (plan, wanted) = (
            NetworkSimplex::default().solve(&sparse).unwrap(),
            NetworkSimplex::default().solve(&full).unwrap(),
        );
        assert_relative_eq!(plan.cost(), wanted.cost(), max_relative = 1e-12);
        assert!(plan.gap() <= 1e-13);
        let (u, v) = (plan.source_potential(), plan.target_potential());
        assert!(dense.indexed_iter().all(|((i, j), c)| u[i] + v[j] <= c + 1e-12));
        let (rows, columns) = plan.marginals();
        assert!((&rows - &a).iter().chain((&columns - &a).iter()).all(|e| e.abs() < 1e-14));
    }
}

/// A list that must not be asked for anything but the list.
struct ListOnly(SparseCosts);

impl Geometry for ListOnly {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn costs<'s>(&'s self, _: usize, _: Range<usize>, _: &'s mut Vec<f64>) -> &'s [f64] {
        panic!("a row of all costs was asked for")
    }
    fn cost(&self, row: usize, column: usize) -> f64 {
        self.0.cost(row, column)
    }
    fn moves<'g: 'b, 'b>(&'g self, row: usize, buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        self.0.moves(row, buffer)
    }
}

#[test]
fn a_graph_within_more_moves_than_32_bits_count() {
    // 62,000 x 53,000 points, 3.3e9 moves, in a thousand alike blocks between which none is allowed.
    let (rows, columns, blocks) = (62, 53, 1000);
    let (n, m) = (blocks * rows, blocks * columns);
    assert!(n * m > 1 << 31);
    let cost =
        |i: usize, j: usize| ((i as f64 + 0.5) / rows as f64 - (j as f64 + 0.5) / columns as f64).powi(2);
    let mut moves = Vec::new();
    for block in 0..blocks {
        for i in 0..rows {
            // The quantiles of source i overlap with those of no other targets.
            let middle = i * columns / rows;
            for j in middle.max(1) - 1..(middle + 3).min(columns) {
                moves.push((block * rows + i, block * columns + j, cost(i, j)));
            }
        }
    }
    let graph = ListOnly(SparseCosts::from_moves((n, m), moves).unwrap());
    let problem = Transport::uniform(&graph).unwrap();
    let plan = NetworkSimplex::default().solve(&problem).unwrap();
    assert!(plan.entries().iter().any(|e| e.row * m + e.column > u32::MAX as usize / 4 * 3));
    let block = Array2::from_shape_fn((rows, columns), |(i, j)| cost(i, j));
    let one = NetworkSimplex::default().solve(&Transport::uniform(&block).unwrap()).unwrap();
    assert_relative_eq!(plan.cost(), one.cost(), max_relative = 1e-12);
    assert!(plan.gap() <= 1e-15);
}

#[test]
fn mass_that_the_list_leaves_nowhere_to_go_is_an_error() {
    let graph = SparseCosts::from_moves((2, 2), vec![(0, 0, 1.0), (1, 0, 1.0)]).unwrap();
    let error = NetworkSimplex::default().solve(&Transport::uniform(&graph).unwrap()).unwrap_err();
    assert!(matches!(error, OtError::Infeasible { unplaced: 0.5, .. }), "{error}");
    // A source without any move.
    let graph = SparseCosts::from_moves((3, 1), vec![(0, 0, 1.0), (2, 0, 1.0)]).unwrap();
    let error = NetworkSimplex::default().solve(&Transport::uniform(&graph).unwrap()).unwrap_err();
    assert!(matches!(error, OtError::Infeasible { row: 1, .. }), "{error}");
    // Without mass it needs none.
    let (a, b) = (array![0.5, 0.0, 0.5], array![1.0]);
    let plan = NetworkSimplex::default().solve(&Transport::new(&graph, a.view(), b.view()).unwrap()).unwrap();
    assert_eq!(plan.cost(), 1.0);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let (_, graph) = neighbours(500, 6);
    let problem = Transport::uniform(&graph).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| NetworkSimplex::default().solve(&problem).unwrap())
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn bad_lists_are_named() {
    let text =
        |moves: Vec<(usize, usize, f64)>| SparseCosts::from_moves((2, 3), moves).unwrap_err().to_string();
    let wrong = |row: usize, column: usize| {
        format!(
            "the move from point {row} to point {column} is out of range, listed twice or out of order; list each of the 2 x 3 allowed moves once, the targets of a source ascending"
        )
    };
    assert_eq!(text(vec![(0, 0, 1.0), (2, 1, 1.0)]), wrong(2, 1));
    assert_eq!(text(vec![(0, 3, 1.0)]), wrong(0, 3));
    assert_eq!(text(vec![(1, 2, 1.0), (1, 2, 2.0)]), wrong(1, 2));
    assert_eq!(
        text(vec![(1, 2, f64::NAN)]),
        "the cost of moving point 1 to point 2 is NaN; costs must be finite (or +inf, where forbidden moves are allowed)"
    );
    let csr = |columns: usize, start: &[usize], column: &[usize], cost: &[f64]| {
        SparseCosts::from_csr(columns, start, column, ArrayView1::from(cost)).unwrap_err().to_string()
    };
    assert_eq!(csr(3, &[0, 2], &[2, 1], &[1.0, 1.0]), wrong(0, 1).replace("2 x 3", "1 x 3"));
    assert_eq!(
        csr(3, &[0, 2], &[1, 2], &[1.0]),
        "the list of the moves' costs has size 1 where 2 was expected"
    );
    assert_eq!(
        csr(3, &[0, 1], &[1, 2], &[1.0, 1.0]),
        "the end of the last row of moves has size 1 where 2 was expected"
    );
    assert_eq!(
        csr(3, &[1, 2], &[1, 2], &[1.0, 1.0]),
        "the start of the first row of moves has size 1 where 0 was expected"
    );
    assert_eq!(
        csr(3, &[0, 2, 1, 2], &[1, 2], &[1.0, 1.0]),
        "the end of a row of moves has size 1 where 2 was expected"
    );
    let no_points = "side has no points; transport needs at least one on each side";
    assert_eq!(csr(0, &[0, 0], &[], &[]), format!("the target {no_points}"));
    assert_eq!(csr(3, &[], &[], &[]), format!("the source {no_points}"));
    assert_eq!(csr(3, &[0], &[], &[]), format!("the source {no_points}"));
}
