//! Unbalanced transport without entropy: Frank-Wolfe, majorisation-minimisation, L-BFGS, the network simplex.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, MajorizeMinimize, Marginal, NetworkSimplex, OtError, OtSolver, RelaxedPlan,
    RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop, Transport, UnbalancedFrankWolfe,
    UnbalancedLbfgs, UnbalancedSimplex, UnbalancedSinkhorn,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

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
    (SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points"), a, b * 1.3)
}

/// What every plan must be: potentials below the costs, and a dual value below the primal.
fn assert_certified(plan: &RelaxedPlan, costs: &Array2<f64>) {
    let (f, g) = (plan.source_potential(), plan.target_potential());
    // To rounding: potentials next to a penalty of 10⁹ are of that size.
    let largest = f.iter().chain(&g).filter(|p| p.is_finite()).fold(1.0, |x, y| f64::max(x, y.abs()));
    for ((i, j), &c) in costs.indexed_iter() {
        assert!(f[i] + g[j] <= c + 1e-12 + 1e-15 * largest, "{i} {j}: {} + {} above {c}", f[i], g[j]);
    }
    assert!(plan.dual_cost() <= plan.primal_cost() + 1e-13 * plan.primal_cost().abs() + 1e-15 * largest);
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
        assert_certified(&plan, &costs);
        assert_relative_eq!(plan.mass(), mass, max_relative = 1e-6);
        assert_relative_eq!(plan.cost(), cost, max_relative = 1e-6);
        assert_relative_eq!(plan.primal_cost(), objective, max_relative = 1e-12);
        let slow = MajorizeMinimize { stop: within(1e-4, 100_000) }.solve(&problem).unwrap();
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
        assert_certified(&plan, &costs);
        assert_relative_eq!(plan.primal_cost(), objective, max_relative = 1e-12);
        assert!(plan.certificate().residual < 1e-12);
    }
}

#[test]
fn frank_wolfe_is_exact_for_kl_l2_and_exact_sides() {
    let (costs, a, b) = costs();
    // The same published values as below, to their precision.
    for (penalty, objective) in
        [(kl as fn(f64) -> Marginal, 1.411_436_906_397_763_8), (l2, 0.522_571_366_927_302)]
    {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), penalty(1.0), penalty(4.0)).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-12, 500)).solve(&problem).unwrap();
        assert_certified(&plan, &costs);
        assert_relative_eq!(plan.primal_cost(), objective, max_relative = 1e-13);
        assert!(plan.entries().len() <= 11);
    }
    // Against L-BFGS, another way to the same plan.
    let costs = SquaredEuclidean.matrix(cloud(30, 2, 0.0, 1).view(), cloud(40, 2, 0.4, 2).view()).unwrap();
    let (a, b) = (weights(30, 1), weights(40, 2) * 1.4);
    for (source, target) in [(kl(1.0), kl(1.0)), (l2(1.0), l2(4.0)), (kl(0.3), l2(40.0)), (kl(0.1), kl(0.1))]
    {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-11, 500)).solve(&problem).unwrap();
        assert_certified(&plan, &costs);
        let other = UnbalancedLbfgs { stop: within(1e-6, 5000) }.solve(&problem).unwrap();
        assert_certified(&other, &costs);
        assert_relative_eq!(plan.primal_cost(), other.primal_cost(), max_relative = 1e-9);
        assert_relative_eq!(plan.mass(), other.mass(), max_relative = 1e-4);
    }
}

#[test]
fn semi_relaxed_meets_its_exact_side() {
    let (costs, a, b) = costs();
    for target in [kl(0.5), l2(2.0)] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), Marginal::Exact, target).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-12, 500)).solve(&problem).unwrap();
        assert_certified(&plan, &costs);
        let (rows, _) = plan.marginals();
        assert!((&rows - &a).iter().all(|e| e.abs() < 1e-15));
        let entropic = UnbalancedSinkhorn::new(2e-3, within(1e-10, 200_000)).solve(&problem).unwrap();
        assert!((entropic.marginals().0 - &a).iter().all(|e| e.abs() < 1e-11));
        let (_, high) = problem.bounds(&entropic);
        assert!(plan.dual_cost() <= high && high < plan.primal_cost() * (1.0 + 1e-2));
    }
    // Exact on one side and total variation on the other; a tiny λ is the cheapest target for each source.
    let tiny = tv(1e-9);
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), Marginal::Exact, tiny).unwrap();
    let plan = UnbalancedSimplex::default().solve(&problem).unwrap();
    assert_certified(&plan, &costs);
    let least: f64 =
        costs.rows().into_iter().zip(&a).map(|(c, a)| a * c.iter().copied().fold(f64::MAX, f64::min)).sum();
    assert_relative_eq!(plan.cost(), least, max_relative = 1e-12);
}

#[test]
fn limits() {
    let (x, y, a, b) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let exact =
        NetworkSimplex::default().solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    // Huge penalties: balanced transport; tiny ones: nothing moves and the penalty of all mass is paid.
    for penalty in [kl as fn(f64) -> Marginal, l2] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), penalty(1e9), penalty(1e9)).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-9, 500)).solve(&problem).unwrap();
        assert_relative_eq!(plan.primal_cost(), exact.cost(), max_relative = 1e-6);
        let problem =
            RelaxedTransport::new(&costs, a.view(), b.view(), penalty(1e-4), penalty(1e-4)).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-9, 500)).solve(&problem).unwrap();
        assert!(plan.mass() < 1e-12, "{:?} {}", plan.certificate(), plan.mass());
        assert_relative_eq!(plan.primal_cost(), problem.objective(0.0, (&a * 0.0).view(), (&b * 0.0).view()));
    }
    for lambda in [1e4, 1e-9] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), tv(lambda), tv(lambda)).unwrap();
        let plan = UnbalancedSimplex::default().solve(&problem).unwrap();
        assert_certified(&plan, &costs);
        let wanted = if lambda > 1.0 { exact.cost() } else { 2e-9 };
        assert_relative_eq!(plan.primal_cost(), wanted, max_relative = 1e-9);
    }
}

#[test]
fn very_different_totals_zero_masses_and_forbidden_moves() {
    let inf = f64::INFINITY;
    let costs = array![[0.5, 1.0, inf], [inf, inf, inf], [1.0, 0.2, inf], [0.3, 0.3, 0.3]];
    let (a, b) = (array![0.4, 0.3, 0.3, 0.0], array![500.0, 300.0, 200.0]);
    for (source, target) in [(kl(1.0), kl(1.0)), (l2(1.0), l2(1e-3))] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
        let plan = UnbalancedFrankWolfe::new(within(1e-11, 500)).solve(&problem).unwrap();
        let lbfgs = UnbalancedLbfgs { stop: within(1e-8, 5000) }.solve(&problem).unwrap();
        assert_relative_eq!(plan.primal_cost(), lbfgs.primal_cost(), max_relative = 1e-9);
        assert!(plan.entries().iter().all(|e| costs[[e.row, e.column]].is_finite() && e.row != 1));
        assert!(lbfgs.entries().iter().all(|e| costs[[e.row, e.column]].is_finite() && e.row != 1));
        // KL leaves a point without mass alone; l2 may give it some.
        let extra = plan.entries().iter().filter(|e| e.row == 3).map(|e| e.mass).sum::<f64>();
        assert_eq!(extra > 0.0, matches!(source, Marginal::L2 { .. }));
    }
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), tv(1.0), tv(2.0)).unwrap();
    let plan = UnbalancedSimplex::default().solve(&problem).unwrap();
    assert!(plan.certificate().residual < 1e-12, "{:?}", plan.certificate());
    // It pays to make mass at the source where λ₂ > c + λ₁.
    assert!(plan.marginals().0[3] > 0.0);
}

#[test]
fn bad_input() {
    let (costs, a, b) = costs();
    let problem = |source, target| RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
    let said = |error: OtError| error.to_string();
    assert_eq!(
        said(MajorizeMinimize { stop: within(1e-3, 10) }.solve(&problem(kl(1.0), l2(1.0))).unwrap_err()),
        "majorisation-minimisation does not solve problems with an l2 penalty on the target side; it takes KL on both sides or l2 on both; UnbalancedSinkhorn takes all pairs"
    );
    assert_eq!(
        said(UnbalancedLbfgs { stop: within(1e-3, 10) }.solve(&problem(kl(1.0), tv(1.0))).unwrap_err()),
        "l-bfgs does not solve problems with a total-variation penalty on the target side; it takes KL and l2; UnbalancedFrankWolfe takes exact sides too, and UnbalancedSimplex total variation"
    );
    let range = Marginal::Range { low: 0.0, high: 1.0 };
    assert_eq!(
        said(UnbalancedFrankWolfe::new(within(1e-3, 10)).solve(&problem(range, kl(1.0))).unwrap_err()),
        "frank-wolfe does not solve problems with a range on the source side; it takes KL, l2 and exact sides; UnbalancedSimplex takes total variation"
    );
    assert_eq!(
        said(UnbalancedSimplex::default().solve(&problem(kl(1.0), tv(1.0))).unwrap_err()),
        "the network simplex does not solve problems with a Kullback-Leibler penalty on the source side; it takes total variation and exact sides; UnbalancedFrankWolfe takes KL and l2"
    );
    let negative = costs.mapv(|c| c - 5.0);
    let problem = RelaxedTransport::new(&negative, a.view(), b.view(), tv(1.0), tv(1.0)).unwrap();
    assert_eq!(
        said(UnbalancedSimplex::default().solve(&problem).unwrap_err()),
        "the sum of the two penalties is 2; it must be at least minus the lowest cost, or the problem has no minimum"
    );
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.1), kl(0.1)).unwrap();
    for error in [
        MajorizeMinimize { stop: within(1e-12, 5) }.solve(&problem).unwrap_err(),
        UnbalancedLbfgs { stop: within(1e-12, 5) }.solve(&problem).unwrap_err(),
        UnbalancedFrankWolfe::new(within(1e-12, 1)).solve(&problem).unwrap_err(),
    ] {
        assert!(matches!(error, OtError::NotConverged { .. }), "{error}");
    }
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let costs = SquaredEuclidean.matrix(cloud(130, 2, 0.0, 1).view(), cloud(300, 2, 0.3, 2).view()).unwrap();
    let (a, b) = (weights(130, 1), weights(300, 2) * 1.5);
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.5), kl(1.0)).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let stop = Stop::After { iterations: 4 };
        pool.install(|| {
            let plans = [
                MajorizeMinimize { stop }.solve(&problem).unwrap(),
                UnbalancedLbfgs { stop }.solve(&problem).unwrap(),
                UnbalancedFrankWolfe::new(stop).solve(&problem).unwrap(),
            ];
            plans.map(|p| (p.certificate(), p.marginals(), p.source_potential().to_owned()))
        })
    };
    assert_eq!(on(1), on(3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn laws(n in 1_usize..15, m in 1_usize..15, seed in 0_u64..1000, x in -2.0..2.0_f64, y in -2.0..2.0_f64) {
        let (lambda, other) = (10_f64.powf(x), 10_f64.powf(y));
        let costs = SquaredEuclidean.matrix(cloud(n, 2, 0.0, seed).view(), cloud(m, 2, 0.4, seed + 1).view());
        let (costs, a, b) = (costs.expect("finite points"), weights(n, seed), weights(m, seed + 2) * 1.7);
        let turned = costs.t().to_owned();
        let solver = UnbalancedFrankWolfe::new(within(1e-9, 2000));
        for penalty in [kl as fn(f64) -> Marginal, l2] {
            let value = |costs: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>, first: f64, second: f64| {
                let problem =
                    RelaxedTransport::new(costs, a.view(), b.view(), penalty(first), penalty(second)).expect("valid");
                let plan = solver.solve(&problem).expect("converges");
                // The plan's certificate is what its entries say.
                let (rows, columns) = plan.marginals();
                let found = problem.objective(plan.cost(), rows.view(), columns.view());
                prop_assert!((found - plan.primal_cost()).abs() <= 1e-10 * plan.primal_cost());
                prop_assert!(plan.dual_cost() <= plan.primal_cost() * (1.0 + 1e-12));
                let nothing = problem.objective(0.0, (&rows * 0.0).view(), (&columns * 0.0).view());
                // To the gap that the solver is asked for: where nothing is best, its plan is nearly nothing.
                prop_assert!(plan.primal_cost() <= nothing * (1.0 + 1e-9));
                Ok(plan.primal_cost())
            };
            let plain = value(&costs, &a, &b, lambda, other)?;
            // Symmetric under an exchange of the sides, not lower for a larger penalty, and homogeneous (KL).
            prop_assert!((plain - value(&turned, &b, &a, other, lambda)?).abs() <= 1e-8 * plain);
            prop_assert!(value(&costs, &a, &b, 2.0 * lambda, other)? >= plain * (1.0 - 1e-8));
            if penalty(1.0) == kl(1.0) {
                let thrice = value(&costs, &(&a * 3.0), &(&b * 3.0), lambda, other)?;
                prop_assert!((thrice - 3.0 * plain).abs() <= 1e-8 * plain);
            }
        }
    }
}
