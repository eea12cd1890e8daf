//! Low-rank plans against exact costs, reference values and their own definition.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{
    Coupling, FactoredCost, Geometry, GromovLoss, GromovTransport, GromovWasserstein,
    LowRankGromovWasserstein, LowRankPlan, LowRankSinkhorn, LowRankStart, NetworkSimplex, OtError, OtSolver,
    PointCloud, SquaredEuclidean, Stop, Structure, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, Axis, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

/// Points `cos(phase + 1.7 i k + 0.3 i²)`.
fn points(n: usize, phase: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, k)| {
        let (i, k) = ((i + 1) as f64, (k + 1) as f64);
        (phase + 1.7 * i * k + 0.3 * i * i).cos()
    })
}

/// Checks the marginals of the factors and of the plan.
fn check(plan: &LowRankPlan, a: &Array1<f64>, b: &Array1<f64>) {
    let near = |x: Array1<f64>, y: &Array1<f64>| (&x - y).iter().all(|e| e.abs() < 1e-13);
    let g = plan.components().to_owned();
    assert!(near(plan.source_factor().sum_axis(Axis(1)), a));
    assert!(near(plan.target_factor().sum_axis(Axis(1)), b));
    assert!(near(plan.source_factor().sum_axis(Axis(0)), &g));
    assert!(near(plan.target_factor().sum_axis(Axis(0)), &g));
    let (rows, columns) = plan.marginals();
    assert!(near(rows, a) && near(columns, b));
    assert!(plan.source_factor().iter().chain(plan.target_factor()).all(|x| *x >= 0.0));
    assert!(plan.certificate().residual < 1e-13);
}

#[test]
fn better_than_pot_at_the_same_rank() {
    let (x, y) = (points(200, 0.0), points(160, 0.5) + 0.3);
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = LowRankSinkhorn::new(10, within(1e-7)).solve_factored(&problem).unwrap();
    check(&plan, &problem.source().to_owned(), &problem.target().to_owned());
    assert_eq!(plan.rank(), 10);
    // Exact transport: 0.1734100692286927. POT 0.9.7.post1, ot.lowrank_sinkhorn(x, y, rank=10, numItermax=1000,
    // stopThr=1e-12), ⟨C, P⟩: 0.3215 from its random start, 0.3159 from rank two, 0.3169 from k-means.
    let exact = NetworkSimplex::default().solve(&problem).unwrap().cost();
    assert_relative_eq!(exact, 0.1734100692286927, max_relative = 1e-10);
    assert!(plan.cost() > exact && plan.cost() < 0.3159060816035154, "{}", plan.cost());
    let direct: f64 = plan.to_matrix().indexed_iter().map(|((i, j), p)| p * costs.cost(i, j)).sum();
    assert_relative_eq!(plan.cost(), direct, max_relative = 1e-11);
}

#[test]
fn rank_one_is_the_product_and_full_rank_comes_near_the_exact_plan() {
    let (x, y) = (points(20, 0.0), points(16, 0.5) + 0.3);
    let (a, b) = (weights(20, 1), weights(16, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let one = LowRankSinkhorn::new(1, within(1e-10)).solve_factored(&problem).unwrap();
    let product = a.view().insert_axis(Axis(1)).dot(&b.view().insert_axis(Axis(0)));
    assert!((&one.to_matrix() - &product).iter().all(|e| e.abs() < 1e-14));
    let exact = NetworkSimplex::default().solve(&problem).unwrap().cost();
    let mut best = f64::INFINITY;
    let mut before = one.cost();
    for rank in [2, 4, 8, 16] {
        let plan = LowRankSinkhorn::new(rank, within(1e-8)).solve_factored(&problem).unwrap();
        check(&plan, &a, &b);
        // Not convex: more components may end a little worse, not much.
        assert!(plan.cost() < before * 1.02, "rank {rank}: {} after {before}", plan.cost());
        assert!(plan.cost() >= exact - 1e-12);
        before = plan.cost();
        best = f64::min(best, plan.cost());
    }
    assert!(best < 1.06 * exact, "{best} {exact}");
}

#[test]
fn clusters_that_face_each_other_are_solved_exactly() {
    // Three tight clusters on each side, far apart and equally heavy: the best plan of rank 3 pairs them, and
    // its cost is known: means of squared distances.
    let centres = array![[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
    let side = |shift: f64, seed: u64| {
        let noise = cloud(30, 2, 0.0, seed) * 0.1;
        Array2::from_shape_fn((30, 2), |(i, k)| centres[[i % 3, k]] + shift + noise[[i, k]])
    };
    let (x, y) = (side(0.0, 1), side(1.0, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = LowRankSinkhorn::new(3, within(1e-9)).solve_factored(&problem).unwrap();
    let mut wanted = 0.0;
    for i in 0..30 {
        for j in 0..30 {
            if i % 3 == j % 3 {
                wanted += costs.cost(i, j) / 300.0;
            }
        }
    }
    assert_relative_eq!(plan.cost(), wanted, max_relative = 1e-4);
    assert!(plan.components().iter().all(|g| (g - 1.0 / 3.0).abs() < 1e-4));
}

#[test]
fn any_geometry_and_its_factors_give_one_plan() {
    let (x, y) = (cloud(90, 3, 0.0, 1), cloud(150, 3, 0.4, 2));
    let (a, b) = (weights(90, 3) * 4.0, weights(150, 4) * 4.0);
    let factored = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let points = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let stop = Stop::After { iterations: 20 };
    let solver = LowRankSinkhorn::new(5, stop);
    let quick = solver.solve_factored(&Transport::new(&factored, a.view(), b.view()).unwrap()).unwrap();
    let slow = solver.solve(&Transport::new(&points, a.view(), b.view()).unwrap()).unwrap();
    assert_relative_eq!(quick.cost(), slow.cost(), max_relative = 1e-9);
    assert!((&quick.to_matrix() - &slow.to_matrix()).iter().all(|e| e.abs() < 1e-9));
    assert_relative_eq!(quick.marginals().0.sum(), 4.0, max_relative = 1e-12);
    // The factors are a geometry: the exact solver reads them too.
    let exact =
        NetworkSimplex::default().solve(&Transport::new(&factored, a.view(), b.view()).unwrap()).unwrap();
    let wanted =
        NetworkSimplex::default().solve(&Transport::new(&points, a.view(), b.view()).unwrap()).unwrap();
    assert_relative_eq!(exact.cost(), wanted.cost(), max_relative = 1e-12);
    assert!(quick.cost() >= exact.cost());
}

#[test]
fn entropy_spreads_the_factors_and_starts_may_be_given() {
    let (x, y) = (cloud(40, 2, 0.0, 1), cloud(30, 2, 1.0, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let entropy = |plan: &LowRankPlan| -> f64 {
        let term = |x: &f64| if *x > 0.0 { -x * x.ln() } else { 0.0 };
        plan.source_factor().iter().chain(plan.target_factor()).map(term).sum()
    };
    let sharp = LowRankSinkhorn::new(4, within(1e-7)).solve_factored(&problem).unwrap();
    let soft = LowRankSinkhorn { epsilon: 0.1, ..LowRankSinkhorn::new(4, within(1e-7)) };
    let soft = soft.solve_factored(&problem).unwrap();
    assert!(entropy(&soft) > entropy(&sharp) + 0.1 && soft.cost() > sharp.cost());
    // Memberships of four strips along the first axis.
    let strips = |points: &Array2<f64>, low: f64| {
        Array2::from_shape_fn((points.nrows(), 4), |(i, k)| {
            let at = ((points[[i, 0]] - low) * 4.0).floor().clamp(0.0, 3.0);
            f64::from(u8::from(at == k as f64))
        })
    };
    let (q, r) = (strips(&x, -0.5), strips(&y, 0.5));
    let start = LowRankStart::Memberships(q.view(), r.view());
    let plan =
        LowRankSinkhorn { start, ..LowRankSinkhorn::new(4, within(1e-7)) }.solve_factored(&problem).unwrap();
    check(&plan, &problem.source().to_owned(), &problem.target().to_owned());
    assert!(plan.cost() < 1.1 * sharp.cost());
}

#[test]
fn samples_follow_the_plan() {
    let (x, y) = (cloud(12, 2, 0.0, 1), cloud(9, 2, 0.5, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let mut a = weights(12, 3);
    a[5] = 0.0;
    let problem = Transport::new(&costs, (&a / a.sum()).view(), weights(9, 4).view()).unwrap();
    let plan = LowRankSinkhorn::new(3, within(1e-6)).solve_factored(&problem).unwrap();
    let mut rng = Seed(1).stream("pairs", 0);
    let draws = 40_000;
    let mut counts = Array2::<f64>::zeros((12, 9));
    for (i, j) in plan.sample(draws, &mut rng) {
        counts[[i, j]] += 1.0 / draws as f64;
    }
    // Five standard deviations of a share.
    assert!((&counts - &plan.to_matrix()).iter().all(|e| e.abs() < 5.0 * 0.5 / (draws as f64).sqrt()));
    assert_eq!(plan.sample_target(5, &mut rng), None);
}

#[test]
fn gromov_of_a_cluster_structure_is_found_at_its_rank() {
    // Four clusters at unequal distances: a copy turned round has value about 0 at rank 4.
    let centres = array![[0.0, 0.0], [4.0, 0.0], [0.0, 7.0], [11.0, 3.0]];
    let heavy = [7, 9, 11, 13];
    let labels: Vec<usize> = (0..4).flat_map(|k| std::iter::repeat_n(k, heavy[k])).collect();
    let x = Array2::from_shape_fn((40, 2), |(i, k)| centres[[labels[i], k]]);
    let (sin, cos) = 0.9_f64.sin_cos();
    let y = x
        .select(Axis(0), &(0..40).map(|i| (i * 7 + 3) % 40).collect::<Vec<_>>())
        .dot(&array![[cos, -sin], [sin, cos]]);
    let (source, target) =
        (Structure::squared_euclidean(x.view()).unwrap(), Structure::squared_euclidean(y.view()).unwrap());
    let problem = GromovTransport::uniform(&source, &target);
    let plan = LowRankGromovWasserstein::new(4, within(1e-9)).solve(&problem).unwrap();
    let exact = GromovWasserstein::new(within(1e-10)).solve(&problem).unwrap();
    let product = exact.history()[0];
    assert!(exact.value().abs() < 1e-9 * product);
    assert!(plan.value() < 1e-3 * product, "{} of {product}", plan.value());
    assert!(plan.history().windows(2).all(|v| v[1] <= v[0] + 1e-4 * product), "the objective rose");
}

#[test]
fn gromov_value_is_that_of_the_plan() {
    let (x, y) = (points(30, 0.0), points(24, 0.5));
    let (a, b) = (weights(30, 1), weights(24, 2));
    let linear = Array2::from_shape_fn((30, 24), |(i, j)| (x[[i, 0]] - y[[j, 0]]).abs());
    let mut tilted = Structure::squared_euclidean(x.view()).unwrap().to_matrix();
    tilted[[3, 5]] += 0.5;
    let sources = [
        Structure::squared_euclidean(x.view()).unwrap(),
        Structure::matrix(tilted.mapv(f64::abs).view()).unwrap(),
    ];
    let target = Structure::squared_euclidean(y.view()).unwrap();
    for source in &sources {
        let problem = GromovTransport::new(source, &target, a.view(), b.view()).unwrap();
        let fused = problem.clone().fused(linear.view(), 0.6).unwrap();
        for problem in [&problem, &fused] {
            let plan = LowRankGromovWasserstein::new(5, within(1e-6)).solve(problem).unwrap();
            check(plan.plan(), &a, &b);
            // Held against the dense evaluation of the same plan.
            let dense = GromovWasserstein::new(Stop::After { iterations: 0 });
            let dense = dense.solve_from(problem, plan.to_matrix().view()).unwrap();
            assert_relative_eq!(plan.value(), dense.value(), max_relative = 1e-9);
            assert_relative_eq!(plan.linear_part(), dense.linear_part(), max_relative = 1e-9);
            // It descended from the product, and does not beat the exact solver from there by much.
            assert!(plan.value() < plan.history()[0]);
        }
    }
}

#[test]
fn threads_do_not_change_the_bits() {
    let (x, y) = (cloud(3000, 3, 0.0, 1), cloud(2500, 3, 0.5, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, weights(3000, 1).view(), weights(2500, 2).view()).unwrap();
    let (source, target) =
        (Structure::squared_euclidean(x.view()).unwrap(), Structure::squared_euclidean(y.view()).unwrap());
    let run = || {
        let stop = Stop::After { iterations: 5 };
        let linear = LowRankSinkhorn::new(6, stop).solve_factored(&problem).unwrap();
        let solver = LowRankGromovWasserstein::new(6, stop);
        (linear, solver.solve(&GromovTransport::uniform(&source, &target)).unwrap())
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}

#[test]
fn bad_input_is_named() {
    let (x, y) = (cloud(6, 2, 0.0, 1), cloud(4, 2, 0.0, 2));
    let costs = FactoredCost::squared_euclidean(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let stop = within(1e-6);
    for rank in [0, 5] {
        assert_eq!(
            LowRankSinkhorn::new(rank, stop).solve(&problem).unwrap_err().to_string(),
            format!("the rank is {rank}; it must be between 1 and 4, the smaller of the numbers of points")
        );
    }
    let wrong = LowRankSinkhorn { floor: 0.6, ..LowRankSinkhorn::new(2, stop) };
    assert_eq!(
        wrong.solve(&problem).unwrap_err().to_string(),
        "the floor of the components is 0.6; it must be positive and below 1 / rank"
    );
    let wrong = LowRankSinkhorn { step: 0.0, ..LowRankSinkhorn::new(2, stop) };
    assert_eq!(
        wrong.solve(&problem).unwrap_err().to_string(),
        "the step is 0; it must be positive and finite"
    );
    let wrong = LowRankSinkhorn { epsilon: -1.0, ..LowRankSinkhorn::new(2, stop) };
    assert_eq!(
        wrong.solve(&problem).unwrap_err().to_string(),
        "epsilon is -1; it must be finite and not negative"
    );
    let (q, mut r) = (Array2::<f64>::ones((6, 2)), Array2::<f64>::ones((4, 2)));
    r[[3, 1]] = -2.0;
    let start = LowRankStart::Memberships(q.view(), r.view());
    let wrong = LowRankSinkhorn { start, ..LowRankSinkhorn::new(2, stop) };
    assert_eq!(
        wrong.solve(&problem).unwrap_err().to_string(),
        "the target memberships has value -2 at row 3, column 1; it must be finite and not negative"
    );
    let mut infinite = Array2::<f64>::zeros((6, 4));
    infinite[[2, 3]] = f64::INFINITY;
    assert!(matches!(
        LowRankSinkhorn::new(2, stop).solve(&Transport::uniform(&infinite).unwrap()),
        Err(OtError::BadCost { row: 2, column: 3, .. })
    ));
    assert!(matches!(
        FactoredCost::new(Array2::zeros((3, 2)), Array2::zeros((3, 1))),
        Err(OtError::Dimension { source_columns: 2, target_columns: 1 })
    ));
    let (source, target) = (
        Structure::matrix((&infinite.slice(ndarray::s![..2, ..2]) + 1.0).view()).unwrap(),
        Structure::matrix(Array2::<f64>::ones((2, 2)).view()).unwrap(),
    );
    let problem = GromovTransport::uniform(&source, &target).with_loss(GromovLoss::KullbackLeibler).unwrap();
    assert_eq!(
        LowRankGromovWasserstein::new(1, stop).solve(&problem).unwrap_err().to_string(),
        "low-rank gromov-wasserstein needs the square loss; choose GromovLoss::Square, or another method"
    );
}
