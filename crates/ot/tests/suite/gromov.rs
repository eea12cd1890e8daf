//! Gromov-Wasserstein against reference values, closed forms, finite differences and brute force.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Coupling, EntropicGromovWasserstein, GromovLoss, GromovPlan, GromovStep, GromovTransport,
    GromovWasserstein, NetworkSimplex, OtSolver, SemiRelaxedGromovWasserstein, Sinkhorn, Stop, Structure,
    Transport, UnbalancedGromovWasserstein,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, Axis, array};

/// Points by formula, so that other programs can make the same: `cos(phase + 1.7 i k + 0.3 i²)`.
fn points(n: usize, d: usize, phase: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, d), |(i, k)| {
        let (i, k) = ((i + 1) as f64, (k + 1) as f64);
        (phase + 1.7 * i * k + 0.3 * i * i).cos()
    })
}

/// Masses `1.5 + sin(phase + 2.1 i)`, normalised.
fn masses(n: usize, phase: f64) -> Array1<f64> {
    let w = Array1::from_shape_fn(n, |i| 1.5 + (phase + 2.1 * (i + 1) as f64).sin());
    &w / w.sum()
}

fn distances(x: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), x.nrows()), |(i, k)| {
        (&x.row(i) - &x.row(k)).mapv(|v| v * v).sum().sqrt()
    })
}

/// The structures, masses and linear costs of the reference values.
struct Case {
    source: Array2<f64>,
    target: Array2<f64>,
    a: Array1<f64>,
    b: Array1<f64>,
    linear: Array2<f64>,
}

fn case() -> Case {
    let (x, y) = (points(12, 2, 0.0), points(9, 3, 0.5));
    let linear = Array2::from_shape_fn((12, 9), |(i, j)| (x[[i, 0]] - y[[j, 0]]).abs() + 0.5);
    Case { source: distances(&x), target: distances(&y), a: masses(12, 0.0), b: masses(9, 1.0), linear }
}

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 10_000 }
}

fn structure(matrix: &Array2<f64>) -> Structure {
    Structure::matrix(matrix.view()).expect("square, finite, not negative")
}

/// The sum over four indices, as it is written.
fn brute(case: &Case, plan: &GromovPlan, loss: impl Fn(f64, f64) -> f64) -> f64 {
    let p = plan.matrix();
    let mut sum = 0.0;
    for ((i, j), pij) in p.indexed_iter() {
        for ((k, l), pkl) in p.indexed_iter() {
            sum += loss(case.source[[i, k]], case.target[[j, l]]) * pij * pkl;
        }
    }
    sum
}

fn square(x: f64, y: f64) -> f64 {
    (x - y) * (x - y)
}

// The values of this file come from POT 0.9.7.post1 in f64 (ot.gromov, tolerances 1e-12 and below).

#[test]
fn conditional_gradient_agrees_with_pot() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let plan = GromovWasserstein::new(within(1e-13)).solve(&problem).unwrap();
    // gromov_wasserstein(C1, C2, a, b)
    assert_relative_eq!(plan.value(), 0.27166725044824086, max_relative = 1e-12);
    assert_relative_eq!(plan.matrix()[[0, 3]], 0.11273378039436267, max_relative = 1e-12);
    assert_relative_eq!(plan.quadratic_part(), brute(&case, &plan, square), max_relative = 1e-12);
    assert!(plan.certificate().residual < 1e-14);
    assert!(plan.history().windows(2).all(|v| v[1] <= v[0] + 1e-14), "the objective rose");

    let fused = problem.clone().fused(case.linear.view(), 0.4).unwrap();
    let plan = GromovWasserstein::new(within(1e-13)).solve(&fused).unwrap();
    // fused_gromov_wasserstein(M, C1, C2, a, b, alpha=0.4)
    assert_relative_eq!(plan.value(), 0.6762794210146927, max_relative = 1e-9);
    assert_relative_eq!(plan.linear_part(), 0.8747835649440244, max_relative = 1e-6);
    assert_relative_eq!(
        plan.value(),
        0.6 * plan.linear_part() + 0.4 * brute(&case, &plan, square),
        max_relative = 1e-12
    );
}

#[test]
fn other_losses_and_structures_agree_with_pot() {
    let mut case = case();
    case.source += 0.5;
    case.target += 0.5;
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view())
        .and_then(|problem| problem.with_loss(GromovLoss::KullbackLeibler))
        .unwrap();
    let plan = GromovWasserstein::new(within(1e-13)).solve(&problem).unwrap();
    // gromov_wasserstein(C1 + 0.5, C2 + 0.5, a, b, 'kl_loss')
    assert_relative_eq!(plan.value(), 0.10923991881731476, max_relative = 1e-9);
    let loss = |x: f64, y: f64| x * (x / y).ln() - x + y;
    assert_relative_eq!(plan.quadratic_part(), brute(&case, &plan, loss), max_relative = 1e-12);

    let mut case = self::case();
    let wave = |i: f64, k: f64| 0.3 * (i - 2.0 * k).sin().powi(2);
    case.source.indexed_iter_mut().for_each(|((i, k), c)| *c += wave(i as f64, k as f64));
    case.target.indexed_iter_mut().for_each(|((i, k), c)| *c += wave(k as f64, i as f64));
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let plan = GromovWasserstein::new(within(1e-13)).solve(&problem).unwrap();
    // gromov_wasserstein(A1, A2, a, b, symmetric=False)
    assert_relative_eq!(plan.value(), 0.33040100788672266, max_relative = 1e-9);
    assert_relative_eq!(plan.quadratic_part(), brute(&case, &plan, square), max_relative = 1e-12);
}

#[test]
fn entropy_agrees_with_pot() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    // entropic_gromov_wasserstein(C1, C2, a, b, epsilon, solver='PGD')
    let plan = EntropicGromovWasserstein::new(0.5, within(1e-11)).solve(&problem).unwrap();
    assert_relative_eq!(plan.quadratic_part(), 0.5769678232281259, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[0, 0]], 0.024637335305448697, max_relative = 1e-8);
    assert_relative_eq!(plan.matrix()[[3, 4]], 0.016755134574006517, max_relative = 1e-8);
    let plan = EntropicGromovWasserstein::new(0.1, within(1e-11)).solve(&problem).unwrap();
    assert_relative_eq!(plan.quadratic_part(), 0.2973976660864962, max_relative = 1e-9);
    let fused = problem.clone().fused(case.linear.view(), 0.4).unwrap();
    let plan = EntropicGromovWasserstein::new(0.2, within(1e-11)).solve(&fused).unwrap();
    assert_relative_eq!(plan.cost(), 0.7705539233806041, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[3, 4]], 0.0016689656675874126, max_relative = 1e-7);
    assert!(plan.certificate().residual < 1e-11);
}

#[test]
fn proximal_points_end_where_the_unregularised_objective_is_stationary() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let mut solver = EntropicGromovWasserstein::new(0.1, within(1e-9));
    solver.step = GromovStep::Proximal;
    let plan = solver.solve(&problem).unwrap();
    // entropic_gromov_wasserstein(C1, C2, a, b, epsilon=0.1, solver='PPA')
    assert_relative_eq!(plan.value(), 0.3379407597698733, max_relative = 1e-6);
    assert!(plan.history().windows(2).all(|v| v[1] <= v[0] + 1e-9), "the objective rose");
    // The conditional gradient finds nothing better near it than rounding.
    let start = plan.matrix().to_owned();
    let again =
        GromovWasserstein::new(Stop::After { iterations: 0 }).solve_from(&problem, start.view()).unwrap();
    assert!(again.stationarity() < 1e-5, "{}", again.stationarity());
}

#[test]
fn semi_relaxed_agrees_with_pot() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let b = Array1::from_elem(9, 1.0 / 9.0);
    let problem = GromovTransport::new(&source, &target, case.a.view(), b.view()).unwrap();
    let plan = SemiRelaxedGromovWasserstein::new(within(1e-13)).solve(&problem).unwrap();
    // semirelaxed_gromov_wasserstein(C1, C2, a)
    assert_relative_eq!(plan.value(), 0.16707541519224434, max_relative = 1e-8);
    assert_relative_eq!(plan.quadratic_part(), brute(&case, &plan, square), max_relative = 1e-12);
    let (rows, columns) = plan.marginals();
    assert!((&rows - &case.a).iter().all(|e| e.abs() < 1e-14));
    assert_relative_eq!(columns[2], 0.3447417425967671, max_relative = 1e-5);
    let fused = problem.fused(case.linear.view(), 0.4).unwrap();
    let plan = SemiRelaxedGromovWasserstein::new(within(1e-13)).solve(&fused).unwrap();
    // semirelaxed_fused_gromov_wasserstein(M, C1, C2, a, alpha=0.4)
    assert_relative_eq!(plan.value(), 0.5683106896866342, max_relative = 1e-8);
}

#[test]
fn unbalanced_agrees_with_pot() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let b = &case.b * 1.3;
    let problem = GromovTransport::new(&source, &target, case.a.view(), b.view()).unwrap();
    let mut solver = UnbalancedGromovWasserstein::new(0.3, 1.0, within(1e-12));
    solver.target = 2.0;
    let plan = solver.solve(&problem).unwrap();
    // fused_unbalanced_gromov_wasserstein(C1, C2, a, 1.3 b, (1, 2), epsilon=0.3, 'kl', 'sinkhorn_log')
    assert_relative_eq!(plan.matrix().sum(), 1.0619356111299139, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[3, 4]], 0.01404796460735486, max_relative = 1e-9);
    assert_relative_eq!(plan.value(), 1.1655661007866485, max_relative = 1e-9);
    // With M and alpha=0.7 there, which weighs the structures by 1 and M by 0.7: here both over 1.7.
    let fused = problem.fused(case.linear.view(), 1.0 / 1.7).unwrap();
    let mut solver = UnbalancedGromovWasserstein::new(0.3 / 1.7, 1.0 / 1.7, within(1e-12));
    solver.target = 2.0 / 1.7;
    let plan = solver.solve(&fused).unwrap();
    assert_relative_eq!(plan.matrix().sum(), 1.0015158748868385, max_relative = 1e-9);
    assert_relative_eq!(plan.matrix()[[3, 4]], 0.002199559004263874, max_relative = 1e-8);
    assert_relative_eq!(1.7 * plan.value(), 1.902971727878092, max_relative = 1e-9);
}

#[test]
fn unbalanced_plans_are_stationary_by_finite_differences() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let (epsilon, rho) = (0.4, 0.7);
    let plan = UnbalancedGromovWasserstein::new(epsilon, rho, within(1e-12)).solve(&problem).unwrap();
    let double = |x: &[f64], y: &[f64]| -> f64 {
        // KL(x ⊗ x | y ⊗ y), as it is written.
        let mut sum = 0.0;
        for (x1, y1) in x.iter().zip(y) {
            for (x2, y2) in x.iter().zip(y) {
                sum += x1 * x2 * (x1 * x2 / (y1 * y2)).ln() - x1 * x2 + y1 * y2;
            }
        }
        sum
    };
    let reference = case.a.view().insert_axis(Axis(1)).dot(&case.b.view().insert_axis(Axis(0)));
    let objective = |p: &Array2<f64>| {
        let mut sum = 0.0;
        for ((i, j), pij) in p.indexed_iter() {
            for ((k, l), pkl) in p.indexed_iter() {
                sum += square(case.source[[i, k]], case.target[[j, l]]) * pij * pkl;
            }
        }
        let flat = |x: &Array1<f64>| x.to_vec();
        sum += rho * double(&flat(&p.sum_axis(Axis(1))), &flat(&case.a));
        sum += rho * double(&flat(&p.sum_axis(Axis(0))), &flat(&case.b));
        let (p, r): (Vec<f64>, Vec<f64>) = (p.iter().copied().collect(), reference.iter().copied().collect());
        sum + epsilon * double(&p, &r)
    };
    let p = plan.matrix().to_owned();
    assert_relative_eq!(plan.value(), objective(&p), max_relative = 1e-11);
    for (i, j) in [(0, 0), (3, 4), (7, 8), (11, 2)] {
        let h = 1e-4 * p[[i, j]];
        let (mut up, mut down) = (p.clone(), p.clone());
        up[[i, j]] += h;
        down[[i, j]] -= h;
        let slope = (objective(&up) - objective(&down)) / (2.0 * h);
        // Rounding of the objective over h, and h² times its third derivative.
        assert!(slope.abs() < 1e-7, "slope {slope} at ({i}, {j})");
    }
}

#[test]
fn a_copy_turned_round_is_found() {
    let n = 40;
    let x = cloud(n, 3, 0.0, 5);
    let (sin, cos) = 0.7_f64.sin_cos();
    let turn = array![[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, -1.0]];
    let order: Vec<usize> = (0..n).map(|i| (i * 17 + 3) % n).collect();
    let y = x.select(Axis(0), &order).dot(&turn) + 2.0;
    let (dense_x, dense_y) = (structure(&distances(&x)), structure(&distances(&y)));
    let (quick_x, quick_y) =
        (Structure::squared_euclidean(x.view()).unwrap(), Structure::squared_euclidean(y.view()).unwrap());
    for (source, target) in [(&dense_x, &dense_y), (&quick_x, &quick_y)] {
        let problem = GromovTransport::uniform(source, target);
        let plan = GromovWasserstein::new(within(1e-12)).solve(&problem).unwrap();
        assert!(plan.value().abs() < 1e-13, "{}", plan.value());
        assert_eq!(plan.stationarity(), 0.0);
        for (j, &i) in order.iter().enumerate() {
            assert_relative_eq!(plan.matrix()[[i, j]], 1.0 / n as f64, max_relative = 1e-14);
        }
    }
}

#[test]
fn factors_and_matrices_are_one_structure() {
    let (x, y) = (cloud(30, 2, 0.0, 1), cloud(25, 4, 1.0, 2));
    let (a, b) = (weights(30, 3), weights(25, 4));
    let (factored_x, factored_y) =
        (Structure::squared_euclidean(x.view()).unwrap(), Structure::squared_euclidean(y.view()).unwrap());
    let (dense_x, dense_y) = (
        Structure::matrix(distances(&x).mapv(|d| d * d).view()).unwrap(),
        Structure::matrix(distances(&y).mapv(|d| d * d).view()).unwrap(),
    );
    let quick = GromovTransport::new(&factored_x, &factored_y, a.view(), b.view()).unwrap();
    let slow = GromovTransport::new(&dense_x, &dense_y, a.view(), b.view()).unwrap();
    let solver = GromovWasserstein::new(within(1e-12));
    let (p, q) = (solver.solve(&quick).unwrap(), solver.solve(&slow).unwrap());
    assert_relative_eq!(p.value(), q.value(), max_relative = 1e-10);
    let solver = EntropicGromovWasserstein::new(0.05, within(1e-9));
    let (p, q) = (solver.solve(&quick).unwrap(), solver.solve(&slow).unwrap());
    assert!((&p.matrix() - &q.matrix()).iter().all(|e| e.abs() < 1e-9));
}

#[test]
fn alpha_zero_is_plain_transport() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view())
        .and_then(|problem| problem.fused(case.linear.view(), 0.0))
        .unwrap();
    let linear = Transport::new(&case.linear, case.a.view(), case.b.view()).unwrap();
    let plan = GromovWasserstein::new(within(1e-12)).solve(&problem).unwrap();
    let exact = NetworkSimplex::default().solve(&linear).unwrap();
    assert_relative_eq!(plan.value(), exact.cost(), max_relative = 1e-13);
    let plan = EntropicGromovWasserstein::new(0.1, within(1e-11)).solve(&problem).unwrap();
    let entropic = Sinkhorn::new(0.1, within(1e-11)).solve(&linear).unwrap();
    assert!((&plan.matrix() - &entropic.to_matrix()).iter().all(|e| e.abs() < 1e-10));
    assert_relative_eq!(plan.value(), entropic.certificate().primal_cost, max_relative = 1e-9);
}

#[test]
fn the_value_is_symmetric_and_scales() {
    let case = case();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let (larger_source, larger_target) = (structure(&(&case.source * 3.0)), structure(&(&case.target * 3.0)));
    let solver = EntropicGromovWasserstein::new(0.3, within(1e-11));
    let there = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let back = GromovTransport::new(&target, &source, case.b.view(), case.a.view()).unwrap();
    let (p, q) = (solver.solve(&there).unwrap(), solver.solve(&back).unwrap());
    assert_relative_eq!(p.value(), q.value(), max_relative = 1e-10);
    assert!((&p.matrix() - &q.matrix().t()).iter().all(|e| e.abs() < 1e-9));
    // Costs times 3: the square loss and ε times 9.
    let larger = GromovTransport::new(&larger_source, &larger_target, case.a.view(), case.b.view()).unwrap();
    let r = EntropicGromovWasserstein::new(2.7, within(1e-11)).solve(&larger).unwrap();
    assert_relative_eq!(r.value(), 9.0 * p.value(), max_relative = 1e-10);
    // Masses of another common total are the same problem.
    let (a, b) = (&case.a * 7.0, &case.b * 7.0);
    let heavy = GromovTransport::new(&source, &target, a.view(), b.view()).unwrap();
    assert_relative_eq!(solver.solve(&heavy).unwrap().value(), p.value(), max_relative = 1e-12);
}

#[test]
fn a_small_epsilon_and_points_without_mass_are_no_trouble() {
    let mut case = case();
    case.a[2] = 0.0;
    case.b[5] = 0.0;
    case.a /= case.a.sum();
    case.b /= case.b.sum();
    let (source, target) = (structure(&case.source), structure(&case.target));
    let problem = GromovTransport::new(&source, &target, case.a.view(), case.b.view()).unwrap();
    let exact = GromovWasserstein::new(within(1e-12)).solve(&problem).unwrap();
    let mut solver = EntropicGromovWasserstein::new(1e-4, Stop::After { iterations: 30 });
    solver.inner_iterations = 20_000;
    let plan = solver.solve(&problem).unwrap();
    assert!(plan.matrix().iter().all(|p| p.is_finite() && *p >= 0.0));
    assert!(plan.matrix().row(2).sum() == 0.0 && plan.matrix().column(5).sum() == 0.0);
    assert!(plan.certificate().residual < 1e-3, "{}", plan.certificate().residual);
    assert!(exact.matrix().row(2).sum() == 0.0);
    let solver = UnbalancedGromovWasserstein::new(0.01, 1.0, Stop::After { iterations: 50 });
    let plan = solver.solve(&problem).unwrap();
    assert!(plan.matrix().iter().all(|p| p.is_finite()) && plan.matrix().sum() > 0.5);
}

#[test]
fn threads_do_not_change_the_bits() {
    let (x, y) = (cloud(300, 3, 0.0, 1), cloud(280, 2, 0.0, 2));
    let (source, target) = (structure(&distances(&x)), structure(&distances(&y)));
    let problem =
        GromovTransport::new(&source, &target, weights(300, 3).view(), weights(280, 4).view()).unwrap();
    let run = || {
        let exact = GromovWasserstein::new(Stop::After { iterations: 4 }).solve(&problem).unwrap();
        let soft = EntropicGromovWasserstein::new(0.05, Stop::After { iterations: 3 });
        let soft = EntropicGromovWasserstein { inner_iterations: 20, ..soft }.solve(&problem).unwrap();
        let loose = UnbalancedGromovWasserstein::new(0.05, 1.0, Stop::After { iterations: 3 });
        let loose = UnbalancedGromovWasserstein { inner_iterations: 20, ..loose }.solve(&problem).unwrap();
        [exact.to_matrix(), soft.to_matrix(), loose.to_matrix()]
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}
