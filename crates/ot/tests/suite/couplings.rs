//! Every plan as a linear map and as a sampler; batches of problems.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{
    CostFunction, Coupling, NetworkSimplex, OtError, OtSolver, Permutation, Sinkhorn, SquaredEuclidean, Stop,
    Transport, solve_all,
};
use common::{cloud, small};
use ndarray::{Array1, Array2, array};

/// Adjointness, marginals, barycentres and frequencies, against the matrix.
fn laws(plan: &impl Coupling, draws: usize) {
    let (n, m) = plan.shape();
    let matrix = plan.to_matrix();
    let (x, y) = (cloud(n, 3, 0.0, 1), cloud(m, 3, 0.0, 2));
    assert_relative_eq!(plan.push(x.view()), matrix.t().dot(&x), epsilon = 1e-14);
    assert_relative_eq!(plan.pull(y.view()), matrix.dot(&y), epsilon = 1e-14);
    let (rows, columns) = plan.marginals();
    assert_relative_eq!(rows, matrix.sum_axis(ndarray::Axis(1)), epsilon = 1e-14);
    assert_relative_eq!(columns, matrix.sum_axis(ndarray::Axis(0)), epsilon = 1e-14);
    let moved = plan.barycentric(y.view());
    for i in 0..n {
        assert_relative_eq!(moved.row(i).to_owned(), matrix.row(i).dot(&y) / rows[i], epsilon = 1e-12);
    }
    let pairs = plan.sample(draws, &mut Seed(3).stream("pairs", 0));
    assert_eq!(pairs.len(), draws);
    let mut counts = Array2::<f64>::zeros((n, m));
    pairs.iter().for_each(|&pair| counts[pair] += 1.0);
    let total = matrix.sum();
    for (&count, &mass) in counts.iter().zip(&matrix) {
        let (p, k) = (mass / total, draws as f64);
        assert!(
            (count - p * k).abs() <= 5.0 * (p * k).sqrt() + 1.0,
            "{count} draws where {} are expected",
            p * k
        );
    }
    let once = plan.sample_permutation(&mut Seed(3).stream("rows", 0));
    assert!(once.iter().map(|pair| pair.0).eq(0..n));
    assert!(once.iter().all(|&pair| matrix[pair] > 0.0));
    assert_eq!(once, plan.sample_permutation(&mut Seed(3).stream("rows", 0)));
}

#[test]
fn all_plans_obey_the_laws() {
    let (x, y, a, b) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    laws(&NetworkSimplex::default().solve(&problem).unwrap(), 20_000);
    laws(&Sinkhorn::new(1.0, Stop::After { iterations: 50 }).solve(&problem).unwrap(), 20_000);
    laws(&Permutation::new(vec![2, 0, 3, 1], 1.5).unwrap(), 4_000);
}

#[test]
fn conditional_draws_follow_the_row() {
    let costs = array![[0.0, 0.0, 0.0]];
    let problem = Transport::new(&costs, array![1.0].view(), array![0.2, 0.3, 0.5].view()).unwrap();
    let plan = NetworkSimplex::default().solve(&problem).unwrap();
    let mut counts = [0.0; 3];
    let mut rng = Seed(1).stream("draws", 0);
    for _ in 0..10_000 {
        counts[plan.sample_permutation(&mut rng)[0].1] += 1e-4;
    }
    assert_relative_eq!(Array1::from(counts.to_vec()), array![0.2, 0.3, 0.5], epsilon = 0.02);
}

#[test]
fn source_points_without_mass_are_not_drawn() {
    let costs = array![[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]];
    let problem = Transport::new(&costs, array![0.5, 0.5, 0.0].view(), array![0.5, 0.5].view()).unwrap();
    let plan = NetworkSimplex::default().solve(&problem).unwrap();
    assert_eq!(plan.sample_permutation(&mut Seed(1).stream("draws", 0)), [(0, 0), (1, 1)]);
    assert!(plan.barycentric(array![[1.0], [2.0]].view())[[2, 0]].is_nan());
}

#[test]
fn a_permutation_is_checked() {
    let error = Permutation::new(vec![0, 1, 1], 0.0).unwrap_err();
    assert_eq!(error, OtError::NotPermutation { row: 2, target: 1, size: 3 });
    assert_eq!(
        error.to_string(),
        "target 1 of source 2 is out of range or taken twice; a permutation of 3 uses each of 0..3 once"
    );
    assert_eq!(
        Permutation::new(vec![0, 3], 0.0).unwrap_err(),
        OtError::NotPermutation { row: 1, target: 3, size: 2 }
    );
    assert_eq!(Permutation::new(vec![], 0.0).unwrap_err(), OtError::Empty { side: "source" });
}

#[test]
fn batches_keep_the_order_and_the_bits() {
    let costs: Vec<Array2<f64>> = (0..12)
        .map(|k| {
            SquaredEuclidean.matrix(cloud(40 + k, 2, 0.0, 1).view(), cloud(50, 2, 0.5, 2).view()).unwrap()
        })
        .collect();
    let mut problems: Vec<_> = costs.iter().map(|c| Transport::uniform(c).unwrap()).collect();
    let blocked = Array2::from_elem((3, 3), f64::INFINITY);
    problems.insert(4, Transport::uniform(&blocked).unwrap());
    let solver = NetworkSimplex::default();
    let plans = solve_all(&solver, &problems);
    assert!(plans[4].is_err());
    for (problem, plan) in problems.iter().zip(plans) {
        assert_eq!(plan, solver.solve(problem));
    }
}
