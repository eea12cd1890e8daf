//! The laws of transport on problems of any shape, drawn and shrunk by proptest.

use chreode_ot::{
    CostFunction, Coupling, Euclidean, NetworkSimplex, OtSolver, Sinkhorn, SquaredEuclidean, Stop, Transport,
};
use chreode_testing::{Masses, TransportCase, coupling_laws};
use proptest::prelude::*;

/// The exact cost between two of the measures of a case.
fn cost(cost: &impl CostFunction, case: &TransportCase) -> f64 {
    let costs = cost.matrix(case.x.view(), case.y.view()).expect("points of one dimension");
    let problem = Transport::new(&costs, case.a.view(), case.b.view()).expect("masses of one total");
    let plan = NetworkSimplex::default().solve(&problem).expect("a solvable problem");
    coupling_laws(&plan, 1e-12);
    assert!(plan.gap() <= 1e-12 * (1.0 + plan.cost()), "a gap of {}", plan.gap());
    plan.cost()
}

fn turned(case: &TransportCase) -> TransportCase {
    TransportCase { x: case.y.clone(), y: case.x.clone(), a: case.b.clone(), b: case.a.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_plans(n in 1usize..20, m in 1usize..20, d in 1usize..5, seed: u64, scale in 0.1f64..10.0) {
        let case = TransportCase::random(Masses::Any, [n, m, d], seed);
        let squared = cost(&SquaredEuclidean, &case);
        // Symmetry, and a scale of the points as its square in the cost.
        prop_assert!((cost(&SquaredEuclidean, &turned(&case)) - squared).abs() <= 1e-12 * squared);
        let larger = TransportCase { x: &case.x * scale, y: &case.y * scale, ..case.clone() };
        prop_assert!((cost(&SquaredEuclidean, &larger) - scale * scale * squared).abs() <= 1e-11 * scale * scale);
    }

    #[test]
    fn the_triangle(n in 1usize..15, m in 1usize..15, k in 1usize..15, d in 1usize..4, seed: u64) {
        let first = TransportCase::random(Masses::Any, [n, m, d], seed);
        let other = TransportCase::random(Masses::Any, [k, k, d], seed ^ 1);
        let second = TransportCase { x: first.y.clone(), a: first.b.clone(), y: other.x, b: other.a };
        let direct = TransportCase {
            x: first.x.clone(), a: first.a.clone(), y: second.y.clone(), b: second.b.clone(),
        };
        let [direct, first, second] = [direct, first, second].map(|case| cost(&Euclidean, &case));
        prop_assert!(direct <= first + second + 1e-12);
    }

    #[test]
    fn entropic_plans(n in 1usize..20, m in 1usize..20, d in 1usize..5, seed: u64, share in 0.02f64..2.0) {
        let case = TransportCase::random(Masses::Any, [n, m, d], seed);
        let costs = SquaredEuclidean.matrix(case.x.view(), case.y.view()).unwrap();
        let problem = Transport::new(&costs, case.a.view(), case.b.view()).unwrap();
        let stop = Stop::Within { tolerance: 1e-9, max_iterations: 100_000 };
        let plan = Sinkhorn::new(share * costs.mean().unwrap(), stop).solve(&problem).unwrap();
        coupling_laws(&plan, 1e-12);
        let (rows, columns) = plan.marginals();
        let miss = (&rows - &case.a).mapv(f64::abs).sum() + (&columns - &case.b).mapv(f64::abs).sum();
        prop_assert!(miss <= 1.1e-9, "the marginals miss by {miss:e}");
        prop_assert!(plan.cost() >= cost(&SquaredEuclidean, &case) - 1e-8);
    }
}
