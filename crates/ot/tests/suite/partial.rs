//! Partial transport, exact and entropic.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, EpsilonScaling, Euclidean, Marginal, NetworkSimplex, OtError, OtSolver,
    PartialSimplex, PartialSinkhorn, PartialTransport, Reference, RelaxedSolver, RelaxedTransport,
    SquaredEuclidean, Stop, Transport, UnbalancedSimplex,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 50_000 }
}

fn case() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let (x, y, a, b) = small();
    (SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points"), a, b * 1.3)
}

#[test]
fn agrees_with_published_values() {
    // POT 0.9.7.post1, `partial_wasserstein` and `entropic_partial_wasserstein` (reg 0.1, to its fixed point), target
    // masses 1.3 b.
    let (costs, a, b) = case();
    for (mass, exact, entropic, first) in [
        (0.3, 0.046_532_649_734_600_06, 0.054_124_831_537_431_84, [0.000_233_95, 0.001_370_43]),
        (0.7, 1.052_782_969_401_416_4, 1.062_498_610_476_524_4, [0.005_953_72, 0.034_875_04]),
    ] {
        let problem = PartialTransport::new(&costs, a.view(), b.view(), mass).unwrap();
        let plan = PartialSimplex::default().solve(&problem).unwrap();
        assert_relative_eq!(plan.cost(), exact, max_relative = 1e-12);
        assert_relative_eq!(plan.mass(), mass, max_relative = 1e-12);
        assert!(plan.certificate().residual < 1e-12, "{:?}", plan.certificate());
        let solver =
            PartialSinkhorn { reference: Reference::Counting, ..PartialSinkhorn::new(0.1, within(1e-13)) };
        let plan = solver.solve(&problem).unwrap();
        assert_relative_eq!(plan.cost(), entropic, max_relative = 1e-10);
        let matrix = plan.to_matrix();
        assert!((matrix[[0, 0]] - first[0]).abs() < 1e-8 && (matrix[[0, 1]] - first[1]).abs() < 1e-8);
        assert!((plan.primal_cost() - plan.dual_cost()).abs() < 1e-11);
    }
}

#[test]
fn every_mass_up_to_the_whole() {
    // The cost is convex in the mass (it is the value of a linear program), and all of it is balanced transport.
    let costs = Euclidean.matrix(cloud(25, 2, 0.0, 1).view(), cloud(30, 2, 0.4, 2).view()).unwrap();
    let (a, b) = (weights(25, 1), weights(30, 2));
    let mut values = Vec::new();
    for k in 0..=20 {
        let problem = PartialTransport::share(&costs, a.view(), b.view(), k as f64 / 20.0).unwrap();
        let plan = PartialSimplex::default().solve(&problem).unwrap();
        let (rows, columns) = plan.marginals();
        assert_relative_eq!(rows.sum(), k as f64 / 20.0, epsilon = 1e-12);
        assert!(rows.iter().zip(&a).chain(columns.iter().zip(&b)).all(|(s, a)| *s <= a + 1e-14));
        assert!(plan.certificate().gap() < 1e-13, "{:?}", plan.certificate());
        let (f, g) = (plan.source_potential(), plan.target_potential());
        assert!(costs.indexed_iter().all(|((i, j), &c)| f[i] + g[j] <= c + 1e-12));
        values.push(plan.cost());
    }
    assert_eq!(values[0], 0.0);
    assert!(values.windows(3).all(|v| v[0] + v[2] >= 2.0 * v[1] - 1e-13));
    let whole =
        NetworkSimplex::default().solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    assert_relative_eq!(values[20], whole.cost(), max_relative = 1e-12);
}

#[test]
fn the_price_of_mass_is_a_total_variation_penalty() {
    // The partial plan of the mass that a penalty of λ on both sides moves is that penalty's plan.
    let (costs, a, b) = case();
    let penalty = Marginal::Tv { lambda: 0.4 };
    let relaxed = RelaxedTransport::new(&costs, a.view(), b.view(), penalty, penalty).unwrap();
    let plan = UnbalancedSimplex::default().solve(&relaxed).unwrap();
    assert!(plan.mass() > 0.1 && plan.mass() < 0.9);
    let problem = PartialTransport::new(&costs, a.view(), b.view(), plan.mass()).unwrap();
    let partial = PartialSimplex::default().solve(&problem).unwrap();
    assert_relative_eq!(partial.cost(), plan.cost(), max_relative = 1e-12);
}

#[test]
fn entropic_plans_meet_their_constraints_and_have_no_gap() {
    let (costs, a, b) = case();
    for share in [0.0, 1e-6, 0.3, 0.9, 1.0] {
        for reference in [Reference::Product, Reference::Counting, Reference::Uniform] {
            let problem = PartialTransport::share(&costs, a.view(), b.view(), share).unwrap();
            let solver = PartialSinkhorn { reference, ..PartialSinkhorn::new(0.2, within(1e-13)) };
            let plan = solver.solve(&problem).unwrap();
            assert_relative_eq!(plan.mass(), share, max_relative = 1e-12);
            let (rows, columns) = plan.marginals();
            assert!(rows.iter().zip(&a).chain(columns.iter().zip(&b)).all(|(s, a)| *s <= a + 1e-12));
            let (primal, dual) = (plan.primal_cost(), plan.dual_cost());
            assert!(
                (primal - dual).abs() < 1e-10 * primal.abs().max(1.0),
                "{share} {reference:?} {primal} {dual}"
            );
        }
    }
}

#[test]
fn small_epsilon_approaches_the_simplex() {
    let costs = SquaredEuclidean.matrix(cloud(30, 2, 0.0, 1).view(), cloud(35, 2, 0.4, 2).view()).unwrap();
    let (a, b) = (weights(30, 1), weights(35, 2) * 1.2);
    let problem = PartialTransport::new(&costs, a.view(), b.view(), 0.6).unwrap();
    let exact = PartialSimplex::default().solve(&problem).unwrap();
    let scaling = EpsilonScaling::Geometric { start: 0.5, factor: 0.5, steps: 20 };
    let solver = PartialSinkhorn { scaling, ..PartialSinkhorn::new(1e-3, within(1e-8)) };
    let plan = solver.solve(&problem).unwrap();
    assert!(plan.cost() >= exact.cost() - 1e-6 && plan.cost() < exact.cost() + 5e-3);
    let tiny = PartialSinkhorn::new(1e-12, Stop::After { iterations: 10 }).solve(&problem).unwrap();
    assert!(tiny.cost().is_finite() && tiny.to_matrix().iter().all(|p| p.is_finite()));
}

#[test]
fn points_without_mass_and_forbidden_moves() {
    let inf = f64::INFINITY;
    let costs = array![[0.5, 1.0, inf], [inf, inf, inf], [1.0, 0.2, inf]];
    let (a, b) = (array![0.4, 0.3, 0.3], array![0.5, 0.0, 0.5]);
    let problem = PartialTransport::new(&costs, a.view(), b.view(), 0.5).unwrap();
    let exact = PartialSimplex::default().solve(&problem).unwrap();
    assert_relative_eq!(exact.cost(), 0.4 * 0.5 + 0.1 * 1.0, max_relative = 1e-12);
    assert!(exact.certificate().gap() < 1e-12);
    let plan = PartialSinkhorn::new(0.01, within(1e-12)).solve(&problem).unwrap();
    assert_relative_eq!(plan.cost(), exact.cost(), max_relative = 1e-6);
    // Only 0.5 can move.
    let more = PartialTransport::new(&costs, a.view(), b.view(), 0.6).unwrap();
    assert!(matches!(PartialSimplex::default().solve(&more), Err(OtError::Infeasible { .. })));
    assert!(matches!(
        PartialSinkhorn::new(0.1, within(1e-6)).solve(&more),
        Err(OtError::Unreachable { column: 2, .. })
    ));
}

#[test]
fn bad_input() {
    let costs = Array2::<f64>::ones((2, 2));
    let (a, b) = (array![0.5, 0.5], array![1.0, 1.0]);
    let said = |mass| PartialTransport::new(&costs, a.view(), b.view(), mass).unwrap_err().to_string();
    assert_eq!(said(1.5), "the mass to move is 1.5; it must be between 0 and the smaller total, 1");
    assert!(said(-0.1).starts_with("the mass to move is -0.1") && said(f64::NAN).contains("NaN"));
    assert_eq!(
        PartialTransport::share(&costs, a.view(), b.view(), 1.1).unwrap_err().to_string(),
        "the share of the mass is 1.1; it must be between 0 and 1"
    );
    let problem = PartialTransport::new(&costs, a.view(), b.view(), 0.5).unwrap();
    assert_eq!(
        PartialSinkhorn::new(0.0, within(1e-6)).solve(&problem).unwrap_err().to_string(),
        "epsilon is 0; it must be positive and finite"
    );
    let (costs, a, b) = case();
    let problem = PartialTransport::new(&costs, a.view(), b.view(), 0.5).unwrap();
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 2 };
    let error = PartialSinkhorn::new(0.05, stop).solve(&problem).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { method: "partial sinkhorn", iterations: 2, .. }));
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let costs = SquaredEuclidean.matrix(cloud(200, 2, 0.0, 1).view(), cloud(300, 2, 0.3, 2).view()).unwrap();
    let (a, b) = (weights(200, 1), weights(300, 2) * 1.5);
    let problem = PartialTransport::new(&costs, a.view(), b.view(), 0.7).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plan = PartialSinkhorn::new(0.05, Stop::After { iterations: 5 }).solve(&problem).unwrap();
            let exact = PartialSimplex::default().solve(&problem).unwrap();
            (plan.target_potential().to_owned(), plan.primal_cost(), exact.entries())
        })
    };
    assert_eq!(on(1), on(3));
}
