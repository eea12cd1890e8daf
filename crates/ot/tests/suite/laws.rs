//! Laws of transport on random problems.

use crate::common;

use chreode_ot::{
    CostFunction, Coupling, NetworkSimplex, Order, OtSolver, SquaredEuclidean, Transport, wasserstein,
};
use common::{cloud, weights};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn marginals_gap_and_symmetry(n in 1_usize..40, m in 1_usize..40, d in 1_usize..4, seed in 0_u64..1000) {
        let (x, y) = (cloud(n, d, 0.0, seed), cloud(m, d, 0.3, seed + 1));
        let (a, b) = (weights(n, seed), weights(m, seed + 2));
        let costs = SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points");
        let solver = NetworkSimplex::default();
        let plan = solver.solve(&Transport::new(&costs, a.view(), b.view()).expect("valid")).expect("feasible");
        let (rows, columns) = plan.marginals();
        prop_assert!((&rows - &a).iter().chain((&columns - &b).iter()).all(|e| e.abs() < 1e-12));
        prop_assert!(plan.gap() >= 0.0 && plan.gap() < 1e-12);
        let turned = costs.t();
        let back = solver.solve(&Transport::new(&turned, b.view(), a.view()).expect("valid")).expect("feasible");
        prop_assert!((plan.cost() - back.cost()).abs() < 1e-12);
        // No plan is cheaper, the product of the marginals in particular.
        let product = a.dot(&costs.dot(&b));
        prop_assert!(plan.cost() <= product + 1e-12);
    }

    #[test]
    fn triangle_inequality(n in 1_usize..30, m in 1_usize..30, k in 1_usize..30, seed in 0_u64..1000) {
        let (x, y, z) = (cloud(n, 2, 0.0, seed), cloud(m, 2, 0.5, seed + 1), cloud(k, 2, 0.2, seed + 2));
        for order in [Order::One, Order::Two] {
            let w = |x: &ndarray::Array2<f64>, y: &ndarray::Array2<f64>| {
                wasserstein(x.view(), y.view(), None, None, order).expect("finite points").value
            };
            prop_assert!(w(&x, &y) <= w(&x, &z) + w(&z, &y) + 1e-12);
        }
    }
}
