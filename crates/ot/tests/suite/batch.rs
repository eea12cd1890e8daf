//! Many problems at once: results in order, errors in their place, bits that do not depend on the threads.

use crate::common;

use chreode_ot::{
    Assignment, CostFunction, Euclidean, NetworkSimplex, OtError, OtSolver, SquaredEuclidean, Transport,
    assign_all, assign_all_points, solve_all,
};
use common::{cloud, weights};
use ndarray::Array2;

fn on<T: Send>(threads: usize, task: impl Fn() -> T + Sync) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
    pool.install(&task)
}

#[test]
fn network_simplex_of_growing_sizes() {
    // Threads that slowed a solver down: PythonOT/POT#698, n = 500 and more.
    let costs: Vec<Array2<f64>> = [20, 60, 140, 300, 500]
        .iter()
        .map(|&n| Euclidean.matrix(cloud(n, 3, 0.0, n as u64).view(), cloud(n, 3, 0.2, 9).view()).unwrap())
        .collect();
    let problems: Vec<_> = costs
        .iter()
        .map(|c| Transport::new(c, weights(c.nrows(), 1).view(), weights(c.nrows(), 2).view()).unwrap())
        .collect();
    let solver = NetworkSimplex::default();
    let one = on(1, || solve_all(&solver, &problems));
    assert_eq!(one, on(3, || solve_all(&solver, &problems)));
    for (problem, plan) in problems.iter().zip(&one) {
        assert_eq!(plan.as_ref().unwrap(), &solver.solve(problem).unwrap());
    }
}

#[test]
fn assignments_of_minibatches() {
    let clouds: Vec<(Array2<f32>, Array2<f32>)> = (0..37)
        .map(|k| {
            let n = 10 + 3 * k as usize;
            (cloud(n, 2, 0.0, k).mapv(|v| v as f32), cloud(n, 2, 0.3, k + 100).mapv(|v| v as f32))
        })
        .collect();
    let views: Vec<_> = clouds.iter().map(|(x, y)| (x.view(), y.view())).collect();
    let one = on(1, || assign_all_points(&views));
    assert_eq!(one, on(3, || assign_all_points(&views)));
    let mut solver = Assignment::new();
    for ((x, y), plan) in views.iter().zip(&one) {
        assert_eq!(plan.as_ref().unwrap(), solver.solve_points(*x, *y).unwrap());
    }

    let costs: Vec<_> =
        clouds.iter().map(|(x, y)| SquaredEuclidean.matrix(x.view(), y.view()).unwrap()).collect();
    let views: Vec<_> = costs.iter().map(|c| c.view()).collect();
    let many = on(3, || assign_all(&views));
    assert_eq!(many, on(1, || assign_all(&views)));
    for (a, b) in many.iter().zip(&one) {
        assert_eq!(a.as_ref().unwrap().target, b.as_ref().unwrap().target);
    }
}

#[test]
fn a_bad_problem_is_an_error_in_its_place() {
    let mut bad = Array2::<f64>::eye(4);
    bad[[2, 3]] = f64::NAN;
    let (good, wide) = (Array2::<f64>::eye(4), Array2::<f64>::zeros((2, 3)));
    let results = assign_all(&[good.view(), bad.view(), wide.view(), good.view()]);
    assert!(results[0].is_ok() && results[0] == results[3]);
    assert!(matches!(results[1], Err(OtError::BadCost { row: 2, column: 3, .. })));
    assert!(matches!(results[2], Err(OtError::Shape { expected: 2, found: 3, .. })));
    let problems = [Transport::uniform(&good).unwrap(), Transport::uniform(&bad).unwrap()];
    let results = solve_all(&NetworkSimplex::default(), &problems);
    assert!(results[0].is_ok());
    assert!(matches!(results[1], Err(OtError::BadCost { row: 2, column: 3, .. })));
    assert!(assign_all(&[]).is_empty());
}
