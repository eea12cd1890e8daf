//! Sinkhorn: the forms agree, what is reported is true, warm starts, symmetric problems, batches, hard cases.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{
    Acceleration, CostFunction, Coupling, EntropicPlan, EpsilonScaling, Form, Geometry, NetworkSimplex,
    OtError, OtSolver, PointCloud, Sinkhorn, SquaredEuclidean, Stop, Transport, solve_all,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 100_000 }
}

fn costs(n: usize, m: usize, shift: f64) -> Array2<f64> {
    SquaredEuclidean.matrix(cloud(n, 3, 0.0, 1).view(), cloud(m, 3, shift, 2).view()).expect("finite points")
}

/// L1 error of the marginals of the matrix built from the potentials alone.
fn true_residual<G: Geometry + ?Sized>(
    plan: &EntropicPlan<'_, G>,
    problem: &Transport<'_, G>,
    epsilon: f64,
) -> f64 {
    let (f, g) = (plan.source_potential(), plan.target_potential());
    let (a, b) = (problem.source(), problem.target());
    let p = Array2::from_shape_fn(problem.shape(), |(i, j)| {
        a[i] * b[j] * ((f[i] + g[j] - problem.geometry().cost(i, j)) / epsilon).exp()
    });
    let rows = p.sum_axis(ndarray::Axis(1)) - a;
    let columns = p.sum_axis(ndarray::Axis(0)) - b;
    rows.mapv(f64::abs).sum() + columns.mapv(f64::abs).sum()
}

#[test]
fn the_forms_give_the_same_plan() {
    let costs = costs(101, 67, 0.5);
    let (a, b) = (weights(101, 1), weights(67, 2));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    for epsilon in [2.0, 0.2, 0.02] {
        let plan = |form, acceleration, scaling| {
            let solver = Sinkhorn { form, acceleration, scaling, ..Sinkhorn::new(epsilon, within(1e-11)) };
            solver.solve(&problem).unwrap().to_matrix()
        };
        let reference = plan(Form::Log, Acceleration::None, EpsilonScaling::None);
        for form in [Form::Auto, Form::Kernel, Form::Log] {
            for acceleration in [Acceleration::Auto, Acceleration::Anderson { memory: 3 }] {
                let other = plan(form, acceleration, EpsilonScaling::Auto);
                let difference = (&other - &reference).mapv(f64::abs).sum();
                // Both miss the marginals by 1e-11; the plans differ by that over 1 less the rate of convergence.
                assert!(difference < 1e-8, "{form:?} {acceleration:?} at {epsilon}: {difference:e}");
            }
        }
    }
}

#[test]
fn the_residual_of_single_precision_is_that_of_the_potentials() {
    let costs = costs(300, 200, 0.5);
    let problem = Transport::uniform(&costs).unwrap();
    let epsilon = 0.05 * costs.mean().unwrap();
    for (form, tolerance) in [Form::Kernel, Form::Log].into_iter().flat_map(|f| [(f, 1e-6), (f, 1e-9)]) {
        let solver = Sinkhorn { form, ..Sinkhorn::new(epsilon, within(tolerance)) };
        let plan = solver.solve(&problem).unwrap();
        let certificate = plan.certificate();
        assert!(certificate.residual <= tolerance);
        let residual = true_residual(&plan, &problem, epsilon);
        assert!((residual - certificate.residual).abs() < 1e-3 * residual + 1e-13);
        // The objectives of a plan that misses its marginals by so little.
        assert!((certificate.primal_cost - certificate.dual_cost).abs() < 20.0 * tolerance);
        let (rows, columns) = plan.marginals();
        let sums = plan.to_matrix();
        assert!((rows - sums.sum_axis(ndarray::Axis(1))).iter().all(|d| d.abs() < 1e-15));
        assert!((columns - sums.sum_axis(ndarray::Axis(0))).iter().all(|d| d.abs() < 1e-15));
        assert_relative_eq!(plan.cost(), (&sums * &costs).sum(), max_relative = 1e-12);
    }
}

#[test]
fn acceleration_saves_iterations() {
    let costs = costs(200, 200, 0.5);
    let problem = Transport::uniform(&costs).unwrap();
    let iterations = |acceleration| {
        let solver = Sinkhorn { acceleration, ..Sinkhorn::new(0.1, within(1e-8)) };
        solver.solve(&problem).unwrap().certificate().iterations
    };
    let (plain, fast) = (iterations(Acceleration::None), iterations(Acceleration::Auto));
    assert!(2 * fast < plain, "{fast} and {plain}");
    // Over-relaxation is for slow problems.
    let slow = |acceleration| {
        let scaling = EpsilonScaling::None;
        let solver = Sinkhorn { acceleration, scaling, ..Sinkhorn::new(0.01, within(1e-8)) };
        solver.solve(&problem).unwrap().certificate().iterations
    };
    let (plain, over) = (slow(Acceleration::None), slow(Acceleration::OverRelaxed { factor: 1.7 }));
    assert!(5 * over < 4 * plain, "{over} and {plain}");
}

#[test]
fn over_relaxation_ends_at_the_same_plan_and_knows_its_range() {
    let costs = costs(60, 50, 0.5);
    let (a, b) = (weights(60, 1), weights(50, 2));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let solver = |acceleration| Sinkhorn { acceleration, ..Sinkhorn::new(0.05, within(1e-11)) };
    let plan = solver(Acceleration::Auto).solve(&problem).unwrap().to_matrix();
    for factor in [0.7, 1.3, 1.9] {
        let over = solver(Acceleration::OverRelaxed { factor }).solve(&problem).unwrap().to_matrix();
        assert!((&over - &plan).iter().all(|e| e.abs() < 1e-11), "{factor}");
    }
    let error = solver(Acceleration::OverRelaxed { factor: 2.0 }).solve(&problem).unwrap_err();
    assert_eq!(error.to_string(), "the factor of over-relaxation is 2; it must be between 0 and 2");
}

#[test]
fn points_and_their_matrix_give_the_same_plan() {
    let (x, y) = (cloud(150, 3, 0.0, 1), cloud(90, 3, 0.4, 2));
    let points = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let matrix = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let solver = Sinkhorn::new(0.3, within(1e-7));
    let on_points = solver.solve(&Transport::uniform(&points).unwrap()).unwrap();
    let on_matrix = solver.solve(&Transport::uniform(&matrix).unwrap()).unwrap();
    assert_eq!(on_points.target_potential(), on_matrix.target_potential());
    assert_eq!(on_points.certificate(), on_matrix.certificate());
}

#[test]
fn an_epsilon_far_below_the_costs_gives_the_exact_plan() {
    // POT#54 and POT#723: costs of 1e3 and more at a small regularisation gave NaN or an empty plan.
    let costs = 1e4 * costs(40, 30, 0.5);
    let (a, b) = (weights(40, 1), weights(30, 2));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap().cost();
    for form in [Form::Auto, Form::Kernel, Form::Log] {
        let solver = Sinkhorn { form, ..Sinkhorn::new(1.0, within(1e-5)) };
        let plan = solver.solve(&problem).unwrap();
        assert!(plan.to_matrix().iter().all(|p| p.is_finite()));
        assert!(true_residual(&plan, &problem, 1.0) <= 1.1e-5);
        // ε KL is at most ε times the entropy of b; the plan misses its marginals by 1e-5 at costs of about 1e5.
        assert!((plan.cost() - exact).abs() < 4.0 + 1.0, "{form:?}: {} and {exact}", plan.cost());
    }
}

#[test]
fn a_far_point_is_absorbed_and_not_lost() {
    // One target is 1e3 ε from everything: its entries underflow in every kernel that knows nothing of potentials.
    let (x, mut y) = (cloud(50, 2, 0.0, 1), cloud(50, 2, 0.0, 2));
    y.row_mut(7).fill(30.0);
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    for form in [Form::Kernel, Form::Log] {
        for stop in [within(1e-6), Stop::After { iterations: 400 }] {
            let plan = Sinkhorn { form, ..Sinkhorn::new(1.0, stop) }.solve(&problem).unwrap();
            assert!(plan.certificate().residual < 1e-6, "{form:?} {stop:?} {:?}", plan.certificate());
            assert_relative_eq!(plan.to_matrix().column(7).sum(), 0.02, max_relative = 1e-4);
        }
    }
}

#[test]
fn a_fixed_number_of_iterations_says_how_far_it_came() {
    // ott PR 384: convergence must be reported when the number of iterations is fixed; google-research/ott#5: a
    // converged result has a finite cost.
    let costs = costs(60, 60, 0.3);
    let problem = Transport::uniform(&costs).unwrap();
    let after = |iterations| Sinkhorn::new(0.1, Stop::After { iterations }).solve(&problem).unwrap();
    let (early, late) = (after(2), after(500));
    assert_eq!((early.certificate().iterations, late.certificate().iterations), (2, 500));
    assert!(early.certificate().residual > 1e-4 && late.certificate().residual < 1e-12);
    assert!(late.cost().is_finite() && late.primal_cost().is_finite() && late.dual_cost().is_finite());
    assert!(late.certificate().gap() < 1e-12);
}

#[test]
fn plain_iterations_are_the_published_ones() {
    // The alternation written down, in exact arithmetic the same for any form.
    let costs = costs(20, 30, 0.3);
    let (a, b) = (weights(20, 1), weights(30, 2));
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let epsilon = 0.7;
    // Started from the half step of the unregularised dual, as documented.
    let mut f = costs.map_axis(ndarray::Axis(1), |row| row.iter().copied().fold(f64::INFINITY, f64::min));
    let lowered = &costs - &f.view().insert_axis(ndarray::Axis(1));
    let mut g =
        lowered.map_axis(ndarray::Axis(0), |column| column.iter().copied().fold(f64::INFINITY, f64::min));
    for _ in 0..7 {
        f = Array1::from_shape_fn(20, |i| {
            -epsilon * (0..30).map(|j| b[j] * ((g[j] - costs[[i, j]]) / epsilon).exp()).sum::<f64>().ln()
        });
        g = Array1::from_shape_fn(30, |j| {
            -epsilon * (0..20).map(|i| a[i] * ((f[i] - costs[[i, j]]) / epsilon).exp()).sum::<f64>().ln()
        });
    }
    for form in [Form::Kernel, Form::Log] {
        let solver = Sinkhorn { form, ..Sinkhorn::new(epsilon, Stop::After { iterations: 7 }) };
        let plan = solver.solve(&problem).unwrap();
        assert_relative_eq!(plan.source_potential().to_owned(), f, max_relative = 1e-12, epsilon = 1e-12);
        assert_relative_eq!(plan.target_potential().to_owned(), g, max_relative = 1e-12, epsilon = 1e-12);
    }
}

#[test]
fn a_warm_start_goes_on_where_another_solve_ended() {
    let costs = costs(120, 120, 0.4);
    let problem = Transport::uniform(&costs).unwrap();
    let solver = Sinkhorn::new(0.05, within(1e-7));
    let cold = solver.solve(&problem).unwrap();
    let warm = solver.solve_from(&problem, cold.target_potential()).unwrap();
    assert!(warm.certificate().iterations <= 2);
    assert_relative_eq!(warm.cost(), cold.cost(), max_relative = 1e-6);
    // From the answer at another ε.
    let near = Sinkhorn::new(0.06, within(1e-7)).solve(&problem).unwrap();
    let from_near = solver.solve_from(&problem, near.target_potential()).unwrap();
    assert!(from_near.certificate().iterations <= cold.certificate().iterations);

    let error = solver.solve_from(&problem, array![0.0].view()).unwrap_err().to_string();
    assert_eq!(error, "the target potential has size 1 where 120 was expected");
    let mut bad = Array1::zeros(120);
    bad[3] = f64::NAN;
    let error = solver.solve_from(&problem, bad.view()).unwrap_err().to_string();
    assert_eq!(error, "the potential of target point 3 is NaN; start from finite potentials, or from none");
}

#[test]
fn wrong_potentials_and_light_masses_are_no_danger() {
    let costs = costs(40, 60, 0.4);
    let (a, mut b) = (weights(40, 1), weights(60, 2));
    (b[0], b[1]) = (1e-30, 1e-12);
    let b = &b / b.sum();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let wild = Array1::from_shape_fn(60, |j| if j % 2 == 0 { 500.0 } else { -300.0 * j as f64 });
    for form in [Form::Kernel, Form::Log] {
        for tolerance in [1e-6, 1e-10] {
            let solver = Sinkhorn { form, ..Sinkhorn::new(0.1, within(tolerance)) };
            let plan = solver.solve(&problem).unwrap();
            let warm = solver.solve_from(&problem, wild.view()).unwrap();
            assert_relative_eq!(plan.cost(), warm.cost(), max_relative = 10.0 * tolerance);
            for plan in [&plan, &warm] {
                assert!(true_residual(plan, &problem, 0.1) < 1.01 * tolerance + 1e-13);
                assert!(plan.to_matrix().iter().all(|p| p.is_finite()));
            }
        }
    }
}

#[test]
fn a_symmetric_problem_has_one_potential() {
    let x = cloud(90, 2, 0.0, 3);
    let costs = SquaredEuclidean.matrix(x.view(), x.view()).unwrap();
    let a = weights(90, 4);
    let problem = Transport::new(&costs, a.view(), a.view()).unwrap();
    for (epsilon, form) in [(1.0, Form::Auto), (0.1, Form::Log), (0.01, Form::Kernel), (1e-3, Form::Auto)] {
        let solver = Sinkhorn { form, ..Sinkhorn::new(epsilon, within(1e-9)) };
        let plan = solver.solve_symmetric(&problem).unwrap();
        assert_eq!(plan.source_potential(), plan.target_potential());
        assert!(true_residual(&plan, &problem, epsilon) <= 1.01e-9);
        let matrix = plan.to_matrix();
        assert!((&matrix - &matrix.t()).iter().all(|d| d.abs() < 1e-16));
        if epsilon > 0.05 {
            let both = solver.solve(&problem).unwrap();
            assert_relative_eq!(plan.dual_cost(), both.dual_cost(), max_relative = 1e-7);
        }
        assert!(plan.certificate().iterations < 60, "{}", plan.certificate().iterations);
    }

    let other = weights(90, 5);
    let unlike = Transport::new(&costs, a.view(), other.view()).unwrap();
    let error = Sinkhorn::new(1.0, within(1e-6)).solve_symmetric(&unlike).unwrap_err();
    assert!(matches!(error, OtError::Asymmetric { point: 0, .. }));
    assert!(error.to_string().contains("a symmetric problem needs the same masses on both sides"));
    let wide = Array2::<f64>::zeros((2, 3));
    let error =
        Sinkhorn::new(1.0, within(1e-6)).solve_symmetric(&Transport::uniform(&wide).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the target side of a symmetric problem has size 3 where 2 was expected");
}

#[test]
fn a_batch_is_its_problems_one_by_one() {
    let matrices: Vec<Array2<f64>> = (0..6).map(|k| costs(40 + k, 50 - k, 0.1 * k as f64)).collect();
    let problems: Vec<_> = matrices.iter().map(|c| Transport::uniform(c).unwrap()).collect();
    let solver = Sinkhorn::new(0.2, within(1e-6));
    let alone: Vec<_> = problems.iter().map(|p| solver.solve(p).unwrap()).collect();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let batch = pool.install(|| solve_all(&solver, &problems));
        for (plan, alone) in batch.into_iter().zip(&alone) {
            assert_eq!(plan.unwrap().target_potential(), alone.target_potential());
        }
    }
}

#[test]
fn the_bits_of_every_form_do_not_depend_on_the_threads() {
    let costs = costs(300, 400, 0.4);
    let problem = Transport::uniform(&costs).unwrap();
    for (form, tolerance) in [Form::Kernel, Form::Log].into_iter().flat_map(|f| [(f, 1e-5), (f, 1e-8)]) {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let solver = Sinkhorn { form, ..Sinkhorn::new(0.1, within(tolerance)) };
                let plan = solver.solve(&problem).unwrap();
                (plan.source_potential().to_owned(), plan.target_potential().to_owned(), plan.certificate())
            })
        };
        assert_eq!(on(1), on(3));
    }
}

#[test]
fn points_without_mass_have_the_potential_they_would_have_with_a_little() {
    let costs = costs(12, 9, 0.2);
    let (mut a, mut b) = (weights(12, 1), weights(9, 2));
    (a[4], b[2]) = (0.0, 0.0);
    (a, b) = (&a / a.sum(), &b / b.sum());
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let epsilon = 0.3;
    let plan = Sinkhorn::new(epsilon, within(1e-10)).solve(&problem).unwrap();
    let (f, g) = (plan.source_potential(), plan.target_potential());
    let row: f64 = (0..9).map(|j| b[j] * ((g[j] - costs[[4, j]]) / epsilon).exp()).sum();
    let column: f64 = (0..12).map(|i| a[i] * ((f[i] - costs[[i, 2]]) / epsilon).exp()).sum();
    assert_relative_eq!(f[4], -epsilon * row.ln(), max_relative = 1e-10);
    assert_relative_eq!(g[2], -epsilon * column.ln(), max_relative = 1e-10);
    assert_eq!((plan.to_matrix().row(4).sum(), plan.to_matrix().column(2).sum()), (0.0, 0.0));
}

#[test]
fn a_tolerance_below_rounding_is_refused_and_no_wrong_epsilon_is_taken() {
    let costs = costs(20, 20, 0.2);
    let problem = Transport::uniform(&costs).unwrap();
    for form in [Form::Kernel, Form::Log] {
        let stop = Stop::Within { tolerance: 1e-30, max_iterations: 300 };
        let error = Sinkhorn { form, ..Sinkhorn::new(0.5, stop) }.solve(&problem).unwrap_err();
        assert!(matches!(error, OtError::NotConverged { residual, .. } if residual < 1e-12), "{error}");
    }
    for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Sinkhorn::new(epsilon, within(1e-6)).solve(&problem).unwrap_err();
        assert_eq!(error.to_string(), format!("epsilon is {epsilon}; it must be positive and finite"));
    }
    let mut bad = costs.clone();
    bad[[3, 5]] = f64::NAN;
    for form in [Form::Kernel, Form::Log] {
        let solver = Sinkhorn { form, ..Sinkhorn::new(0.5, within(1e-6)) };
        let error = solver.solve(&Transport::uniform(&bad).unwrap()).unwrap_err();
        assert!(matches!(error, OtError::BadCost { row: 3, column: 5, value } if value.is_nan()));
    }
}

#[test]
fn draws_follow_the_plan_and_not_the_threads() {
    let costs = costs(30, 20, 0.3);
    let (mut a, b) = (weights(30, 1), weights(20, 2));
    a[3] = 0.0;
    let a = &a / a.sum();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Sinkhorn::new(0.1, within(1e-9)).solve(&problem).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let rng = &mut Seed(3).stream("draws", 0);
        pool.install(|| (plan.sample(100_000, rng), plan.sample_permutation(rng)))
    };
    let (pairs, each) = on(1);
    assert_eq!((pairs.clone(), each.clone()), on(3));
    let mut counts = Array2::<f64>::zeros((30, 20));
    pairs.iter().for_each(|&pair| counts[pair] += 1e-5);
    // The standard deviation of an entry of 0.01 is 3e-4; five of them.
    let worst = (counts - plan.to_matrix()).mapv(f64::abs).iter().copied().fold(0.0, f64::max);
    assert!(worst < 1.6e-3, "{worst}");
    assert_eq!(
        each.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        (0..30).filter(|i| *i != 3).collect::<Vec<_>>()
    );
}

#[test]
fn a_slow_large_problem_ends_where_the_whole_kernel_does() {
    // Large enough for the kernel without its negligible entries, and slow enough to get there.
    let costs = costs(1500, 1450, 0.1);
    let problem = Transport::uniform(&costs).unwrap();
    let plan = |form| {
        let solver = Sinkhorn { form, ..Sinkhorn::new(2e-3, within(1e-5)) };
        solver.solve(&problem).unwrap()
    };
    let (auto, whole) = (plan(Form::Auto), plan(Form::Kernel));
    assert!(auto.certificate().iterations > 30);
    assert!(auto.certificate() != whole.certificate(), "another form was at work");
    assert_relative_eq!(auto.dual_cost(), whole.dual_cost(), max_relative = 1e-4);
    assert!(true_residual(&auto, &problem, 2e-3) <= 1.01e-5);
}

#[test]
fn an_acceleration_that_goes_too_far_comes_back() {
    // ε is a thousandth of the largest cost: extrapolated potentials leave the range of the kernel again and again.
    let costs = array![
        [0.880655, 0.703879, 4.622194, 2.307279, 0.583759, 1.433071, 0.676749],
        [9.308435, 6.029360, 4.345846, 3.689386, 7.672833, 17.385422, 13.431418],
        [2.389791, 0.300167, 2.982021, 0.036380, 1.309268, 4.700723, 2.764065],
        [0.466690, 0.711223, 3.806489, 2.447155, 0.321739, 2.054902, 1.167674],
        [1.848448, 1.773908, 0.185494, 2.059107, 1.488374, 9.547051, 6.865201]
    ];
    let a = array![0.13, 0.54, 0.14, 0.12, 0.07];
    let b = array![0.16, 0.15, 0.09, 0.20, 0.09, 0.22, 0.09];
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap().cost();
    for form in [Form::Auto, Form::Kernel, Form::Log] {
        for scaling in [EpsilonScaling::Auto, EpsilonScaling::None] {
            let stop = Stop::Within { tolerance: 1e-9, max_iterations: 5000 };
            let solver = Sinkhorn { form, scaling, ..Sinkhorn::new(0.01, stop) };
            let plan = solver.solve(&problem).unwrap();
            assert!(plan.certificate().residual <= 1e-9, "{form:?} {scaling:?}");
            assert!(plan.cost() > exact - 1e-7 && plan.cost() < exact + 0.01 * 35f64.ln());
        }
    }
}
