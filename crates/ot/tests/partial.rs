//! Partial transport, exact and entropic.

mod common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, EpsilonScaling, Euclidean, NetworkSimplex, OtError, OtSolver, PartialSimplex,
    PartialSinkhorn, PartialTransport, Reference, SquaredEuclidean, Stop, Transport,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 50_000 }
}

fn case() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let (x, y, a, b) = small();
    (SquaredEuclidean.matrix(x.view(), y.view()).unwrap(), a, b * 1.3)
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
        println!("{:?}", plan.certificate());
        assert_relative_eq!(plan.cost(), entropic, max_relative = 1e-10);
        let matrix = plan.to_matrix();
        assert!((matrix[[0, 0]] - first[0]).abs() < 1e-8 && (matrix[[0, 1]] - first[1]).abs() < 1e-8);
        assert!((plan.primal_cost() - plan.dual_cost()).abs() < 1e-11);
    }
}
