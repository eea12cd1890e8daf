//! Entropic unbalanced transport: the forms and accelerations of the balanced solver agree, and plans are stationary.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Acceleration, CostFunction, Coupling, EpsilonScaling, Form, HalfStep, Marginal, OtSolver, Reference,
    RelaxedSolver, RelaxedTransport, Sinkhorn, SquaredEuclidean, Stop, Transport, UnbalancedLbfgs,
    UnbalancedSinkhorn,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

fn kl(lambda: f64) -> Marginal {
    Marginal::Kl { lambda }
}

/// So many points that threads share them.
fn case() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let costs = SquaredEuclidean.matrix(cloud(210, 3, 0.0, 1).view(), cloud(190, 3, 0.2, 2).view());
    (costs.expect("finite points"), weights(210, 1), weights(190, 2) * 1.3)
}

fn apart(p: &Array2<f64>, q: &Array2<f64>) -> f64 {
    (p - q).iter().map(|e| e.abs()).sum::<f64>() / q.sum()
}

#[test]
fn forms_and_accelerations_give_the_same_plan() {
    let (costs, a, b) = case();
    let sides = [
        (kl(0.3), kl(2.0)),
        (Marginal::Exact, kl(0.5)),
        (kl(0.5), Marginal::Exact),
        (Marginal::Tv { lambda: 0.2 }, Marginal::L2 { lambda: 50.0 }),
        (Marginal::Range { low: 0.5, high: 1.2 }, kl(1.0)),
    ];
    for (source, target) in sides {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
        for reference in [Reference::Product, Reference::Counting] {
            let solver = UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(0.02, within(1e-11)) };
            let plan = solver.solve(&problem).unwrap();
            let matrix = plan.to_matrix();
            let log = UnbalancedSinkhorn { form: Form::Log, ..solver }.solve(&problem).unwrap();
            assert!(apart(&log.to_matrix(), &matrix) < 1e-9, "{source:?} {target:?} {reference:?}");
            let scaled = EpsilonScaling::Geometric { start: 0.3, factor: 0.5, steps: 10 };
            let plain = UnbalancedSinkhorn { scaling: scaled, acceleration: Acceleration::None, ..solver };
            let plain = plain.solve(&problem).unwrap();
            assert!(apart(&plain.to_matrix(), &matrix) < 1e-9, "{source:?} {target:?} {reference:?}");
            assert!((plan.primal_cost() - plan.dual_cost()).abs() < 1e-9 * plan.primal_cost().abs());
        }
    }
}

#[test]
fn single_precision_on_the_way_is_true_at_the_end() {
    let (costs, a, b) = case();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.3), kl(0.3)).unwrap();
    for reference in [Reference::Product, Reference::Counting] {
        let solver =
            |tolerance| UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(0.01, within(tolerance)) };
        let plan = solver(1e-6).solve(&problem).unwrap();
        assert!(plan.certificate().residual <= 1e-6);
        let exact = solver(1e-12).solve(&problem).unwrap();
        assert!(apart(&plan.to_matrix(), &exact.to_matrix()) < 1e-5);
        assert!(plan.certificate().gap().abs() < 1e-9 * plan.primal_cost());
        // The residual is what it says: both half steps, by hand.
        let (f, g) = (plan.source_potential().to_owned(), plan.target_potential().to_owned());
        let (rows, columns) = plan.marginals();
        let moved = |f: &Array1<f64>, found: &Array1<f64>, masses: &Array1<f64>| -> f64 {
            let points = f.iter().zip(found).zip(masses);
            let wanted: Vec<(f64, f64)> = points.map(|((f, s), a)| (*s, a * (-f / 0.3).exp())).collect();
            wanted.iter().map(|(s, w)| (s - w).abs()).sum::<f64>()
                / wanted.iter().map(|(_, w)| w).sum::<f64>()
        };
        // At the optimum a point's mass is what its potential wants; near it both moves are of one size.
        assert!(moved(&f, &rows, &a) < 1e-5 && moved(&g, &columns, &b) < 1e-5);
    }
}

#[test]
fn few_iterations_where_the_plain_half_step_takes_many() {
    let (costs, a, b) = case();
    let mean = costs.mean().expect("not empty");
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(mean), kl(mean)).unwrap();
    let fast = UnbalancedSinkhorn::new(0.05 * mean, within(1e-6));
    let slow = UnbalancedSinkhorn { half_step: HalfStep::Plain, ..fast };
    let (fast, slow) = (fast.solve(&problem).unwrap(), slow.solve(&problem).unwrap());
    let (fast, slow) = (fast.certificate().iterations, slow.certificate().iterations);
    assert!(fast < 20 && slow > 3 * fast, "{fast} {slow}");
}

#[test]
fn an_outlier_is_left_out_and_slows_nobody() {
    // One source at 100 times the mean cost: its mass in the plan is about e^(-90) of what it has.
    let (mut costs, a, b) = case();
    costs.row_mut(17).fill(100.0);
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1.0), kl(1.0)).unwrap();
    let plan = UnbalancedSinkhorn::new(0.05, within(1e-6)).solve(&problem).unwrap();
    let log = UnbalancedSinkhorn { form: Form::Log, ..UnbalancedSinkhorn::new(0.05, within(1e-11)) };
    let log = log.solve(&problem).unwrap();
    assert!(apart(&plan.to_matrix(), &log.to_matrix()) < 1e-5);
    let (mass, wanted) = (plan.marginals().0[17], log.marginals().0[17]);
    assert!(wanted > 0.0 && wanted < 1e-30);
    assert_relative_eq!(mass, wanted, max_relative = 1e-4);
    assert!(plan.certificate().iterations < 40, "{:?}", plan.certificate());
}

#[test]
fn two_exact_sides_are_balanced_transport() {
    let (costs, a, b) = case();
    let b = b / 1.3;
    let problem =
        RelaxedTransport::new(&costs, a.view(), b.view(), Marginal::Exact, Marginal::Exact).unwrap();
    let plan = UnbalancedSinkhorn::new(0.02, within(1e-11)).solve(&problem).unwrap();
    let balanced = Transport::new(&costs, a.view(), b.view()).unwrap();
    let other = Sinkhorn::new(0.02, within(1e-11)).solve(&balanced).unwrap();
    assert!(apart(&plan.to_matrix(), &other.to_matrix()) < 1e-9);
    assert_relative_eq!(plan.dual_cost(), other.dual_cost(), max_relative = 1e-11);
    assert_relative_eq!(plan.primal_cost(), other.primal_cost(), max_relative = 1e-9);
}

#[test]
fn a_small_epsilon_comes_to_the_plan_of_another_method() {
    let costs = SquaredEuclidean.matrix(cloud(40, 2, 0.0, 1).view(), cloud(35, 2, 0.3, 2).view()).unwrap();
    let (a, b) = (weights(40, 1), weights(35, 2) * 1.4);
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.5), kl(1.0)).unwrap();
    let exact = UnbalancedLbfgs { stop: within(1e-7) }.solve(&problem).unwrap();
    let mut last = f64::INFINITY;
    for epsilon in [1e-2, 2e-3, 4e-4] {
        let plan = UnbalancedSinkhorn::new(epsilon, within(1e-8)).solve(&problem).unwrap();
        let (low, high) = problem.bounds(&plan);
        assert!(low <= exact.primal_cost() && exact.dual_cost() <= high);
        let above = high / exact.primal_cost() - 1.0;
        assert!(above < 0.3 * last, "{epsilon} {above}");
        last = above;
    }
    assert!(last < 2e-3, "{last}");
}
