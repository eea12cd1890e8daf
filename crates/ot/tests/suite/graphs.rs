//! Shortest paths and heat on graphs, against SciPy, other algorithms and closed forms.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Affinity, CostFunction, Coupling, Euclidean, Graph, HeatKernel, Laplacian, NetworkSimplex, OtError,
    OtSolver, Transport,
};
use common::cloud;
use ndarray::{Array2, array, s};

fn small() -> Graph {
    let edges = [(0, 1, 1.0), (1, 2, 0.5), (2, 3, 2.0), (3, 0, 1.5), (1, 3, 0.8), (3, 4, 1.2), (4, 5, 0.7)];
    Graph::new(6, edges).expect("edges of a graph of six nodes")
}

/// `scipy.sparse.csgraph.dijkstra`, SciPy 1.17.1.
#[test]
fn shortest_paths_agree_with_scipy() {
    let want = array![
        [0.0, 1.0, 1.5, 1.5, 2.7, 3.4],
        [1.0, 0.0, 0.5, 0.8, 2.0, 2.7],
        [1.5, 0.5, 0.0, 1.3, 2.5, 3.2],
        [1.5, 0.8, 1.3, 0.0, 1.2, 1.9],
        [2.7, 2.0, 2.5, 1.2, 0.0, 0.7],
        [3.4, 2.7, 3.2, 1.9, 0.7, 0.0]
    ];
    let all = [0, 1, 2, 3, 4, 5];
    assert_relative_eq!(small().distances(&all, &all).unwrap(), want, max_relative = 1e-15);
    let few = small().distances(&[5, 2, 2], &[0, 4]).unwrap();
    assert_relative_eq!(few, array![[3.4, 0.7], [1.5, 2.5], [1.5, 2.5]], max_relative = 1e-15);
}

#[test]
fn shortest_paths_agree_with_floyd_and_warshall() {
    let points = cloud(60, 2, 0.0, 4);
    let graph = Graph::nearest(points.view(), 4).unwrap();
    let n = graph.nodes();
    let mut want = Array2::from_elem((n, n), f64::INFINITY);
    for i in 0..n {
        want[[i, i]] = 0.0;
        graph.neighbours(i).iter().for_each(|&(j, length)| want[[i, j]] = length);
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                want[[i, j]] = want[[i, j]].min(want[[i, k]] + want[[k, j]]);
            }
        }
    }
    let all: Vec<usize> = (0..n).collect();
    assert_relative_eq!(graph.distances(&all, &all).unwrap(), want, max_relative = 1e-14);
}

#[test]
fn nearest_neighbours_are_the_nearest() {
    let points = cloud(40, 3, 0.0, 9);
    let distances = Euclidean.matrix(points.view(), points.view()).unwrap();
    let k = 5;
    let near = |i: usize| {
        let mut others: Vec<usize> = (0..40).filter(|j| *j != i).collect();
        others.sort_by(|a, b| distances[[i, *a]].total_cmp(&distances[[i, *b]]));
        others[..k].to_vec()
    };
    let near: Vec<Vec<usize>> = (0..40).map(near).collect();
    let graph = Graph::nearest(points.view(), k).unwrap();
    for i in 0..40 {
        let want: Vec<(usize, f64)> = (0..40)
            .filter(|j| near[i].contains(j) || near[*j].contains(&i))
            .map(|j| (j, distances[[i, j]]))
            .collect();
        assert_eq!(graph.neighbours(i), want);
    }
    // Single precision, and duplicates: an edge of length 0.
    let twice = array![[0.0_f32], [0.0], [3.0]];
    let graph = Graph::nearest(twice.view(), 1).unwrap();
    assert_eq!(graph.neighbours(0), [(1, 0.0), (2, 3.0)]);
}

#[test]
fn what_cannot_be_reached_is_forbidden() {
    let two = Graph::new(5, [(0, 1, 1.0), (2, 3, 1.0), (3, 3, 4.0), (2, 3, 0.5)]).unwrap();
    assert_eq!(two.parts(), [0, 0, 1, 1, 2]);
    assert_eq!(two.neighbours(3), [(2, 0.5)]);
    let costs = two.distances(&[0, 2], &[1, 3]).unwrap();
    assert_eq!(costs, array![[1.0, f64::INFINITY], [f64::INFINITY, 0.5]]);
    assert_eq!(NetworkSimplex::default().solve(&Transport::uniform(&costs).unwrap()).unwrap().cost(), 0.75);
    let heat = HeatKernel::new(&two, 0.1, Affinity::Equal, Laplacian::Normalised).unwrap();
    let costs = heat.costs(&[0, 2, 4], &[1, 3]).unwrap();
    assert_eq!(costs.mapv(f64::is_finite), array![[true, false], [false, true], [false, false]]);
    let problem = Transport::uniform(&costs).unwrap();
    assert!(matches!(NetworkSimplex::default().solve(&problem), Err(OtError::Infeasible { row: 2, .. })));
}

/// `scipy.linalg.expm` of the dense matrices, SciPy 1.17.1, itself good to some units of the last place.
#[test]
fn heat_agrees_with_the_matrix_exponential() {
    let first = |time, affinity, laplacian| {
        let heat = HeatKernel::new(&small(), time, affinity, laplacian).unwrap();
        heat.apply(Array2::eye(6).slice(s![.., ..2])).reversed_axes()
    };
    let inverse = Affinity::InverseSquare;
    let want = array![
        [
            0.6771613396317931,
            0.13820964219348988,
            0.0705565241862824,
            0.10293593713574459,
            0.00932741301785648,
            0.00180914383483349
        ],
        [
            0.1382096421934899,
            0.33458248704237314,
            0.32784601945942593,
            0.17612487911117994,
            0.01911155209367388,
            0.0041254200998568
        ]
    ];
    assert_relative_eq!(first(0.3, inverse, Laplacian::Combinatorial), want, epsilon = 3e-15);
    let want = array![
        [
            0.746074485939707,
            0.07572174169858975,
            0.008985263355528083,
            0.05202007667715873,
            0.0018640584588249004,
            0.0001584169928676302
        ],
        [
            0.07572174169858979,
            0.7681256890049063,
            0.17125880979947308,
            0.08414335534288409,
            0.0030304201870430905,
            0.0002582999786370579
        ]
    ];
    assert_relative_eq!(first(0.3, inverse, Laplacian::Normalised), want, epsilon = 3e-15);
    let want = array![
        [
            0.5580500224966375,
            0.18642280351713678,
            0.11396635039026624,
            0.12107802359565424,
            0.01561152727597267,
            0.00487127272433257
        ],
        [
            0.18642280351713666,
            0.2695439276854317,
            0.29129023581381436,
            0.2037276472520985,
            0.03560718143639092,
            0.01340820429512753
        ]
    ];
    let gaussian = Affinity::Gaussian { bandwidth: 0.9 };
    assert_relative_eq!(first(2.0, gaussian, Laplacian::Combinatorial), want, epsilon = 3e-15);
}

/// On a ring of n equal nodes the eigenvalues are 2 − 2 cos(2πk/n), and the kernel is their cosine sum.
#[test]
fn heat_on_a_ring_has_a_closed_form() {
    let n = 30;
    let ring = Graph::new(n, (0..n).map(|i| (i, (i + 1) % n, 1.0))).unwrap();
    for time in [1e-3, 0.5, 7.0, 400.0] {
        let heat = HeatKernel::new(&ring, time, Affinity::InverseSquare, Laplacian::Combinatorial).unwrap();
        let mut start = Array2::zeros((n, 1));
        start[[4, 0]] = 1.0;
        let found = heat.apply(start.view());
        for j in 0..n {
            let turn = |k: usize| 2.0 * std::f64::consts::PI * k as f64 / n as f64;
            let want: f64 = (0..n)
                .map(|k| (-time * (2.0 - 2.0 * turn(k).cos())).exp() * (turn(k) * (j as f64 - 4.0)).cos())
                .sum::<f64>()
                / n as f64;
            assert!((found[[j, 0]] - want).abs() < 3e-15, "{time} {j}: {} {want}", found[[j, 0]]);
        }
        // Of the order of √z, with z = tλ/2 and λ = 4 here.
        assert!((heat.terms() as f64) < 20.0 + 9.0 * (2.0 * time).sqrt(), "{} terms", heat.terms());
    }
}

/// Two kernels in a row are the kernel of the summed time; the kernel is symmetric; heat is kept.
#[test]
fn heat_is_a_symmetric_semigroup() {
    let graph = Graph::nearest(cloud(80, 2, 0.0, 3).view(), 5).unwrap();
    let heat =
        |time| HeatKernel::new(&graph, time, Affinity::InverseSquare, Laplacian::Combinatorial).unwrap();
    let x = cloud(80, 3, 0.5, 7);
    let twice = heat(0.02).apply(heat(0.01).apply(x.view()).view());
    assert_relative_eq!(twice, heat(0.03).apply(x.view()), epsilon = 1e-13);
    let matrix = heat(0.03).apply(Array2::eye(80).view());
    assert_relative_eq!(matrix, matrix.t().to_owned(), epsilon = 1e-14);
    assert_relative_eq!(matrix.sum_axis(ndarray::Axis(0)), ndarray::Array1::ones(80), epsilon = 1e-13);
}

/// On a fine line −4t log of the kernel is the squared distance, up to a constant in the middle of the line.
#[test]
fn heat_costs_are_squared_distances_on_a_line() {
    let (n, step) = (201, 0.01);
    let line = Graph::new(n, (1..n).map(|i| (i - 1, i, step))).unwrap();
    let time = 0.01;
    let heat = HeatKernel::new(&line, time, Affinity::InverseSquare, Laplacian::Combinatorial).unwrap();
    let nodes: Vec<usize> = (60..=140).collect();
    let costs = heat.costs(&[100], &nodes).unwrap();
    // The kernel of the line is step · exp(−d²/4t)/√(4πt).
    let constant = -4.0 * time * (step / (4.0 * std::f64::consts::PI * time).sqrt()).ln();
    for (&node, &cost) in nodes.iter().zip(&costs) {
        let distance = step * (node as f64 - 100.0);
        assert!((cost - constant - distance * distance).abs() < 1e-3 * (0.04 + distance * distance));
    }
    // Either side may be the smaller.
    assert_eq!(heat.costs(&nodes, &[100]).unwrap(), costs.t());
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let points = cloud(700, 3, 0.0, 3);
    let run = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let graph = Graph::nearest(points.view(), 6).unwrap();
            let heat = HeatKernel::new(&graph, 0.01, Affinity::InverseSquare, Laplacian::Normalised).unwrap();
            let after = heat.apply(points.view());
            let paths = graph.distances(&[1, 5, 9], &[2, 300, 699, 7]).unwrap();
            (graph, after, paths)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn bad_graphs() {
    let text = |error: OtError| error.to_string();
    assert_eq!(
        text(Graph::new(3, [(0, 3, 1.0)]).unwrap_err()),
        "node 3 is not in the graph, whose nodes are 0..3"
    );
    for length in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            text(Graph::new(3, [(0, 2, length)]).unwrap_err()),
            format!(
                "the edge from node 0 to node 2 has length {length}; lengths must be finite and not negative, with an affinity above zero where heat is to flow"
            )
        );
    }
    assert_eq!(small().distances(&[], &[1]).unwrap_err(), OtError::Empty { side: "source" });
    assert_eq!(small().distances(&[1], &[9]).unwrap_err(), OtError::BadNode { node: 9, nodes: 6 });
    let points = cloud(3, 2, 0.0, 1);
    for k in [0, 3] {
        assert_eq!(
            text(Graph::nearest(points.view(), k).unwrap_err()),
            format!("the number of neighbours is {k}; it must be at least 1 and below the number of points")
        );
    }
    let heat = |graph: &Graph, time, affinity| {
        HeatKernel::new(graph, time, affinity, Laplacian::Combinatorial).map(|heat| heat.terms()).unwrap_err()
    };
    assert_eq!(
        text(heat(&small(), 0.0, Affinity::Equal)),
        "the time of the heat kernel is 0; it must be positive and finite"
    );
    assert_eq!(
        text(heat(&small(), 1.0, Affinity::Gaussian { bandwidth: f64::NAN })),
        "the bandwidth of the affinity is NaN; it must be positive and finite"
    );
    assert_eq!(
        text(heat(&small(), 1e12, Affinity::Equal)),
        "the time of the heat kernel is 1000000000000; it must be shorter: the expansion would need more than 100,000 terms"
    );
    let touching = Graph::new(2, [(0, 1, 0.0)]).unwrap();
    assert_eq!(
        heat(&touching, 1.0, Affinity::InverseSquare),
        OtError::BadEdge { from: 0, to: 1, length: 0.0 }
    );
    assert_eq!(heat(&Graph::new(0, []).unwrap(), 1.0, Affinity::Equal), OtError::Empty { side: "source" });
    let kernel = HeatKernel::new(&small(), 1.0, Affinity::Equal, Laplacian::Combinatorial).unwrap();
    assert_eq!(kernel.costs(&[0], &[6]).unwrap_err(), OtError::BadNode { node: 6, nodes: 6 });
}
