//! Greedy Sinkhorn against Sinkhorn and reference values.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{Coupling, EpsilonScaling, Greenkhorn, OtError, OtSolver, Sinkhorn, Stop, Transport};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 2_000_000 }
}

fn case() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let points = |n: usize, phase: f64| {
        Array2::from_shape_fn((n, 2), |(i, k)| {
            let (i, k) = ((i + 1) as f64, (k + 1) as f64);
            (phase + 1.7 * i * k + 0.3 * i * i).cos()
        })
    };
    let masses = |n: usize, phase: f64| {
        let w = Array1::from_shape_fn(n, |i| 1.5 + (phase + 2.1 * (i + 1) as f64).sin());
        &w / w.sum()
    };
    let (x, y) = (points(12, 0.0), points(9, 0.5));
    let costs = Array2::from_shape_fn((12, 9), |(i, j)| (&x.row(i) - &y.row(j)).mapv(|e| e * e).sum());
    (costs, masses(12, 0.0), masses(9, 1.0))
}

#[test]
fn agrees_with_pot_and_sinkhorn() {
    let (costs, a, b) = case();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Greenkhorn::new(0.2, within(1e-12)).solve(&problem).unwrap();
    // POT 0.9.7.post1, ot.bregman.greenkhorn(a, b, C, 0.2, numItermax=20000, stopThr=1e-12)
    assert_relative_eq!(plan.cost(), 0.40253594117164704, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[0, 0]], 0.1040008403005952, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[3, 4]], 0.0010450119058180618, max_relative = 1e-9);
    for epsilon in [0.5, 0.05, 0.01] {
        let greedy = Greenkhorn::new(epsilon, within(1e-11)).solve(&problem).unwrap();
        let even = Sinkhorn::new(epsilon, Stop::Within { tolerance: 1e-11, max_iterations: 200_000 });
        let even = even.solve(&problem).unwrap();
        assert!((&greedy.matrix() - &even.to_matrix()).iter().all(|e| e.abs() < 1e-10));
        let (greedy, even) = (greedy.certificate(), even.certificate());
        assert_relative_eq!(greedy.primal_cost, even.primal_cost, max_relative = 1e-9);
        assert_relative_eq!(greedy.dual_cost, even.dual_cost, max_relative = 1e-9);
    }
}

#[test]
fn potentials_make_the_plan() {
    let (costs, a, b) = case();
    let (a, b) = (a * 5.0, b * 5.0);
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Greenkhorn::new(0.1, within(1e-10)).solve(&problem).unwrap();
    let (f, g) = plan.potentials().expect("greenkhorn has potentials");
    for ((i, j), &p) in plan.matrix().indexed_iter() {
        let made = a[i] * b[j] / 5.0 * ((f[i] + g[j] - costs[[i, j]]) / 0.1).exp();
        assert_relative_eq!(p, made, max_relative = 1e-9);
    }
    let (rows, columns) = plan.marginals();
    assert!((&rows - &a).iter().chain((&columns - &b).iter()).map(|e| e.abs()).sum::<f64>() < 1e-9);
}

#[test]
fn tiny_epsilon_forbidden_moves_and_points_without_mass() {
    let (mut costs, mut a, mut b) = case();
    costs[[0, 0]] = f64::INFINITY;
    a[3] = 0.0;
    b[2] = 0.0;
    let total = a.sum();
    b *= total / b.sum();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    // Costs up to 6 at ε = 0.002: exp(-3000) is 0.
    let plan = Greenkhorn::new(0.002, within(1e-4)).solve(&problem).unwrap();
    assert!(plan.matrix().iter().all(|p| p.is_finite() && *p >= 0.0));
    assert!(plan.matrix()[[0, 0]] == 0.0 && plan.matrix().row(3).sum() == 0.0);
    assert!(plan.certificate().residual <= 1e-4);
    let scaling = EpsilonScaling::Geometric { start: 4.0, factor: 0.5, steps: 20 };
    let stop = Stop::Within { tolerance: 1e-6, max_iterations: 400_000 };
    let even = Sinkhorn { scaling, ..Sinkhorn::new(0.002, stop) }.solve(&problem).unwrap();
    assert!((plan.cost() - even.cost()).abs() < 5e-4, "{} {}", plan.cost(), even.cost());
    let plan = Greenkhorn::new(0.002, within(1e-6)).solve(&problem).unwrap();
    assert!((plan.cost() - even.cost()).abs() < 1e-5, "{} {}", plan.cost(), even.cost());
}

#[test]
fn the_furthest_row_or_column_goes_first() {
    // Costs that are 0 but for one column: it alone is off, so one iteration makes it right and the rows wrong.
    let mut costs = Array2::<f64>::zeros((4, 3));
    costs.column_mut(1).fill(0.5);
    costs[[2, 1]] = 0.7;
    let problem = Transport::uniform(&costs).unwrap();
    let plan = Greenkhorn::new(0.5, Stop::After { iterations: 1 }).solve(&problem).unwrap();
    let (rows, columns) = plan.marginals();
    assert_relative_eq!(columns[1], 1.0 / 3.0, max_relative = 1e-14);
    assert_relative_eq!(columns[0], 1.0 / 3.0, max_relative = 1e-14);
    assert!((rows[2] - 0.25).abs() > 1e-3);
    let (f, g) = plan.potentials().expect("greenkhorn has potentials");
    assert!(f.iter().all(|f| *f == 0.0) && g[0] == 0.0 && g[1] > 0.4 && g[2] == 0.0);
}

#[test]
fn threads_do_not_change_the_bits() {
    let (x, y) = (cloud(200, 2, 0.0, 1), cloud(150, 2, 0.3, 2));
    let costs = Array2::from_shape_fn((200, 150), |(i, j)| (&x.row(i) - &y.row(j)).mapv(|e| e * e).sum());
    let problem = Transport::new(&costs, weights(200, 3).view(), weights(150, 4).view()).unwrap();
    let run = || Greenkhorn::new(0.01, Stop::After { iterations: 500 }).solve(&problem).unwrap();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}

#[test]
fn bad_input_is_named() {
    let costs = array![[0.0, f64::INFINITY], [1.0, f64::INFINITY]];
    let problem = Transport::uniform(&costs).unwrap();
    let stop = within(1e-9);
    assert_eq!(
        Greenkhorn::new(0.1, stop).solve(&problem).unwrap_err(),
        OtError::Unreachable { unplaced: 0.5, column: 1 }
    );
    let turned = costs.t().to_owned();
    assert_eq!(
        Greenkhorn::new(0.1, stop).solve(&Transport::uniform(&turned).unwrap()).unwrap_err(),
        OtError::Infeasible { unplaced: 0.5, row: 1 }
    );
    assert_eq!(
        Greenkhorn::new(-1.0, stop).solve(&problem).unwrap_err().to_string(),
        "epsilon is -1; it must be positive and finite"
    );
    let (costs, a, b) = case();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let few = Stop::Within { tolerance: 1e-12, max_iterations: 3 };
    let error = Greenkhorn::new(0.1, few).solve(&problem).unwrap_err();
    assert!(error.to_string().starts_with("greenkhorn reached a residual of"), "{error}");
    assert!(matches!(error, OtError::NotConverged { iterations: 3, .. }));
}
