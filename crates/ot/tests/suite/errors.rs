//! What is said of bad input.

use chreode_ot::{
    CostFunction, EpsilonScaling, Euclidean, NetworkSimplex, OtError, OtSolver, Sinkhorn, SquaredEuclidean,
    Stop, Transport,
};
use ndarray::{Array2, array};

#[test]
fn masses() {
    let costs = Array2::<f64>::zeros((2, 3));
    let b = array![0.5, 0.25, 0.25];
    let said = |a: ndarray::Array1<f64>| Transport::new(&costs, a.view(), b.view()).unwrap_err().to_string();
    assert_eq!(said(array![1.0]), "the source masses has size 1 where 2 was expected");
    assert_eq!(
        said(array![1.5, -0.5]),
        "the source mass of point 1 is -0.5; masses must be finite and not negative"
    );
    assert_eq!(
        said(array![f64::NAN, 1.0]),
        "the source mass of point 0 is NaN; masses must be finite and not negative"
    );
    assert_eq!(said(array![0.0, 0.0]), "the source masses are all zero; at least one must be positive");
    assert_eq!(
        said(array![0.5, 0.51]),
        "the source masses sum to 1.01 and the target masses to 1; normalise them to one total, or relax a marginal"
    );
    assert!(Transport::new(&costs, array![0.5, 0.500001].view(), b.view()).is_ok());
    let empty = Array2::<f64>::zeros((0, 3));
    assert_eq!(
        Transport::uniform(&empty).unwrap_err().to_string(),
        "the source side has no points; transport needs at least one on each side"
    );
}

#[test]
fn costs() {
    for value in [f64::NAN, f64::NEG_INFINITY] {
        let mut costs = Array2::<f64>::zeros((2, 3));
        costs[[1, 2]] = value;
        let problem = Transport::uniform(&costs).unwrap();
        let simplex = NetworkSimplex::default().solve(&problem).unwrap_err();
        assert!(matches!(simplex, OtError::BadCost { row: 1, column: 2, .. }));
        assert!(simplex.to_string().starts_with("the cost of moving point 1 to point 2 is"));
        let stop = Stop::After { iterations: 3 };
        assert!(matches!(Sinkhorn::new(1.0, stop).solve(&problem), Err(OtError::BadCost { .. })));
    }
    let bad = |x: &[f64], y: &[f64]| if x[0] < y[0] { f64::NAN } else { 0.0 };
    let error = bad.matrix(array![[1.0], [0.0]].view(), array![[0.5]].view()).unwrap_err();
    assert!(matches!(error, OtError::BadCost { row: 1, column: 0, .. }));
}

#[test]
fn points() {
    let x = array![[0.0, 1.0], [f64::NAN, 0.0]];
    let y = array![[0.0, 1.0]];
    assert_eq!(
        Euclidean.matrix(x.view(), y.view()).unwrap_err().to_string(),
        "the source point 1 has value NaN in column 0; every coordinate must be finite"
    );
    let z = array![[0.0, 1.0, 2.0]];
    assert_eq!(
        SquaredEuclidean.matrix(y.view(), z.view()).unwrap_err().to_string(),
        "the source points have 2 columns and the target points 3; give both the same features"
    );
    assert_eq!(
        SquaredEuclidean.matrix(y.view(), Array2::<f64>::zeros((0, 2)).view()).unwrap_err(),
        OtError::Empty { side: "target" }
    );
}

#[test]
fn parameters() {
    let costs = Array2::<f64>::zeros((2, 2));
    let problem = Transport::uniform(&costs).unwrap();
    let stop = Stop::After { iterations: 1 };
    for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Sinkhorn::new(epsilon, stop).solve(&problem).unwrap_err().to_string();
        assert_eq!(error, format!("epsilon is {epsilon}; it must be positive and finite"));
    }
    let scaling = EpsilonScaling::Geometric { start: 1.0, factor: 1.0, steps: 1 };
    let error = Sinkhorn { scaling, ..Sinkhorn::new(0.1, stop) }.solve(&problem).unwrap_err().to_string();
    assert_eq!(error, "the scaling factor is 1; it must be between 0 and 1");
}

#[test]
fn outcomes() {
    let text = |error: OtError| error.to_string();
    assert_eq!(
        text(OtError::NotConverged { method: "sinkhorn", iterations: 10, residual: 0.5, tolerance: 1e-6 }),
        "sinkhorn reached a residual of 5e-1 in 10 iterations where 1e-6 was asked for; allow more iterations, a larger epsilon, or epsilon scaling"
    );
    assert_eq!(
        text(OtError::Infeasible { unplaced: 0.25, row: 3 }),
        "a share 0.25 of the mass has no allowed target, the first at source point 3; allow more moves (finite costs) or change the masses"
    );
    assert_eq!(
        text(OtError::Unreachable { unplaced: 0.25, column: 3 }),
        "target point 3 holds a share 0.25 of the mass and no source point may reach it; allow more moves (finite costs) or change the masses"
    );
    assert_eq!(
        text(OtError::PivotCap { pivots: 7 }),
        "the network simplex made 7 pivots without reaching the optimum; raise max_pivots"
    );
}
