//! Sinkhorn: reference values, tiny and large epsilon, scaling, stops.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, EpsilonScaling, NetworkSimplex, OtError, OtSolver, Sinkhorn, SquaredEuclidean,
    Stop, Transport,
};
use common::{cloud, small, weights};
use ndarray::{Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

#[test]
fn agrees_with_an_independent_log_domain_solver() {
    // gauss_5x7x2, weighted, squared Euclidean: numpy log-domain Sinkhorn converged to 1e-14, whose exact
    // counterparts are POT 0.9.7.post1's.
    let (x, y, a, b) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    for (epsilon, transport, divergence, dual) in [
        (1.0, 3.8202411243452477, 0.545989085332172, 4.366230209677456),
        (0.1, 3.648303667083225, 0.9573702752330557, 3.7440406946065803),
        (0.05, 3.6459974822903907, 0.9856710316056957, 3.695281033870751),
    ] {
        let plan = Sinkhorn::new(epsilon, within(1e-13)).solve(&problem).unwrap();
        assert_relative_eq!(plan.cost(), transport, max_relative = 1e-11);
        assert_relative_eq!(plan.dual_cost(), dual, max_relative = 1e-11);
        assert_relative_eq!(plan.primal_cost(), transport + epsilon * divergence, max_relative = 1e-11);
        let (rows, columns) = plan.marginals();
        assert!((&rows - &a).mapv(f64::abs).sum() < 2e-13);
        assert!((&columns - &b).mapv(f64::abs).sum() < 2e-13);
    }
}

#[test]
fn small_epsilon_approaches_the_simplex() {
    let costs = SquaredEuclidean.matrix(cloud(60, 2, 0.0, 1).view(), cloud(45, 2, 0.5, 2).view()).unwrap();
    let (a, b) = (weights(60, 1), weights(45, 2));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap();
    let scaling = EpsilonScaling::Geometric { start: 2.0, factor: 0.5, steps: 30 };
    let solver = Sinkhorn { scaling, ..Sinkhorn::new(5e-4, within(1e-6)) };
    let plan = solver.solve(&problem).unwrap();
    assert!(plan.cost() >= exact.cost() - 1e-5 && plan.cost() < exact.cost() + 1e-3);
    assert!(plan.dual_cost() >= exact.cost() - 1e-5);
    // The entropic optimum exceeds the exact one by at most ε KL(P | ab), and KL by at most the entropy of b.
    let entropy: f64 = -b.iter().map(|b| b * b.ln()).sum::<f64>();
    assert!(plan.dual_cost() <= exact.cost() + 5e-4 * entropy + 1e-9);
}

#[test]
fn tiny_and_huge_epsilon_stay_finite() {
    let costs = SquaredEuclidean.matrix(cloud(40, 3, 0.0, 1).view(), cloud(50, 3, 2.0, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    for epsilon in [1e-12, 1e-6, 1e6] {
        let plan = Sinkhorn::new(epsilon, Stop::After { iterations: 20 }).solve(&problem).unwrap();
        assert!(
            plan.cost().is_finite()
                && plan.dual_cost().is_finite()
                && plan.certificate().residual.is_finite()
        );
        assert!(plan.to_matrix().iter().all(|p| p.is_finite() && *p >= 0.0));
        assert_eq!(plan.certificate().iterations, 20);
        let (_, columns) = plan.marginals();
        assert!(
            columns.iter().all(|c| (c * 50.0 - 1.0).abs() < 1e-2),
            "columns are exact after their update"
        );
    }
    // At infinite ε the plan is the product of the marginals.
    let plan = Sinkhorn::new(1e9, within(1e-12)).solve(&problem).unwrap();
    assert!(plan.to_matrix().iter().all(|p| (p * 2000.0 - 1.0).abs() < 1e-6));
}

#[test]
fn scaling_saves_iterations_and_changes_no_answer() {
    let costs = SquaredEuclidean.matrix(cloud(80, 2, 0.0, 1).view(), cloud(80, 2, 0.3, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plain = Sinkhorn::new(2e-3, within(1e-9)).solve(&problem).unwrap();
    let scaling = EpsilonScaling::Geometric { start: 1.0, factor: 0.5, steps: 5 };
    let scaled = Sinkhorn { scaling, ..Sinkhorn::new(2e-3, within(1e-9)) }.solve(&problem).unwrap();
    assert_relative_eq!(plain.cost(), scaled.cost(), max_relative = 1e-6);
    assert!(scaled.certificate().iterations < plain.certificate().iterations + 50);
}

#[test]
fn a_tolerance_not_met_is_an_error_and_a_fixed_number_is_not() {
    let costs = SquaredEuclidean.matrix(cloud(30, 2, 0.0, 1).view(), cloud(30, 2, 0.3, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 3 };
    let error = Sinkhorn::new(1e-3, stop).solve(&problem).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { iterations: 3, residual, .. } if residual > 1e-12));
    let plan = Sinkhorn::new(1e-3, Stop::After { iterations: 3 }).solve(&problem).unwrap();
    let residual = plan.certificate().residual;
    let (rows, _) = plan.marginals();
    assert_relative_eq!((rows - 1.0 / 30.0).mapv(f64::abs).sum(), residual, max_relative = 1e-9);
}

#[test]
fn points_without_mass_and_forbidden_moves() {
    let inf = f64::INFINITY;
    let costs = array![[0.0, 1.0, inf], [1.0, 0.0, 3.0], [inf, inf, inf]];
    let (a, b) = (array![0.5, 0.5, 0.0], array![0.3, 0.3, 0.4]);
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Sinkhorn::new(0.1, within(1e-10)).solve(&problem).unwrap();
    let matrix = plan.to_matrix();
    assert!(matrix.iter().all(|p| p.is_finite()));
    assert_eq!((matrix[[0, 2]], matrix.row(2).sum()), (0.0, 0.0));
    assert_relative_eq!(matrix[[1, 2]], 0.4, epsilon = 1e-9);

    let blocked = Array2::from_elem((2, 2), inf);
    let error = Sinkhorn::new(0.1, within(1e-6)).solve(&Transport::uniform(&blocked).unwrap()).unwrap_err();
    assert_eq!(error, OtError::Infeasible { unplaced: 0.5, row: 0 });
    let unreachable = array![[0.0, inf], [0.0, inf]];
    let error =
        Sinkhorn::new(0.1, within(1e-6)).solve(&Transport::uniform(&unreachable).unwrap()).unwrap_err();
    assert_eq!(error, OtError::Unreachable { unplaced: 0.5, column: 1 });
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let costs = SquaredEuclidean.matrix(cloud(300, 2, 0.0, 1).view(), cloud(700, 2, 0.3, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plan = Sinkhorn::new(0.05, Stop::After { iterations: 5 }).solve(&problem).unwrap();
            (plan.target_potential().to_owned(), plan.push(costs.view()), plan.dual_cost())
        })
    };
    assert_eq!(on(1), on(3));
}
