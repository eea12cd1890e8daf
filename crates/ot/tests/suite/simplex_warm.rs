//! The network simplex from an earlier plan, from potentials, and stopped on the way.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    AtCap, CostFunction, Coupling, Euclidean, NetworkSimplex, OtError, OtSolver, Sinkhorn, SparsePlan,
    SquaredEuclidean, Stop, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn pivots(plan: &SparsePlan) -> usize {
    plan.certificate().iterations
}

fn meets(plan: &SparsePlan, a: &Array1<f64>, b: &Array1<f64>) {
    let (rows, columns) = plan.marginals();
    assert!((&rows - a).iter().chain((&columns - b).iter()).all(|e| e.abs() < 1e-13));
}

fn costs(n: usize, m: usize) -> Array2<f64> {
    SquaredEuclidean.matrix(cloud(n, 4, 0.0, 1).view(), cloud(m, 4, 0.2, 2).view()).expect("finite points")
}

const COLD: NetworkSimplex = NetworkSimplex { max_pivots: usize::MAX, at_cap: AtCap::Fail };

#[test]
fn a_plan_that_was_kept_is_a_plan_and_is_continued_to_the_optimum() {
    let costs = costs(300, 340);
    let (a, b) = (weights(300, 3), weights(340, 4));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let optimum = COLD.solve(&problem).unwrap();
    let step = NetworkSimplex { max_pivots: 300, at_cap: AtCap::Keep };
    let mut plan = step.solve(&problem).unwrap();
    let mut excess = f64::INFINITY;
    let mut steps = 1;
    while pivots(&plan) == 300 {
        meets(&plan, &a, &b);
        // The proof holds on the way: dual feasible, and the gap is no less than what is lost.
        let (u, v) = (plan.source_potential(), plan.target_potential());
        assert!(costs.indexed_iter().all(|((i, j), c)| u[i] + v[j] <= c + 1e-13));
        assert!(plan.cost() - optimum.cost() <= plan.gap() + 1e-13);
        assert!(plan.cost() <= excess + optimum.cost(), "a pivot never makes the plan dearer");
        excess = plan.cost() - optimum.cost();
        plan = step.resume(&problem, &plan).unwrap();
        steps += 1;
    }
    assert!(steps > 2, "the cap was reached");
    assert_relative_eq!(plan.cost(), optimum.cost(), max_relative = 1e-13);
    assert!(plan.gap() < 1e-13);
    // No work is done twice, apart from the empty arcs that a plan does not hold.
    assert!(steps * 300 < 2 * pivots(&optimum) + 600, "{steps} steps of 300, {} pivots", pivots(&optimum));
}

#[test]
fn an_optimal_plan_needs_no_pivot_again() {
    let costs = costs(200, 260);
    let (a, b) = (weights(200, 3), weights(260, 4));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = COLD.solve(&problem).unwrap();
    let again = COLD.resume(&problem, &plan).unwrap();
    assert_eq!(pivots(&again), 0);
    assert_eq!(again.entries(), plan.entries());
    assert_relative_eq!(again.cost(), plan.cost(), max_relative = 1e-14);
}

#[test]
fn changed_costs_and_masses_start_near_the_optimum() {
    let costs = costs(300, 330);
    let (a, b) = (weights(300, 3), weights(330, 4));
    let plan = COLD.solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    let moved =
        &costs * &Array2::from_shape_fn((300, 330), |(i, j)| 1.0 + 1e-3 * ((i * 7 + j * 3) as f64).sin());
    let problem = Transport::new(&moved, a.view(), b.view()).unwrap();
    let (cold, warm) = (COLD.solve(&problem).unwrap(), COLD.resume(&problem, &plan).unwrap());
    assert_relative_eq!(warm.cost(), cold.cost(), max_relative = 1e-13);
    assert!(2 * pivots(&warm) < pivots(&cold), "{} and {} pivots", pivots(&warm), pivots(&cold));

    let mut other = weights(300, 5) * 0.01 + &a;
    other /= other.sum();
    let problem = Transport::new(&costs, other.view(), b.view()).unwrap();
    let (cold, warm) = (COLD.solve(&problem).unwrap(), COLD.resume(&problem, &plan).unwrap());
    meets(&warm, &other, &b);
    assert_relative_eq!(warm.cost(), cold.cost(), max_relative = 1e-13);
    assert!(pivots(&warm) < pivots(&cold), "{} and {} pivots", pivots(&warm), pivots(&cold));
    let warm = COLD.solve_from(&problem, plan.target_potential()).unwrap();
    assert_relative_eq!(warm.cost(), cold.cost(), max_relative = 1e-13);
}

#[test]
fn potentials_of_any_origin_will_do() {
    let costs = costs(150, 150);
    let problem = Transport::uniform(&costs).unwrap();
    let optimum = COLD.solve(&problem).unwrap().cost();
    let stop = Stop::After { iterations: 200 };
    let entropic = Sinkhorn::new(0.01, stop).solve(&problem).unwrap();
    let rough = Array1::from_shape_fn(150, |j| 1e3 * (j as f64).sin());
    for v in [entropic.target_potential().to_owned(), rough, Array1::zeros(150)] {
        let plan = COLD.solve_from(&problem, v.view()).unwrap();
        assert_relative_eq!(plan.cost(), optimum, max_relative = 1e-13);
        assert!(plan.gap() < 1e-12);
    }
}

#[test]
fn forbidden_moves_and_masses_of_zero() {
    let mut costs = Euclidean.matrix(cloud(40, 2, 0.0, 1).view(), cloud(50, 2, 0.0, 2).view()).unwrap();
    let (mut a, mut b) = (weights(40, 1), weights(50, 2));
    a.iter_mut().step_by(4).for_each(|m| *m = 0.0);
    b.iter_mut().step_by(5).for_each(|m| *m = 0.0);
    (a, b) = (&a / a.sum(), &b / b.sum());
    let plan = COLD.solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    let resumed = COLD.resume(&Transport::new(&costs, a.view(), b.view()).unwrap(), &plan).unwrap();
    assert_eq!((pivots(&resumed), resumed.entries()), (0, plan.entries()));
    // The moves of the plan become forbidden: it is no basis any more.
    plan.entries().iter().step_by(9).for_each(|e| costs[[e.row, e.column]] = f64::INFINITY);
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let (cold, warm) = (COLD.solve(&problem).unwrap(), COLD.resume(&problem, &plan).unwrap());
    assert_relative_eq!(warm.cost(), cold.cost(), max_relative = 1e-13);
    meets(&warm, &a, &b);
}

#[test]
fn without_a_plan_yet_the_cap_is_an_error_all_the_same() {
    // Only the anti-diagonal is a plan, and greedy placement misses it.
    let mut costs = Array2::from_elem((6, 6), f64::INFINITY);
    for i in 0..6 {
        costs[[i, 5 - i]] = 10.0;
        costs[[i, 0]] = 1.0;
    }
    let problem = Transport::uniform(&costs).unwrap();
    let error = NetworkSimplex { max_pivots: 0, at_cap: AtCap::Keep }.solve(&problem).unwrap_err();
    assert_eq!(error, OtError::PivotCap { pivots: 0 });
}

#[test]
fn bad_starts_are_named() {
    let costs = Array2::<f64>::ones((3, 2));
    let problem = Transport::uniform(&costs).unwrap();
    let text = |v: Array1<f64>| COLD.solve_from(&problem, v.view()).unwrap_err().to_string();
    assert_eq!(text(array![0.0]), "the list of target potentials has size 1 where 2 was expected");
    assert_eq!(
        text(array![0.0, f64::NAN]),
        "the potential of target point 1 is NaN; start from finite potentials, or from none"
    );
    let plan = COLD.solve(&problem).unwrap();
    let text = |shape: (usize, usize)| {
        let costs = Array2::<f64>::ones(shape);
        let problem = Transport::uniform(&costs).unwrap();
        COLD.resume(&problem, &plan).unwrap_err().to_string()
    };
    assert_eq!(text((4, 2)), "the source side of the plan has size 3 where 4 was expected");
    assert_eq!(text((3, 1)), "the target side of the plan has size 2 where 1 was expected");
}
