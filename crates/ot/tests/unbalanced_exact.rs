//! Unbalanced transport without entropy: majorisation-minimisation, L-BFGS, the network simplex.

mod common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, MajorizeMinimize, Marginal, NetworkSimplex, OtError, OtSolver, RelaxedPlan,
    RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop, Transport, UnbalancedLbfgs, UnbalancedSimplex,
    UnbalancedSinkhorn,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64, max_iterations: usize) -> Stop {
    Stop::Within { tolerance, max_iterations }
}

fn kl(lambda: f64) -> Marginal {
    Marginal::Kl { lambda }
}

fn l2(lambda: f64) -> Marginal {
    Marginal::L2 { lambda }
}

fn tv(lambda: f64) -> Marginal {
    Marginal::Tv { lambda }
}

fn costs() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let (x, y, a, b) = small();
    (SquaredEuclidean.matrix(x.view(), y.view()).unwrap(), a, b * 1.3)
}

/// What every plan must be: potentials below the costs, and a dual value below the primal.
fn assert_certified(plan: &RelaxedPlan, costs: &Array2<f64>) {
    let (f, g) = (plan.source_potential(), plan.target_potential());
    for ((i, j), &c) in costs.indexed_iter() {
        assert!(f[i] + g[j] <= c + 1e-12, "{i} {j}: {} + {} above {c}", f[i], g[j]);
    }
    assert!(plan.dual_cost() <= plan.primal_cost() + 1e-13 * plan.primal_cost().abs());
    assert!(plan.entries().iter().all(|e| e.mass > 0.0));
}

#[test]
fn kl_and_l2_agree_with_published_solvers() {
    // POT 0.9.7.post1, `mm_unbalanced` with 2e6 iterations and `lbfgsb_unbalanced`, which agree to 1e-8 in
    // mass and cost and to 1e-14 in the objective; penalties 1 and 4, target masses 1.3 b.
    let (costs, a, b) = costs();
    for (source, target, mass, cost, objective) in [
        (kl(1.0), kl(4.0), 0.957_712_618_720, 0.583_377_527_24, 1.411_436_906_397_77),
        (l2(1.0), l2(4.0), 0.494_697_891_65, 0.098_366_324_03, 0.522_571_366_927_302),
    ] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
        let plan = UnbalancedLbfgs { stop: within(1e-9, 20_000) }.solve(&problem).unwrap();
        println!("{source:?} lbfgs {:?}", plan.certificate());
        assert_certified(&plan, &costs);
        assert_relative_eq!(plan.mass(), mass, max_relative = 1e-6);
        assert_relative_eq!(plan.cost(), cost, max_relative = 1e-6);
        assert_relative_eq!(plan.primal_cost(), objective, max_relative = 1e-12);
        let slow = MajorizeMinimize { stop: within(1e-4, 100_000) }.solve(&problem).unwrap();
        println!("{source:?} mm {:?}", slow.certificate());
        assert_certified(&slow, &costs);
        assert!(slow.primal_cost() - objective <= slow.certificate().gap());
        assert_relative_eq!(slow.primal_cost(), objective, max_relative = 1e-4);
    }
}

#[test]
fn total_variation_is_a_linear_program() {
    // SciPy's HiGHS on the linear program with explicit surplus and shortage, target masses 1.3 b.
    let (costs, a, b) = costs();
    for (source, target, objective) in [
        (1.0, 4.0, 2.079_857_141_911_926_3),
        (0.3, 0.3, 0.548_290_106_662_900_8),
        (0.1, 50.0, 0.841_895_365_409_492_4),
    ] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), tv(source), tv(target)).unwrap();
        let plan = UnbalancedSimplex::default().solve(&problem).unwrap();
        println!("{:?}", plan.certificate());
        assert_certified(&plan, &costs);
        assert_relative_eq!(plan.primal_cost(), objective, max_relative = 1e-12);
        assert!(plan.certificate().residual < 1e-12);
    }
}
