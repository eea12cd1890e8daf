//! The assignment solver against enumeration, reference values, closed forms, and its own proof.

use approx::assert_relative_eq;
use chreode_ot::{Assignment, AssignmentPlan};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

/// Checks the proof: a permutation, feasible potentials, tight pairs, equal primal and dual.
fn check(cost: &Array2<f64>, plan: &AssignmentPlan) {
    let n = cost.nrows();
    let scale = cost.iter().fold(f64::MIN_POSITIVE, |most, c| c.abs().max(most));
    let mut seen = vec![false; n];
    for &j in &plan.target {
        assert!(!std::mem::replace(&mut seen[j], true), "target {j} is used twice");
    }
    assert_eq!(plan.target.len(), n);
    let (u, v) = (&plan.source_potential, &plan.target_potential);
    for ((i, j), &c) in cost.indexed_iter() {
        assert!(u[i] + v[j] <= c + 1e-13 * (scale + u[i].abs()), "u + v > c at ({i}, {j})");
    }
    for (i, &j) in plan.target.iter().enumerate() {
        assert!(cost[[i, j]] - u[i] - v[j] <= 1e-13 * (scale + u[i].abs()), "pair {i} is not tight");
    }
    let primal: f64 = plan.target.iter().enumerate().map(|(i, &j)| cost[[i, j]]).sum();
    let dual = u.iter().sum::<f64>() + v.iter().sum::<f64>();
    assert_relative_eq!(plan.cost, primal, max_relative = 1e-13, epsilon = 1e-13 * scale);
    assert_relative_eq!(primal, dual, max_relative = 1e-11, epsilon = 1e-12 * scale * n as f64);
    assert!((0.0..=1e-12 * scale * n as f64).contains(&plan.gap), "gap {}", plan.gap);
}

/// Solves and checks.
fn solve(cost: &Array2<f64>) -> AssignmentPlan {
    let mut solver = Assignment::new();
    let plan = solver.solve(cost.view()).expect("the costs are finite and square").clone();
    check(cost, &plan);
    plan
}

/// The least cost over all permutations.
fn enumerate(cost: &Array2<f64>) -> f64 {
    fn extend(cost: &Array2<f64>, row: usize, used: usize) -> f64 {
        let n = cost.nrows();
        if row == n {
            return 0.0;
        }
        let free = (0..n).filter(|j| used >> j & 1 == 0);
        free.map(|j| cost[[row, j]] + extend(cost, row + 1, used | 1 << j)).fold(f64::INFINITY, f64::min)
    }
    extend(cost, 0, 0)
}

/// Entry `(i, k)` of a low-discrepancy cloud, in single precision.
fn cloud(n: usize, d: usize, shift: f64, scale: f64, (a, b): (f64, f64)) -> Array2<f32> {
    Array2::from_shape_fn((n, d), |(i, k)| {
        let t = (i + 1) as f64 * (a + b * k as f64).sqrt();
        (shift + scale * (t - t.floor())) as f32
    })
}

fn clouds(n: usize, d: usize) -> (Array2<f32>, Array2<f32>) {
    (cloud(n, d, 0.0, 1.0, (2.0, 3.0)), cloud(n, d, 0.5, 2.0, (3.0, 4.0)))
}

fn distances(x: &Array2<f32>, y: &Array2<f32>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), y.nrows()), |(i, j)| {
        x.row(i).iter().zip(y.row(j)).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agrees_with_enumeration(n in 1_usize..7, values in prop::collection::vec(-5.0..5.0_f64, 36)) {
        let cost = Array2::from_shape_fn((n, n), |(i, j)| values[6 * i + j]);
        prop_assert!((solve(&cost).cost - enumerate(&cost)).abs() <= 1e-12);
    }

    #[test]
    fn agrees_with_enumeration_when_costs_tie(n in 1_usize..7, values in prop::collection::vec(0_i32..4, 36)) {
        let cost = Array2::from_shape_fn((n, n), |(i, j)| f64::from(values[6 * i + j]));
        prop_assert_eq!(solve(&cost).cost, enumerate(&cost));
    }

    #[test]
    fn constants_of_rows_and_columns_change_the_cost_alone(
        n in 2_usize..40,
        values in prop::collection::vec(0.0..1.0_f64, 1600),
        rows in prop::collection::vec(-3.0..3.0_f64, 40),
        columns in prop::collection::vec(-3.0..3.0_f64, 40),
    ) {
        let cost = Array2::from_shape_fn((n, n), |(i, j)| values[40 * i + j]);
        let moved = Array2::from_shape_fn((n, n), |(i, j)| cost[[i, j]] + rows[i] + columns[j]);
        let constant = rows[..n].iter().sum::<f64>() + columns[..n].iter().sum::<f64>();
        prop_assert!((solve(&moved).cost - solve(&cost).cost - constant).abs() < 1e-11);
    }

    #[test]
    fn clustered_points_are_solved(
        n in 2_usize..120,
        centres in prop::collection::vec(-5.0..5.0_f64, 8),
        noise in prop::collection::vec(-0.1..0.1_f64, 480),
    ) {
        let at = |k: usize, i: usize| centres[(2 * i + k) % 8] + noise[2 * i + k];
        let x = Array2::from_shape_fn((n, 2), |(i, k)| at(k, i) as f32);
        let y = Array2::from_shape_fn((n, 2), |(i, k)| at(1 - k, i + n) as f32);
        let mut solver = Assignment::new();
        let plan = solver.solve_points(x.view(), y.view()).expect("the points are finite").clone();
        check(&distances(&x, &y), &plan);
    }
}

/// Optimal costs from scipy 1.17.1, `linear_sum_assignment`, on the same points or formulas.
#[test]
fn agrees_with_scipy() {
    let mut solver = Assignment::new();
    for (n, d, cost) in
        [(200, 2, 437.89401711714964), (200, 5, 1132.4059303973672), (300, 20, 7395.899399851429)]
    {
        let (x, y) = clouds(n, d);
        let plan = solver.solve_points(x.view(), y.view()).unwrap();
        assert_relative_eq!(plan.cost, cost, max_relative = 1e-13);
        check(&distances(&x, &y), plan);
    }
    for (n, remainders, ties) in [(5, 436.0, 11.0), (50, 1951.0, 0.0), (200, 2927.0, 14.0)] {
        let cost = Array2::from_shape_fn((n, n), |(i, j)| ((i * 7919 + j * 104729) % 1009) as f64);
        assert_eq!(solve(&cost).cost, remainders);
        let cost =
            Array2::from_shape_fn((n, n), |(i, j)| ((i * i * 31 + j * j * 17 + i * j * 13) % 7) as f64);
        assert_eq!(solve(&cost).cost, ties);
    }
}

/// The costs `i j` of Machol and Wien (1976), hard for Hungarian methods: the optimum pairs large with small.
#[test]
fn machol_wien_costs_are_solved() {
    for n in [2, 7, 64, 300] {
        let cost = Array2::from_shape_fn((n, n), |(i, j)| (i * j) as f64);
        let expected: usize = (0..n).map(|i| i * (n - 1 - i)).sum();
        assert_eq!(solve(&cost).cost, expected as f64);
    }
}

/// On the line the optimal plan is monotone.
#[test]
fn points_on_a_line_are_sorted() {
    let (x, y) = clouds(257, 1);
    let plan = solve(&distances(&x, &y));
    let mut order: Vec<_> = (0..257).collect();
    order.sort_by(|&a, &b| x[[a, 0]].total_cmp(&x[[b, 0]]));
    assert!(order.windows(2).all(|pair| y[[plan.target[pair[0]], 0]] <= y[[plan.target[pair[1]], 0]]));
}

#[test]
fn degenerate_costs_are_solved() {
    for n in [1, 2, 9, 130] {
        for value in [0.0, 1.0, -3.5] {
            assert_eq!(solve(&Array2::from_elem((n, n), value)).cost, value * n as f64);
        }
        let rank_one = Array2::from_shape_fn((n, n), |(i, _)| i as f64);
        assert_eq!(solve(&rank_one).cost, (n * (n - 1) / 2) as f64);
        let forced = Array2::from_shape_fn((n, n), |(i, j)| if (i + j) % n == 0 { -1e12 } else { 1e12 });
        assert_eq!(solve(&forced).cost, -1e12 * n as f64);
    }
}

#[test]
fn duplicated_points_are_solved() {
    let (x, y) = clouds(16, 3);
    let twelve = |points: &Array2<f32>| Array2::from_shape_fn((192, 3), |(i, k)| points[[i / 12, k]]);
    let one = solve(&distances(&x, &y)).cost;
    let many = solve(&distances(&twelve(&x), &twelve(&y))).cost;
    assert_relative_eq!(many, 12.0 * one, max_relative = 1e-12);
}

/// A power of two changes no rounding, so even extreme scales give the same permutation.
#[test]
fn the_scale_does_not_matter() {
    let (x, y) = clouds(100, 2);
    let cost = distances(&x, &y);
    let plan = solve(&cost);
    for exponent in [-900, -330, -40, 40, 330, 990] {
        let scale = 2.0_f64.powi(exponent);
        let scaled = solve(&cost.mapv(|c| c * scale));
        assert_eq!(scaled.target, plan.target, "at scale 2^{exponent}");
        assert_relative_eq!(scaled.cost, plan.cost * scale, max_relative = 1e-12);
    }
    for scale in [1e12, 1e-12] {
        assert_relative_eq!(solve(&cost.mapv(|c| c * scale)).cost, plan.cost * scale, max_relative = 1e-12);
    }
}

/// Costs whose spread is far beyond any precision; optimal costs from scipy 1.17.1, `linear_sum_assignment`.
#[test]
fn outliers_do_not_hurt() {
    let (x, y) = clouds(80, 2);
    let mut cost = distances(&x, &y);
    for i in 0..80 {
        cost[[i, (7 * i) % 80]] = if i % 2 == 0 { 1e60 } else { -1e-30 };
    }
    assert_relative_eq!(solve(&cost).cost, 86.58543332500477, max_relative = 1e-14);
    let mut cost = distances(&x, &y);
    for i in (0..80).step_by(5) {
        for j in (0..80).filter(|j| *j != (7 * i) % 80) {
            cost[[i, j]] = 1e60;
        }
    }
    assert_relative_eq!(solve(&cost).cost, 188.7618535416207, max_relative = 1e-14);
}

#[test]
fn points_and_matrix_agree() {
    for (n, d) in [(1, 3), (2, 1), (13, 7), (128, 2), (131, 33)] {
        let (x, y) = clouds(n, d);
        let mut solver = Assignment::new();
        let from_points = solver.solve_points(x.view(), y.view()).unwrap().clone();
        let wide = solver.solve_points(x.mapv(f64::from).view(), y.mapv(f64::from).view()).unwrap().clone();
        assert_eq!(from_points, wide);
        assert_eq!(from_points.target, solve(&distances(&x, &y)).target);
    }
}

#[test]
fn layouts_agree() {
    let (x, y) = clouds(50, 4);
    let cost = distances(&x, &y);
    let plan = solve(&cost);
    let turned = cost.t().as_standard_layout().into_owned();
    let mut solver = Assignment::new();
    assert_eq!(*solver.solve(turned.t()).unwrap(), plan);
    let transposed = solver.solve(cost.t()).unwrap();
    assert_relative_eq!(transposed.cost, plan.cost, max_relative = 1e-13);
    assert!(transposed.target.iter().enumerate().all(|(j, &i)| plan.target[i] == j));
}

/// Large matrices are read where they lie when they can be; that changes no bit.
#[test]
fn large_matrices_in_place_and_copied_agree() {
    let n = 1456;
    let wide = Array2::from_shape_fn((n, n + 1), |(i, j)| ((i * 37 + j * 101 + i * j % 1009) as f64).sin());
    let part = wide.slice(ndarray::s![.., ..n]);
    let mut whole = part.to_owned();
    let (mut in_place, mut copied) = (Assignment::new(), Assignment::new());
    assert_eq!(in_place.solve(whole.view()).unwrap(), copied.solve(part).unwrap());
    let exponent = 400;
    let scaled = whole.mapv(|c| c * 2.0_f64.powi(exponent));
    assert_eq!(in_place.solve(scaled.view()).unwrap().target, copied.solve(part).unwrap().target);
    whole[[1455, 3]] = f64::NAN;
    let error = in_place.solve(whole.view()).unwrap_err().to_string();
    assert!(error.starts_with("the cost of moving point 1455 to point 3 is NaN"), "{error}");
}

#[test]
fn any_start_gives_the_optimum() {
    let (x, y) = clouds(150, 2);
    let cost = distances(&x, &y);
    let plan = solve(&cost);
    let mut solver = Assignment::new();
    let nearby = cost.mapv(|c| 1.01 * c);
    let far: Vec<f64> = (0..150).map(|j| 1e6 * f64::from(j % 7)).collect();
    let moved: Vec<f64> = plan.target_potential.iter().map(|v| v + 1e17).collect();
    let extreme: Vec<f64> = (0..150).map(|j| if j % 2 == 0 { 1e308 } else { -1e308 }).collect();
    for start in [&plan.target_potential, &vec![0.0; 150], &vec![-1e3; 150], &far, &moved, &extreme] {
        let warm = solver.solve_from(cost.view(), start).unwrap();
        assert_eq!(warm.target, plan.target);
        assert_relative_eq!(warm.cost, plan.cost, max_relative = 1e-13);
        let near = solver.solve_from(nearby.view(), start).unwrap();
        check(&nearby, near);
        let points = solver.solve_points_from(x.view(), y.view(), start).unwrap();
        assert_eq!(points.target, plan.target);
    }
    let warm = solver.solve_from(cost.view(), &plan.target_potential).unwrap();
    check(&cost, warm);
}

/// A solver forgets the problems before, and takes no new memory for one that is no larger.
#[test]
fn a_solver_is_reusable() {
    let (x, y) = clouds(96, 3);
    let (small_x, small_y) = clouds(10, 3);
    let mut solver = Assignment::new();
    let first = solver.solve_points(x.view(), y.view()).unwrap();
    let place = first.target.as_ptr();
    let first = first.clone();
    let small = solver.solve_points(small_x.view(), small_y.view()).unwrap().clone();
    assert_eq!(small, *Assignment::new().solve_points(small_x.view(), small_y.view()).unwrap());
    assert!(solver.solve(array![[0.0, f64::NAN], [1.0, 0.0]].view()).is_err());
    let again = solver.solve_points(x.view(), y.view()).unwrap();
    assert_eq!(*again, first);
    assert_eq!(again.target.as_ptr(), place);
}

/// Points without coordinates are all at distance 0.
#[test]
fn no_coordinates_cost_nothing() {
    let none = Array2::<f64>::zeros((5, 0));
    let mut solver = Assignment::new();
    assert_eq!(solver.solve_points(none.view(), none.view()).unwrap().cost, 0.0);
}

/// The potentials are those of the c-transform, so the dual bounds every other assignment too.
#[test]
fn the_potentials_bound_other_assignments() {
    let (x, y) = clouds(60, 2);
    let cost = distances(&x, &y);
    let plan = solve(&cost);
    let dual = Array1::from(plan.source_potential).sum() + Array1::from(plan.target_potential).sum();
    for shift in 0..60 {
        let other: f64 = (0..60).map(|i| cost[[i, (i + shift) % 60]]).sum();
        assert!(other >= dual - 1e-10);
    }
}
