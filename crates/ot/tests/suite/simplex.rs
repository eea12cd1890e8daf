//! The network simplex: closed forms, certificates, awkward marginals, forbidden moves.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, Euclidean, Geometry, NetworkSimplex, OtError, OtSolver, PointCloud, SparsePlan,
    SquaredEuclidean, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, Axis, array};

/// Marginals, dual feasibility, complementary slackness, and the size of the support.
fn certify<G: Geometry>(problem: &Transport<'_, G>, plan: &SparsePlan) {
    let (n, m) = problem.shape();
    let (rows, columns) = plan.marginals();
    let total = problem.source().sum();
    for (found, wanted) in rows.iter().zip(problem.source()).chain(columns.iter().zip(problem.target())) {
        assert!((found - wanted).abs() <= 1e-12 * total, "marginal {found} is not {wanted}");
    }
    assert!(plan.entries().len() < n + m);
    assert!(plan.entries().iter().all(|e| e.mass > 0.0));
    let (u, v) = (plan.source_potential(), plan.target_potential());
    let mut buffer = Vec::new();
    for i in 0..n {
        for (j, &c) in problem.geometry().costs(i, 0..m, &mut buffer).iter().enumerate() {
            let slack = c - u[i] - v[j];
            assert!(slack >= -1e-12 * (1.0 + u[i].abs() + v[j].abs()), "arc {i} {j} has slack {slack}");
        }
    }
    for e in plan.entries() {
        let slack = problem.geometry().cost(e.row, e.column) - u[e.row] - v[e.column];
        assert!(slack.abs() <= 1e-10 * (1.0 + u[e.row].abs()), "used arc {e:?} has slack {slack}");
    }
    assert!(plan.gap() <= 1e-11 * (1.0 + plan.cost().abs()), "gap {}", plan.gap());
}

fn solve<G: Geometry>(problem: &Transport<'_, G>) -> SparsePlan {
    NetworkSimplex::default().solve(problem).expect("the problem is feasible")
}

#[test]
fn sorted_points_on_a_line() {
    // In one dimension and for a convex cost the optimal plan is monotone.
    let (n, m) = (700, 500);
    let (x, y) = (cloud(n, 1, 0.0, 1), cloud(m, 1, 0.3, 2));
    let sorted = |points: &Array2<f64>| {
        let mut values = points.column(0).to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (sx, sy) = (sorted(&x), sorted(&y));
    // Quantile functions are constant on pieces of length 1 / (nm).
    let exact: f64 = (0..n * m).map(|k| (sx[k / m] - sy[k / n]).powi(2)).sum::<f64>() / (n * m) as f64;
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), exact, max_relative = 1e-12);
}

#[test]
fn equal_clouds_shifted_are_matched_by_the_shift() {
    let x = cloud(400, 3, 0.0, 3);
    let y = &x + &array![[2.0, -1.0, 0.5]];
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), 5.25, max_relative = 1e-12);
    assert!(plan.entries().iter().all(|e| e.row == e.column));
    assert_eq!(plan.entries().len(), 400, "equal masses give a permutation without residues");
}

#[test]
fn weighted_clouds_are_certified() {
    for (n, m, d) in [(1, 1, 1), (1, 9, 2), (9, 1, 2), (60, 50, 3), (300, 420, 5), (530, 260, 2)] {
        let (x, y) = (cloud(n, d, 0.0, n as u64), cloud(m, d, 0.4, 77));
        let costs = Euclidean.matrix(x.view(), y.view()).unwrap();
        let (a, b) = (weights(n, 5), weights(m, 6));
        let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
        certify(&problem, &solve(&problem));
    }
}

#[test]
fn costs_on_demand_give_the_same_plan() {
    let (x, y) = (cloud(300, 5, 0.0, 8), cloud(280, 5, 0.2, 9));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let lazy = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let plan = solve(&Transport::uniform(&costs).unwrap());
    assert_eq!(plan, solve(&Transport::uniform(&lazy).unwrap()));
    let view = costs.view();
    assert_eq!(plan, solve(&Transport::uniform(&view).unwrap()));
    let fortran = costs.t().as_standard_layout().to_owned();
    let transposed = fortran.t();
    assert_eq!(plan, solve(&Transport::uniform(&transposed).unwrap()));
}

#[test]
fn shapes_that_have_failed_elsewhere() {
    // ones(292, 2); 5 x 960 with equal masses; the same with masses in f32.
    let ones = Array2::<f64>::ones((292, 2));
    let problem = Transport::uniform(&ones).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), 1.0, max_relative = 1e-14);

    let costs = Euclidean.matrix(cloud(5, 2, 0.0, 1).view(), cloud(960, 2, 0.1, 2).view()).unwrap();
    let uniform = Transport::uniform(&costs).unwrap();
    let plan = solve(&uniform);
    certify(&uniform, &plan);
    assert!(plan.entries().iter().all(|e| (e.mass * 960.0 - 1.0).abs() < 1e-12), "192 targets a source");

    let a = Array1::from_elem(5, 1.0_f32 / 5.0);
    let b = Array1::from_elem(960, 1.0_f32 / 960.0);
    let single = Transport::new(&costs, a.view(), b.view()).unwrap();
    assert_relative_eq!(solve(&single).cost(), plan.cost(), max_relative = 1e-6);
    certify(&single, &solve(&single));
}

#[test]
fn softmax_masses_in_single_precision() {
    let soft = |n: usize, seed: u64| {
        let e = cloud(n, 1, 0.0, seed).column(0).mapv(|v| (8.0 * v as f32).exp());
        let total: f32 = e.sum();
        e / total
    };
    let costs = SquaredEuclidean.matrix(cloud(200, 2, 0.0, 3).view(), cloud(170, 2, 0.5, 4).view()).unwrap();
    let (a, b) = (soft(200, 5), soft(170, 6));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    certify(&problem, &solve(&problem));
}

#[test]
fn points_without_mass_take_no_part() {
    let (x, y) = (cloud(40, 2, 0.0, 1), cloud(30, 2, 1.0, 2));
    let costs = Euclidean.matrix(x.view(), y.view()).unwrap();
    let (mut a, mut b) = (weights(40, 1), weights(30, 2));
    a.iter_mut().step_by(3).for_each(|m| *m = 0.0);
    b.iter_mut().step_by(4).for_each(|m| *m = 0.0);
    let (a, b) = (&a / a.sum(), &b / b.sum());
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    let keep = |m: &Array1<f64>| (0..m.len()).filter(|&i| m[i] > 0.0).collect::<Vec<_>>();
    let (rows, columns) = (keep(&a), keep(&b));
    let inner = costs.select(Axis(0), &rows).select(Axis(1), &columns);
    let (a, b) = (a.select(Axis(0), &rows), b.select(Axis(0), &columns));
    let reduced = Transport::new(&inner, a.view(), b.view()).unwrap();
    assert_relative_eq!(plan.cost(), solve(&reduced).cost(), max_relative = 1e-12);
}

#[test]
fn forbidden_moves_are_infinite_or_huge() {
    let inf = f64::INFINITY;
    // The only allowed plan is the anti-diagonal, which greedy placement must be talked into.
    let mut costs = Array2::from_elem((6, 6), inf);
    for i in 0..6 {
        costs[[i, 5 - i]] = 10.0;
        costs[[i, 0]] = costs[[i, 0]].min(1.0);
    }
    costs[[0, 0]] = 1.0;
    let problem = Transport::uniform(&costs).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), (10.0 * 5.0 + 1.0) / 6.0, max_relative = 1e-14);

    // The same with 1e32 in place of infinity: small costs are not lost beside it.
    let (x, y) = (cloud(60, 2, 0.0, 4), cloud(60, 2, 0.0, 5));
    let mut hard = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    for ((i, j), c) in hard.indexed_iter_mut() {
        if (i + 2 * j) % 3 != 0 && i != j {
            *c = inf;
        }
    }
    let soft = hard.mapv(|c| if c == inf { 1e32 } else { c });
    let (a, b) = (Transport::uniform(&hard).unwrap(), Transport::uniform(&soft).unwrap());
    certify(&a, &solve(&a));
    assert_relative_eq!(solve(&a).cost(), solve(&b).cost(), max_relative = 1e-12);
}

#[test]
fn a_point_without_mass_may_be_far_away() {
    // Its arcs of 1e32 must not set the scale of rounding for the others.
    let x = cloud(30, 2, 0.0, 1);
    let near = Euclidean.matrix(x.view(), cloud(30, 2, 0.2, 2).view()).unwrap();
    let mut costs = Array2::from_elem((31, 31), 1e32);
    costs.slice_mut(ndarray::s![..30, ..30]).assign(&near);
    let mut masses = Array1::from_elem(31, 1.0 / 30.0);
    masses[30] = 0.0;
    let problem = Transport::new(&costs, masses.view(), masses.view()).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), solve(&Transport::uniform(&near).unwrap()).cost(), max_relative = 1e-12);
}

#[test]
fn ties_everywhere() {
    // Whole costs and masses: almost every pivot is degenerate, and the method must still end.
    for seed in 0..30 {
        let whole = |n: usize, k: f64, seed: u64| cloud(n, 1, 0.5, seed).column(0).mapv(|v| (v * k).floor());
        let (n, m) = (30 + seed as usize, 50 - seed as usize);
        let costs = whole(n * m, 4.0, seed).into_shape_with_order((n, m)).unwrap();
        let (mut a, mut b) = (whole(n, 3.0, seed + 100), whole(m, 3.0, seed + 200));
        let (total_a, total_b) = (a.sum(), b.sum());
        a[0] += (total_b - total_a).max(0.0);
        b[0] += (total_a - total_b).max(0.0);
        let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
        let plan = solve(&problem);
        certify(&problem, &plan);
        assert!((plan.cost() - plan.cost().round()).abs() < 1e-9, "whole data have a whole optimum");
    }
}

#[test]
fn mass_with_nowhere_to_go_is_an_error() {
    let inf = f64::INFINITY;
    // Sources 0 and 1 share target 0, which takes a third.
    let costs = array![[1.0, inf, inf], [1.0, inf, inf], [1.0, 1.0, 1.0]];
    let error = NetworkSimplex::default().solve(&Transport::uniform(&costs).unwrap()).unwrap_err();
    let OtError::Infeasible { unplaced, row } = error else { panic!("{error}") };
    assert_relative_eq!(unplaced, 1.0 / 3.0, max_relative = 1e-12);
    assert!(row < 2);
}

#[test]
fn the_cap_on_pivots_is_an_error() {
    let costs = Euclidean.matrix(cloud(80, 3, 0.0, 1).view(), cloud(90, 3, 0.0, 2).view()).unwrap();
    let error = NetworkSimplex { max_pivots: 3, ..Default::default() }
        .solve(&Transport::uniform(&costs).unwrap())
        .unwrap_err();
    assert_eq!(error, OtError::PivotCap { pivots: 3 });
}

#[test]
fn totals_other_than_one_are_kept() {
    let costs = array![[0.0, 1.0], [2.0, 0.5]];
    let problem = Transport::new(&costs, array![3.0, 1.0].view(), array![2.0, 2.0].view()).unwrap();
    let plan = solve(&problem);
    certify(&problem, &plan);
    assert_relative_eq!(plan.cost(), 1.5, max_relative = 1e-14);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let costs = Euclidean.matrix(cloud(400, 4, 0.0, 1).view(), cloud(350, 4, 0.3, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solve(&problem))
    };
    assert_eq!(on(1), on(3));
}
