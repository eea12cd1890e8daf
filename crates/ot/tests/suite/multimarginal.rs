//! Multi-marginal transport against two-marginal Sinkhorn, its composition, and the dense tensor.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, MultiMarginal, NetworkSimplex, OtError, OtSolver, Sinkhorn, SquaredEuclidean,
    Stop, Transport, TreeTransport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, Array3, Axis, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

fn costs(n: usize, m: usize, seed: u64) -> Array2<f64> {
    let (x, y) = (cloud(n, 2, 0.0, seed), cloud(m, 2, 0.2, seed + 1));
    SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points")
}

fn near(x: &Array2<f64>, y: &Array2<f64>, tolerance: f64) -> bool {
    x.dim() == y.dim() && (x - y).iter().all(|e| e.abs() <= tolerance)
}

#[test]
fn two_marginals_are_sinkhorn() {
    let c = costs(9, 7, 1);
    let (a, b) = (weights(9, 2) * 3.0, weights(7, 3) * 3.0);
    let epsilon = 0.05;
    let sinkhorn = Sinkhorn::new(epsilon, within(1e-12))
        .solve(&Transport::new(&c, a.view(), b.view()).unwrap())
        .unwrap();
    let tensor =
        MultiMarginal::new(epsilon, within(1e-12)).solve(c.view().into_dyn(), &[a.view(), b.view()]).unwrap();
    let matrix = tensor.tensor().to_owned().into_dimensionality().unwrap();
    assert!(near(&matrix, &sinkhorn.to_matrix(), 1e-11));
    assert_relative_eq!(tensor.cost(), sinkhorn.cost(), max_relative = 1e-10);
    assert_relative_eq!(tensor.certificate().dual_cost, sinkhorn.dual_cost(), max_relative = 1e-10);
    assert!(tensor.certificate().gap() < 1e-9);
    let tree = TreeTransport::chain(epsilon, within(1e-12), &[&c]);
    let plan = tree.solve(&[Some(a.view()), Some(b.view())]).unwrap();
    assert!(near(&plan.edge(0).to_matrix(), &sinkhorn.to_matrix(), 1e-11));
}

#[test]
fn a_chain_of_given_marginals_is_a_composition() {
    let (c1, c2) = (costs(8, 6, 1), costs(6, 9, 3));
    let (a, b, c) = (weights(8, 1), weights(6, 2), weights(9, 3));
    let tree = TreeTransport::chain(0.08, within(1e-12), &[&c1, &c2]);
    let plan = tree.solve(&[Some(a.view()), Some(b.view()), Some(c.view())]).unwrap();
    let pair = |costs: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>| {
        let problem = Transport::new(costs, a.view(), b.view()).unwrap();
        Sinkhorn::new(0.08, within(1e-12)).solve(&problem).unwrap().to_matrix()
    };
    let (first, second) = (pair(&c1, &a, &b), pair(&c2, &b, &c));
    assert!(near(&plan.edge(0).to_matrix(), &first, 1e-11));
    assert!(near(&plan.edge(1).to_matrix(), &second, 1e-11));
    for (node, wanted) in [&a, &b, &c].into_iter().enumerate() {
        assert!((&plan.marginal(node) - wanted).iter().all(|e| e.abs() < 1e-11));
    }
    // The same by the tensor of 8 x 6 x 9: the pair (first, last) is the composition over the middle.
    let sum = Array3::from_shape_fn((8, 6, 9), |(i, j, k)| c1[[i, j]] + c2[[j, k]]);
    let dense = MultiMarginal::new(0.08, within(1e-12))
        .solve(sum.view().into_dyn(), &[a.view(), b.view(), c.view()])
        .unwrap();
    let dense: Array3<f64> = dense.tensor().to_owned().into_dimensionality().unwrap();
    assert!(near(&dense.sum_axis(Axis(2)), &first, 1e-10));
    let composed = (&first / &b).dot(&second);
    assert!(near(&dense.sum_axis(Axis(1)), &composed, 1e-10));
    assert_relative_eq!(plan.cost(), (&dense * &sum).sum(), max_relative = 1e-9);
}

#[test]
fn a_free_node_is_summed_out() {
    let (c1, c2) = (costs(7, 30, 5), costs(30, 8, 7));
    let (a, b) = (weights(7, 1), weights(8, 2));
    let epsilon = 0.1;
    let tree = TreeTransport::chain(epsilon, within(1e-12), &[&c1, &c2]);
    let plan = tree.solve(&[Some(a.view()), None, Some(b.view())]).unwrap();
    // Without the middle: transport under the soft minimum of the way over it.
    let soft = Array2::from_shape_fn((7, 8), |(i, k)| {
        -epsilon * (0..30).map(|j| (-(c1[[i, j]] + c2[[j, k]]) / epsilon).exp()).sum::<f64>().ln()
    });
    let direct = Sinkhorn::new(epsilon, within(1e-12))
        .solve(&Transport::new(&soft, a.view(), b.view()).unwrap())
        .unwrap()
        .to_matrix();
    let middle = Array1::from_shape_fn(30, |j| {
        let mut sum = 0.0;
        for ((i, k), p) in direct.indexed_iter() {
            sum += p * ((soft[[i, k]] - c1[[i, j]] - c2[[j, k]]) / epsilon).exp();
        }
        sum
    });
    assert!((&plan.marginal(1) - &middle).iter().all(|e| e.abs() < 1e-11));
    assert!(plan.certificate().gap() < 1e-10);
}

#[test]
fn a_star_and_a_deep_tree_agree_with_the_tensor() {
    // Edges in both directions, and a node of degree 3: 1 - 0, 2 - 1, 1 - 3.
    let (c10, c21, c13) = (costs(5, 4, 1), costs(3, 5, 2), costs(5, 6, 3));
    let marginals = [weights(4, 1), weights(5, 2), weights(3, 3), weights(6, 4)];
    let sum = ndarray::Array4::from_shape_fn((4, 5, 3, 6), |(i0, i1, i2, i3)| {
        c10[[i1, i0]] + c21[[i2, i1]] + c13[[i1, i3]]
    });
    for free in [None, Some(1)] {
        let edges = [(1, 0, &c10), (2, 1, &c21), (1, 3, &c13)];
        let tree = TreeTransport::new(0.1, within(1e-13), &edges).unwrap();
        let given: Vec<_> =
            marginals.iter().enumerate().map(|(k, b)| (free != Some(k)).then(|| b.view())).collect();
        let plan = tree.solve(&given).unwrap();
        // With the free node's marginal taken from the tree, the tensor must come out the same.
        let all: Vec<Array1<f64>> = (0..4).map(|k| plan.marginal(k)).collect();
        let views: Vec<_> = all.iter().map(|b| b.view()).collect();
        let dense = MultiMarginal::new(0.1, within(1e-12)).solve(sum.view().into_dyn(), &views).unwrap();
        let dense: ndarray::Array4<f64> = dense.tensor().to_owned().into_dimensionality().unwrap();
        let pair = dense.sum_axis(Axis(2)).sum_axis(Axis(0));
        assert!(near(&plan.edge(2).to_matrix(), &pair, 1e-10), "free {free:?}");
        let pair = dense.sum_axis(Axis(3)).sum_axis(Axis(2)).t().to_owned();
        assert!(near(&plan.edge(0).to_matrix(), &pair, 1e-10), "free {free:?}");
    }
}

#[test]
fn a_small_epsilon_comes_near_the_exact_cost() {
    let c = costs(10, 12, 1);
    let (a, b) = (weights(10, 2), weights(12, 3));
    let exact =
        NetworkSimplex::default().solve(&Transport::new(&c, a.view(), b.view()).unwrap()).unwrap().cost();
    let tree = TreeTransport::chain(1e-3, within(1e-8), &[&c]);
    let cost = tree.solve(&[Some(a.view()), Some(b.view())]).unwrap().cost();
    assert!(cost > exact - 1e-7 && cost < exact + 1e-3 * 5.0, "{cost} {exact}");
}

#[test]
fn points_without_mass_stay_empty() {
    let c = costs(4, 4, 1);
    let (a, b) = (array![0.5, 0.0, 0.25, 0.25], array![0.25, 0.25, 0.5, 0.0]);
    let tensor =
        MultiMarginal::new(0.1, within(1e-12)).solve(c.view().into_dyn(), &[a.view(), b.view()]).unwrap();
    assert!(tensor.marginal(0)[1] == 0.0 && tensor.marginal(1)[3] == 0.0);
    let tree = TreeTransport::chain(0.1, within(1e-12), &[&c]);
    let plan = tree.solve(&[Some(a.view()), Some(b.view())]).unwrap();
    assert!(plan.marginal(0)[1] == 0.0 && plan.edge(0).matrix().iter().all(|p| p.is_finite()));
}

#[test]
fn threads_do_not_change_the_bits() {
    let (c1, c2) = (costs(300, 280, 1), costs(280, 290, 3));
    let (a, b) = (weights(300, 1), weights(290, 2));
    let cube = Array3::from_shape_fn((20, 25, 30), |(i, j, k)| ((i * 7 + j * 5 + k * 3) % 11) as f64);
    let (u, v, w) = (weights(20, 1), weights(25, 2), weights(30, 3));
    let run = || {
        let stop = Stop::After { iterations: 4 };
        let tree = TreeTransport::chain(0.05, stop, &[&c1, &c2]);
        let plan = tree.solve(&[Some(a.view()), None, Some(b.view())]).unwrap();
        let tensor = MultiMarginal::new(0.5, stop)
            .solve(cube.view().into_dyn(), &[u.view(), v.view(), w.view()])
            .unwrap();
        (plan.marginal(1), tensor)
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}

#[test]
fn bad_input_is_named() {
    let c = costs(4, 3, 1);
    let (a, b) = (weights(4, 1), weights(3, 2));
    let stop = within(1e-9);
    let said = |error: OtError| error.to_string();
    assert_eq!(
        said(TreeTransport::new(0.1, stop, &[(0, 1, &c), (1, 0, &c)]).unwrap_err()),
        "edge 1 joins nodes 1 and 0 of 3; the edges must make a tree: nodes - 1 of them, each joining a new node"
    );
    let chain = TreeTransport::chain(0.1, stop, &[&c, &c]);
    assert_eq!(
        said(chain.solve(&[Some(a.view()), None, Some(b.view())]).unwrap_err()),
        "measure 1: the number of points in the costs of another edge has size 4 where 3 was expected"
    );
    let chain = TreeTransport::chain(0.1, stop, &[&c]);
    let negative = array![0.5, -0.5, 1.0];
    assert_eq!(
        said(chain.solve(&[Some(a.view()), Some(negative.view())]).unwrap_err()),
        "measure 1: the node's mass of point 1 is -0.5; masses must be finite and not negative"
    );
    assert_eq!(
        said(chain.solve(&[Some(a.view())]).unwrap_err()),
        "the list of marginals has size 1 where 2 was expected"
    );
    assert_eq!(
        said(chain.solve(&[None, None]).unwrap_err()),
        "the nodes' masses are all zero; at least one must be positive"
    );
    let heavy = &b * 2.0;
    assert!(matches!(
        chain.solve(&[Some(a.view()), Some(heavy.view())]).unwrap_err(),
        OtError::InMeasure { index: 1, .. }
    ));
    let solver = MultiMarginal::new(0.1, stop);
    assert_eq!(
        said(solver.solve(c.view().into_dyn(), &[a.view()]).unwrap_err()),
        "the list of marginals (two at least) has size 1 where 2 was expected"
    );
    assert_eq!(
        said(solver.solve(c.view().into_dyn(), &[a.view(), a.view()]).unwrap_err()),
        "measure 1: the marginal has size 4 where 3 was expected"
    );
    let mut bad = c.clone();
    bad[[2, 1]] = f64::NAN;
    assert!(matches!(
        solver.solve(bad.view().into_dyn(), &[a.view(), b.view()]).unwrap_err(),
        OtError::BadCost { row: 2, column: 1, .. }
    ));
    let few = MultiMarginal::new(0.001, Stop::Within { tolerance: 1e-12, max_iterations: 2 });
    assert!(matches!(
        few.solve(c.view().into_dyn(), &[a.view(), b.view()]).unwrap_err(),
        OtError::NotConverged { method: "multi-marginal sinkhorn", iterations: 2, .. }
    ));
}
